"""Kafka and PostgreSQL in a folder, and the supervisor behind ``wk up``."""

"""The agent of one host: reads its metrics and probes, and publishes them to Kafka, or keeps them until it can."""

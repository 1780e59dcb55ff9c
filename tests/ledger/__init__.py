"""Ledgers: whatever is killed, what was acknowledged is stored once."""

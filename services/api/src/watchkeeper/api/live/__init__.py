"""Metrics as they arrive, to pages that stay open (server-sent events)."""

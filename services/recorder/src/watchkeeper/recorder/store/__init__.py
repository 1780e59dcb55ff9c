"""The recorder's SQL, one module per concern."""

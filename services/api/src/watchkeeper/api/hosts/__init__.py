"""Hosts and what they send: inventory, states, the dictionary of series."""

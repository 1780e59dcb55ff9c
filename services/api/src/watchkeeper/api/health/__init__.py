"""How Watchkeeper itself is doing: its services, its engines, how far they are behind."""

"""What stands around every request, in pure ASGI: the frame, the guard, limits and headers."""

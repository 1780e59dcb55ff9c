"""What the recorder decides: pure functions and plain state, no clock, no I/O."""

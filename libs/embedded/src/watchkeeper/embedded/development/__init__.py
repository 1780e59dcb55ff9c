"""What developers run: tests, checks, benchmarks."""

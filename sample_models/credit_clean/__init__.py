"""The twin of `credit` without its faults."""

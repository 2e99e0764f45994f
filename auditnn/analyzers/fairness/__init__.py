"""Questions about groups of people."""

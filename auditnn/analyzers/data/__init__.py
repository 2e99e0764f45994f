"""Questions about the rows and their labels, before any prediction."""

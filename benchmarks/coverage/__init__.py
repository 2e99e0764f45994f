"""How often intervals hold the truth, and how often p-values alarm at it: by exact sums and by simulation."""

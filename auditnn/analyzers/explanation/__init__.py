"""Which inputs drive the model: for one row and overall, by several methods."""

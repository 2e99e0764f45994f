"""Games: a row's units, and what the model says when some of them are hidden."""

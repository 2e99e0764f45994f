"""A commented subject file from a model file and a table: what they tell, and what has to be asked."""

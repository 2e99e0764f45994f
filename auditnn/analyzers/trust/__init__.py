"""Whether explanations deserve to be believed, over any method of `methods.attribution`."""

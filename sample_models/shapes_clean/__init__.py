"""The twin of shapes: the mark says nothing about the class."""

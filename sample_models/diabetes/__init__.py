"""A regression network on the diabetes patients."""

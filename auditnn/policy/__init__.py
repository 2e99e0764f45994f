"""Judging: policies that people write and review, and what they say about an audit."""

"""Arithmetic on arrays: counts, intervals, resampling, inference. numpy and scipy only; no nouns."""

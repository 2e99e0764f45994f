"""A slow, obviously right twin of DeLong's variance: every pair of a positive and a negative, in two loops."""

from __future__ import annotations

import numpy as np


def plain_delong(positive: np.ndarray, score: np.ndarray) -> tuple[float, float]:
    """The area and its variance, straight from the definition of the placement values."""
    ones, zeros = score[positive], score[~positive]
    wins = np.array([[1.0 if a > b else 0.5 if a == b else 0.0 for b in zeros] for a in ones])
    by_one, by_zero = wins.mean(axis=1), wins.mean(axis=0)
    variance = by_one.var(ddof=1) / len(ones) + by_zero.var(ddof=1) / len(zeros)
    return float(wins.mean()), float(variance)

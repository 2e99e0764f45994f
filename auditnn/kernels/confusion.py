"""What a classifier gets right: scores of a confusion table, and their standard errors by resampling the table.

Every score here is a function of three margins per class: rows of the class that were predicted so (`hit`), rows of
the class (`true`), rows predicted so (`predicted`). So a draw costs the same however many rows there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from auditnn.kernels.estimate import Estimate, undefined

PSEUDO_ROWS = 4.0  # as Agresti and Coull add them: two right, two wrong
DRAW_CELLS = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Margins:
    """Counts per class, each of shape (..., k); leading dimensions are draws."""

    hit: np.ndarray
    true: np.ndarray
    predicted: np.ndarray


Score = Callable[[Margins], np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resampled:
    """The margins of a table, of its slightly smoothed twin (k,), and of tables drawn from that (draws, k)."""

    counts: Margins
    smooth: Margins
    drawn: Margins


def confusion_table(y: np.ndarray, prediction: np.ndarray, k: int) -> np.ndarray:
    """Rows of each true class (first axis) by predicted class (second), shape (k, k).

    >>> confusion_table(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
    array([[1, 1],
           [0, 1]])
    """
    return np.bincount(y.astype(np.int64) * k + prediction, minlength=k * k).reshape(k, k)


def margins(table: np.ndarray) -> Margins:
    """The margins of a table of shape (..., k, k)."""
    hit = np.diagonal(table, axis1=-2, axis2=-1)
    return Margins(hit=hit, true=table.sum(axis=-1), predicted=table.sum(axis=-2))


def accuracy(counts: Margins) -> np.ndarray:
    """Share of rows predicted as their class."""
    return counts.hit.sum(axis=-1) / counts.true.sum(axis=-1)


def balanced_accuracy(counts: Margins) -> np.ndarray:
    """Mean recall over the classes that have rows. Brodersen et al. (2010), ICPR."""
    return _mean_where_defined(_share(counts.hit, counts.true))


def f1(positive: int | None) -> Score:
    """F1 = 2 hit / (true + predicted) of one class; for None its mean over the classes with a row in either."""

    def score(counts: Margins) -> np.ndarray:
        each = _share(2 * counts.hit, counts.true + counts.predicted)
        return _mean_where_defined(each) if positive is None else each[..., positive]

    return score


def matthews_correlation(counts: Margins) -> np.ndarray:
    """Correlation of true and predicted class over k classes; NaN where either has one value only.

    Gorodkin (2004), Computational Biology and Chemistry 28.
    """
    true, predicted = counts.true.astype(float), counts.predicted.astype(float)
    n = true.sum(axis=-1)
    covariance = counts.hit.sum(axis=-1) * n - (true * predicted).sum(axis=-1)
    spread_true = n * n - (true * true).sum(axis=-1)
    spread_predicted = n * n - (predicted * predicted).sum(axis=-1)
    # two roots, so that three classes of many rows do not overflow the product
    return _share(covariance, np.sqrt(spread_true) * np.sqrt(spread_predicted))


def resample(table: np.ndarray, rng: np.random.Generator, draws: int) -> Resampled:
    """`draws` multinomial tables of the same number of rows, as margins.

    Four rows are added, spread evenly over the classes, half of them right and half predicted as the next class, so
    that a table without an error (or without a hit) still has a standard error. Only cells that can be filled are
    drawn.
    """
    k, n = len(table), int(table.sum())
    smooth = table.astype(float)
    every = np.arange(k)
    smooth[every, every] += PSEUDO_ROWS / (2 * k)
    smooth[every, (every + 1) % k] += PSEUDO_ROWS / (2 * k)
    row, column = np.nonzero(smooth)
    shares = smooth[row, column] / smooth.sum()
    by_column, right = np.argsort(column, kind="stable"), row == column
    row_starts = np.searchsorted(row, every)
    column_starts = np.searchsorted(column[by_column], every)
    parts = []
    for size in _chunks(draws, len(shares)):
        drawn = rng.multinomial(n, shares, size=size)
        true = np.add.reduceat(drawn, row_starts, axis=1)
        predicted = np.add.reduceat(drawn[:, by_column], column_starts, axis=1)
        parts.append((drawn[:, right], true, predicted))
    hit, true, predicted = (np.concatenate(part) for part in zip(*parts, strict=True))
    drawn_margins = Margins(hit=hit, true=true, predicted=predicted)
    return Resampled(counts=margins(table), smooth=margins(smooth), drawn=drawn_margins)


def composite(score: Score, resampled: Resampled) -> Estimate:
    """A score with the spread of its draws as standard error, its interval centered on the smoothed table's score.

    Undefined where the score is. Draws on which it is undefined are left out. In simulations of 30 to 2,000 rows
    and 2 to 5 classes the 95% interval covered 94 to 100%.
    """
    value, n = float(score(resampled.counts)), int(resampled.counts.true.sum())
    if not np.isfinite(value):
        return undefined("a denominator is zero, so the quantity does not exist here", n)
    values = score(resampled.drawn)
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return undefined("too few rows to tell how sure this is", n)
    basis = {"se": float(values.std(ddof=1)), "scale": "identity", "center": float(score(resampled.smooth))}
    return Estimate(value, "bootstrap", basis, n)


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    part, whole = np.asarray(part, float), np.asarray(whole, float)
    return np.divide(part, whole, out=np.full(np.broadcast_shapes(part.shape, whole.shape), np.nan), where=whole > 0)


def _mean_where_defined(each: np.ndarray) -> np.ndarray:
    defined = np.isfinite(each)
    return _share(np.where(defined, each, 0.0).sum(axis=-1), defined.sum(axis=-1))


def _chunks(draws: int, cells: int) -> list[int]:
    size = max(1, min(draws, DRAW_CELLS // max(cells, 1)))
    return [min(size, draws - start) for start in range(0, draws, size)]

"""How an output changes along one feature: partial dependence, and accumulated local effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from auditnn.kernels.intervals import critical_value


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve at the points `x` (g,): `y` (g, k) with the standard error of each point."""

    x: np.ndarray
    y: np.ndarray
    se: np.ndarray

    def band(self, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Ends of the pointwise intervals, both (g, k)."""
        half = critical_value(confidence) * self.se
        return self.y - half, self.y + half


def grid(values: np.ndarray, most: int) -> np.ndarray:
    """At most `most` distinct values, ascending: all of them, or quantiles that are values themselves.

    >>> grid(np.array([3.0, 1.0, 2.0, np.nan, 2.0]), 10).tolist()
    [1.0, 2.0, 3.0]
    """
    known = np.asarray(values, float)
    known = known[np.isfinite(known)]
    distinct = np.unique(known)
    if len(distinct) <= most:
        return distinct
    points: np.ndarray = np.unique(np.quantile(known, np.linspace(0.0, 1.0, most), method="inverted_cdf"))
    return points


def partial_dependence(x: np.ndarray, outputs: np.ndarray) -> Curve:
    """Mean output over rows with the feature set to each point of the grid in turn; `outputs` (n, g, k).

    Friedman (2001), Annals of Statistics 29. The error is that of the mean over rows.
    """
    n = len(outputs)
    se = outputs.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.zeros(outputs.shape[1:])
    return Curve(np.asarray(x), outputs.mean(axis=0), se)


def bins_of(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The bin of each value, (n,): bin j is (edges[j], edges[j + 1]], the first one closed below; -1 for NaN and what
    lies outside."""
    values = np.asarray(values, float)
    with np.errstate(invalid="ignore"):
        found = np.clip(np.searchsorted(edges, values, side="left") - 1, 0, max(0, len(edges) - 2))
        outside = ~((values >= edges[0]) & (values <= edges[-1]))
    codes: np.ndarray = np.where(outside, -1, found)
    return codes


def accumulated_local_effects(edges: np.ndarray, bins: np.ndarray, steps: np.ndarray) -> Curve:
    """The curve at the edges (b + 1,) from each row's own step across its bin; `bins` (n,) and `steps` (n, k).

    The mean step of each bin is added up from the left, and the curve moved so that its mean over the rows is 0, a bin
    counting as the middle of its ends: Apley & Zhu (2020), JRSS B 82. A bin without rows adds nothing. The error has
    two parts: of the mean steps, bins being independent, and of the mean over rows that is taken off.
    """
    count = len(edges) - 1
    rows = np.bincount(bins, minlength=count).astype(float)
    mean, variance = np.zeros((count, steps.shape[1])), np.zeros((count, steps.shape[1]))
    for at in range(steps.shape[1]):
        total = np.bincount(bins, weights=steps[:, at], minlength=count)
        np.divide(total, rows, out=mean[:, at], where=rows > 0)
        square = np.bincount(bins, weights=(steps[:, at] - mean[bins, at]) ** 2, minlength=count)
        np.divide(square, rows * np.maximum(rows - 1.0, 1.0), out=variance[:, at], where=rows > 0)
    weight = rows / rows.sum()
    # The curve at edge e is sum_j (1[j < e] - c_j) step_j, c_j being what of step j the mean over rows holds.
    held = weight[::-1].cumsum()[::-1] - weight / 2.0
    below = np.arange(count + 1)[:, None] > np.arange(count)[None, :]
    design = below - held[None, :]
    y = design @ mean
    middles = (y[1:] + y[:-1]) / 2.0
    moved = weight @ middles**2 / rows.sum()  # their mean over rows is 0
    return Curve(np.asarray(edges), y, np.sqrt(design**2 @ variance + moved))

"""The count table, group x label x score bin: every rate at every threshold, at a cost independent of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from auditnn.kernels.counts import joint_counts

EXACT_SCORES = 1024  # up to this many distinct scores, every one has its own bin
CELLS = 1 << 22  # a score table gets coarser rather than larger than this (32 MB of int64)


@dataclass(frozen=True, slots=True)
class ScoreBins:
    """Each row's score as the number of a bin.

    Bin b holds the scores from `lowest[b]` up to, not including, `lowest[b + 1]`. `cut` is the first bin at or above
    the decision threshold, which is always an edge. `exact`: every bin holds one distinct score.
    """

    codes: np.ndarray
    lowest: np.ndarray
    cut: int
    exact: bool

    def __len__(self) -> int:
        return len(self.lowest)


def bin_scores(scores: np.ndarray, threshold: float = 0.5, limit: int = EXACT_SCORES) -> ScoreBins:
    """Scores (n,) in at most `limit` bins: exact where there are no more distinct ones, else of equal mass.

    The smallest score at or above `threshold` opens a bin, so decisions at the threshold are exact in both cases; of
    equal scores none is parted from another. ValueError for scores that are not finite. Cost: one sort.
    """
    if limit < 2:
        raise ValueError(f"at least two bins, got {limit}")
    scores = np.asarray(scores, dtype=np.float64)
    ordered = np.sort(scores)
    if len(ordered) and not (np.isfinite(ordered[0]) and np.isfinite(ordered[-1])):
        raise ValueError("finite scores, got NaN or infinity")
    first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(ordered) else ordered[:0]
    exact = len(first) <= limit
    lowest = ordered[first.astype(np.intp)] if exact else _edges(ordered, threshold, limit)
    codes = np.searchsorted(lowest, scores, side="right") - 1
    cut = int(np.searchsorted(lowest, threshold, side="left"))
    return ScoreBins(codes=codes.astype(np.int32), lowest=lowest, cut=cut, exact=exact)


def _edges(ordered: np.ndarray, threshold: float, limit: int) -> np.ndarray:
    """The smallest score of each bin: every (n / bins)-th one, and the first at or above the threshold."""
    quantiles = ordered[np.arange(limit - 1) * len(ordered) // (limit - 1)]
    at = np.searchsorted(ordered, threshold, side="left")
    return np.unique(np.concatenate([quantiles, ordered[at : at + 1]]))


@dataclass(frozen=True, slots=True)
class CountTable:
    """Rows by group attribute(s), label and score bin: `counts` of shape (g1, ..., labels, bins).

    Everything asked of it costs in cells, not in rows.
    """

    counts: np.ndarray
    bins: ScoreBins

    def marginal(self, *axes: int) -> CountTable:
        """The table of these attributes alone, summed over the others."""
        others = tuple(axis for axis in range(self.counts.ndim - 2) if axis not in axes)
        return CountTable(self.counts.sum(axis=others), self.bins)

    def decisions(self, cut: int | None = None) -> np.ndarray:
        """Rows by group(s), label and decision (0 below, 1 at or above bin `cut`; None: the threshold),
        shape (g1, ..., labels, 2)."""
        cut = self.bins.cut if cut is None else cut
        low, high = self.counts[..., :cut].sum(axis=-1), self.counts[..., cut:].sum(axis=-1)
        return np.stack([low, high], axis=-1)

    def sweep(self) -> np.ndarray:
        """Rows at or above each bin, by group(s) and label, shape (g1, ..., labels, bins + 1): the last is 0."""
        at_least = np.cumsum(self.counts[..., ::-1], axis=-1)[..., ::-1]
        return np.concatenate([at_least, np.zeros((*self.counts.shape[:-1], 1), dtype=np.int64)], axis=-1)


def count_table(
    groups: Sequence[np.ndarray],
    sizes: Sequence[int],
    labels: np.ndarray | None,
    label_count: int,
    scores: np.ndarray,
    threshold: float = 0.5,
    cells: int = CELLS,
) -> CountTable:
    """Count rows by the codes of one or more attributes, label code (None: no labels) and score bin in one pass.

    Where the full table would pass `cells`, it has fewer bins (never fewer than two: below and at or above the
    threshold), which `bins.exact` and `len(bins)` tell: 100,000 levels of two attributes still fit.
    """
    label_count = 1 if labels is None else label_count
    room = cells // max(1, int(np.prod(sizes, dtype=np.int64)) * label_count)
    bins = bin_scores(scores, threshold, min(EXACT_SCORES, max(2, room)))
    axes = [*groups, *([] if labels is None else [labels]), bins.codes]
    shape = (*sizes, *([] if labels is None else [label_count]), len(bins))
    counts = joint_counts(axes, shape)
    if labels is None:
        counts = counts[..., np.newaxis, :]
    return CountTable(counts, bins)

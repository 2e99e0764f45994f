"""What a classifier gains over one that never looks: always one class, or always the same score."""

from __future__ import annotations

import numpy as np

from auditnn.kernels.confusion import Margins, Score, accuracy, balanced_accuracy
from auditnn.kernels.estimate import Estimate, undefined
from auditnn.kernels.intervals import clopper_pearson, critical_value
from auditnn.kernels.ranking import precision_influence


def accuracy_gain(majority: int) -> Score:
    """Accuracy minus that of always answering the class `majority`, on the same rows."""

    def score(counts: Margins) -> np.ndarray:
        return accuracy(counts) - counts.true[..., majority] / counts.true.sum(axis=-1)

    return score


def balanced_accuracy_gain(counts: Margins) -> np.ndarray:
    """Balanced accuracy minus 1 / k, which is what any constant answer has."""
    return balanced_accuracy(counts) - 1.0 / counts.true.shape[-1]


def average_precision_gain(label: np.ndarray, score: np.ndarray) -> Estimate:
    """Average precision minus the share of positives, which is what any constant score has.

    `label`: 0/1 (n,) with `score` (n,), or codes (n,) with `score` (n, k): then the mean over classes, and the mean
    share is 1 / k. The error allows for the two sharing rows. Where the precision is exactly 1, and shows no spread,
    the distance of a Clopper-Pearson bound takes its place, as in `ranking`.
    """
    n, many = len(label), score.ndim == 2
    columns = [(label == code, score[:, code]) for code in range(score.shape[1])] if many else [(label > 0, score)]
    found = [int(positive.sum()) for positive, _ in columns]
    if min(found) == 0 or max(found) == n:
        return undefined("a class has no rows, or every row, so there is nothing to rank", n)
    value, influence = 0.0, np.zeros(n)
    for positive, column in columns:
        one, its_influence = precision_influence(positive, column)
        value += one / len(columns)
        influence += its_influence / len(columns)
    share = 1.0 / len(columns) if many else found[0] / n
    if not many:
        influence -= (columns[0][0] - share) / np.sqrt(n * (n - 1.0))
    variance = float((influence**2).sum())
    if value >= 1.0 - 1e-12:
        fewest = min(found)
        variance += ((1.0 - float(clopper_pearson(fewest, fewest)[0])) / critical_value(0.95)) ** 2
    basis = {"se": float(np.sqrt(variance)), "scale": "identity", "limits": [-1.0, 1.0]}
    return Estimate(value - share, "t", basis, n)

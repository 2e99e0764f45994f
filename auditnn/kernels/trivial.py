"""What a classifier gains over one that never looks: always one class, or always the same score."""

from __future__ import annotations

import numpy as np

from auditnn.kernels.confusion import Margins, Score, accuracy, balanced_accuracy
from auditnn.kernels.estimate import Estimate
from auditnn.kernels.intervals import clopper_pearson, critical_value
from auditnn.kernels.ranking import average_precision, macro, precision_influence


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
    n = len(label)
    if score.ndim == 2:
        estimate, share, influence = macro(label, score, precision_influence), 1.0 / score.shape[1], np.zeros(n)
        if estimate.value is None:
            return estimate
        for code in range(score.shape[1]):
            influence += precision_influence(label == code, score[:, code])[1] / score.shape[1]
        fewest = int(np.bincount(label).min())
    else:
        estimate, share = average_precision(label, score), float(np.mean(label))
        if estimate.value is None:
            return estimate
        influence = precision_influence(label, score)[1] - (label - share) / np.sqrt(n * (n - 1.0))
        fewest = int(np.sum(label))
    variance = float((influence**2).sum())
    if estimate.value >= 1.0:
        variance += ((1.0 - float(clopper_pearson(fewest, fewest)[0])) / critical_value(0.95)) ** 2
    basis = {"se": float(np.sqrt(variance)), "scale": "identity", "limits": [-1.0, 1.0]}
    return Estimate(estimate.value - share, "t", basis, n)

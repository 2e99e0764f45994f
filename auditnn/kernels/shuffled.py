"""How much worse predictions get when the values of one unit are dealt to other rows."""

from __future__ import annotations

import numpy as np

from auditnn.kernels.estimate import Estimate, effective_df, undefined


def both_sides(change: np.ndarray, dealt: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean change of each row's loss as a receiver, and of the losses of the rows that got its value, both (n,).

    `change` (r, n): loss of row i under permutation r minus its own; `dealt` (r, n): the row whose value it got.
    """
    repeats, n = change.shape
    giver = np.zeros(n)
    for one, rows in zip(change, dealt, strict=True):
        giver[rows] += one
    return change.mean(axis=0), giver / repeats


def mean_loss_increase(receiver: np.ndarray, giver: np.ndarray) -> Estimate:
    """Mean increase of the loss over rows and permutations, with the error of both; Student's t.

    The mean over all pairs of a receiving and a giving row is a U-statistic: a row's influence on it is its mean as a
    receiver plus its mean as a giver (Hoeffding 1948), in which the noise of few permutations is contained.
    """
    n = len(receiver)
    if n < 2:
        return undefined("one row has no other to take a value from", n)
    influence = receiver + giver - 2.0 * receiver.mean()
    return _estimate(float(receiver.mean()), influence)


def explained_share_drop(receiver: np.ndarray, giver: np.ndarray, y: np.ndarray) -> Estimate:
    """Drop of the coefficient of determination: mean increase of the squared error over the variance of `y`.

    Influence by the delta method for a ratio of two means over the same rows.
    """
    n = len(receiver)
    if n < 2:
        return undefined("one row has no other to take a value from", n)
    spread = (y - y.mean()) ** 2
    bottom = float(spread.mean())
    if np.ptp(y) == 0 or bottom == 0:
        return undefined("every label has the same value, so there is nothing to explain", n)
    value = float(receiver.mean()) / bottom
    influence = (receiver + giver - 2.0 * receiver.mean() - value * (spread - bottom)) / bottom
    return _estimate(value, influence)


def _estimate(value: float, influence: np.ndarray) -> Estimate:
    n = len(influence)
    df = effective_df(influence)
    return Estimate(
        value,
        "t",
        {
            "se": float(influence.std(ddof=1) / np.sqrt(n)),
            "scale": "identity",
            "df": min(n - 1.0, np.inf if df is None else df),
        },
        n,
    )

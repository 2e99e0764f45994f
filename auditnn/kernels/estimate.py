"""Estimate: a value with the method and basis of its interval, ready for a measurement; or the reason it has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

NORMAL_DF = 100


@dataclass(frozen=True, slots=True)
class Estimate:
    """`value` with `method` and `basis` as `kernels.inference` takes them; None with a `reason` where undefined."""

    value: float | None
    method: str = "t"
    basis: Mapping[str, Any] = field(default_factory=dict)
    n: int = 0
    reason: str | None = None


def undefined(reason: str, n: int = 0) -> Estimate:
    """No value, and why."""
    return Estimate(None, n=n, reason=reason)


def effective_df(influence: np.ndarray, group: np.ndarray | None = None) -> float | None:
    """Degrees of freedom of a variance estimated as the sum of squared influences (n,), centered in each `group`;
    None from 100 on, where Student's quantile is the normal one within 1.3%.

    The smaller of two: Satterthwaite's over the groups, V^2 / sum of V_g^2 / (n_g - 1); and what the kurtosis of the
    influences leaves, 2 V^2 / (estimated variance of V), because few rows carry the variance where influences are
    skewed (rare labels, rankings near perfect). For one group of normal influences both are near n.
    """
    square = np.asarray(influence, float) ** 2
    codes = np.zeros(len(square), dtype=np.int64) if group is None else np.asarray(group).astype(np.int64)
    rows = np.bincount(codes)
    present = rows > 0
    rows = rows[present].astype(float)
    variance = np.bincount(codes, square)[present]
    fourth = np.bincount(codes, square**2)[present]
    total = variance.sum()
    if total <= 0.0:
        return None
    satterthwaite = total**2 / (variance**2 / np.maximum(rows - 1.0, 1.0)).sum()
    spread = (fourth - variance**2 / rows).sum()
    df = float(max(1.0, min(satterthwaite, 2.0 * total**2 / spread if spread > 0.0 else np.inf)))
    return df if df < NORMAL_DF else None

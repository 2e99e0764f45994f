"""Estimate: a value with the method and basis of its interval, ready for a measurement; or the reason it has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


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


def mean(values: np.ndarray, *, least_variance: float = 0.0) -> Estimate:
    """Mean of `values` (n,) with Student's t interval; undefined for fewer than two values.

    `least_variance` is a floor for the variance of one value, for where the sample may be too uniform to show it.
    """
    values = np.asarray(values, float)
    n = len(values)
    if n < 2:
        return undefined("fewer than two rows, so no spread to judge a mean by", n)
    variance = max(float(np.var(values, ddof=1)), least_variance)
    basis = {"se": float(np.sqrt(variance / n)), "scale": "identity", "df": n - 1}
    return Estimate(float(values.mean()), "t", basis, n)

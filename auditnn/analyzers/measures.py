"""Builders of measurements, so that every analyzer states intervals, bases and absences in the same way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from auditnn.core.measurement import Better, Bound, Measurement, Status
from auditnn.kernels.estimate import Estimate
from auditnn.kernels.inference import difference_method, interval, rate_method

CONFIDENCE = 0.95
NO_SLICE: Mapping[str, Any] = {}
NOTHING: Mapping[str, Any] = {}


def rate(
    id: str,
    x: int,
    n: int,
    *,
    slice: Mapping[str, Any] = NO_SLICE,
    better: Better = "none",
    unit: str = "probability",
    empty: str = "no rows to take the share of",
    about: Mapping[str, Any] = NOTHING,
) -> Measurement:
    """The share `x` of `n`, Wilson or Clopper-Pearson; undefined for the reason `empty` where `n` is 0.

    `about` is what its basis says besides: `rate` and `outcome`, or `rows` where `n` is not all of them.
    """
    if n == 0:
        return absent(id, "undefined", empty, slice=slice, better=better, unit=unit, n=0)
    basis = {"form": "rate", "x": [int(x)], "n": [int(n)], **about}
    return sampled(id, x / n, rate_method(x, n), basis, slice=slice, better=better, unit=unit, n=n)


def rate_difference(
    id: str,
    groups: tuple[str, str],
    x: tuple[int, int],
    n: tuple[int, int],
    *,
    slice: Mapping[str, Any] = NO_SLICE,
    better: Better = "none",
    about: Mapping[str, Any] = NOTHING,
) -> Measurement:
    """The share of the first group minus that of the second: Newcombe, or Clopper-Pearson where either is of few.

    Both `n` above 0. `about` as for `rate`.
    """
    basis = {"form": "difference", "groups": list(groups), "x": list(x), "n": list(n), **about}
    value, method = x[0] / n[0] - x[1] / n[1], difference_method(np.array(n))
    return sampled(id, value, method, basis, slice=slice, better=better, unit="probability", n=sum(n))


def sampled(
    id: str,
    value: float,
    method: str,
    basis: Mapping[str, Any],
    *,
    slice: Mapping[str, Any] = NO_SLICE,
    better: Better = "none",
    unit: str = "number",
    n: int | None = None,
    bound: Bound = "none",
) -> Measurement:
    """A value with the interval that `method` gives for `basis` (see `kernels.inference`)."""
    low, high, open_ends = interval(method, value, basis, CONFIDENCE)
    return Measurement(
        id=id,
        slice=slice,
        value=float(value),
        low=low,
        high=high,
        open=open_ends,
        confidence=CONFIDENCE,
        interval_method=method,
        basis=basis,
        bound=bound,
        unit=unit,
        better=better,
        n=n,
    )


def estimated(
    id: str,
    estimate: Estimate,
    *,
    slice: Mapping[str, Any] = NO_SLICE,
    better: Better = "none",
    unit: str = "number",
    limits: tuple[float | None, float | None] | None = None,
) -> Measurement:
    """What a kernel estimated, or `undefined` with its reason; `limits` are the ends of the quantity's range."""
    if estimate.value is None:
        reason = estimate.reason or "the quantity does not exist here"
        return absent(id, "undefined", reason, slice=slice, better=better, unit=unit, n=estimate.n)
    basis: dict[str, Any] = dict(estimate.basis)
    if "form" not in basis:
        basis["n"] = estimate.n
        if limits is not None:
            basis["limits"] = list(limits)
    return sampled(id, estimate.value, estimate.method, basis, slice=slice, better=better, unit=unit, n=estimate.n)


def exact(
    id: str,
    value: float,
    *,
    slice: Mapping[str, Any] = NO_SLICE,
    better: Better = "none",
    unit: str = "number",
    n: int | None = None,
) -> Measurement:
    """A value that no other sample would change the meaning of: a count of these rows, a numerical error."""
    value = float(value)
    return Measurement(
        id=id, slice=slice, value=value, low=value, high=value, interval_method="exact", unit=unit, better=better, n=n
    )


def absent(
    id: str,
    status: Status,
    reason: str,
    *,
    slice: Mapping[str, Any] = NO_SLICE,
    better: Better = "none",
    unit: str = "number",
    n: int | None = None,
) -> Measurement:
    """No value, and why: `undefined` (the quantity does not exist here) or `not_applicable`."""
    return Measurement(id=id, slice=slice, status=status, reason=reason, unit=unit, better=better, n=n)

"""One place where an interval is computed from a basis, and where that same interval is inverted for a p-value.

A *basis* is what a measurement keeps of its data: counts, or a standard error (docs/architecture.md lists them).
`interval` and `p_value` dispatch on its form, so what a report shows and what a gate decides cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy import special

from auditnn.kernels import mean_gaps, simultaneous
from auditnn.kernels.intervals import (
    clopper_pearson,
    newcombe,
    newcombe_bounds,
    rate_method,
    standard_error_interval,
    to_scale,
    upper_tail,
    wilson,
)
from auditnn.kernels.simultaneous import Ends, Side, solve_z

__all__ = ["Interval", "form_of", "interval", "p_value", "rate_method", "rows_to_settle"]

Basis = Mapping[str, Any]
Open = Literal["none", "low", "high", "both"]


class Interval(NamedTuple):
    """Two ends; an unbounded one is None and named in `open`."""

    low: float | None
    high: float | None
    open: Open


def form_of(basis: Basis) -> str:
    """The form of a basis: rate, difference, gap, mean_gap, ratio, worst_gap, minimum or standard_error."""
    if "form" not in basis:
        return "standard_error"
    form = str(basis["form"])
    return "mean_gap" if form == "gap" and "mean" in basis else form


def interval(method: str, value: float, basis: Basis, confidence: float = 0.95) -> Interval:
    """The interval of `value` that `method` gives for `basis`.

    Raises ValueError for a form that it does not know.
    """
    ends = _ends(form_of(basis), method, value, basis, confidence)
    low = None if np.isinf(ends.low) else float(ends.low)
    high = None if np.isinf(ends.high) else float(ends.high)
    open_ends: Open = {(False, False): "none", (True, False): "low", (False, True): "high", (True, True): "both"}[
        low is None, high is None
    ]  # type: ignore[assignment]
    return Interval(low, high, open_ends)


def _ends(form: str, method: str, value: float, basis: Basis, confidence: float) -> Ends:
    if form == "standard_error":
        scale, df, center = basis.get("scale", "identity"), basis.get("df"), basis.get("center")
        low, high = standard_error_interval(value, basis["se"], confidence, scale=scale, df=df, center=center)
        least, most = basis.get("limits") or (None, None)
        return Ends(low if least is None else max(low, least), high if most is None else min(high, most))
    if form == "mean_gap":
        return mean_gaps.mean_gap_interval(*_means(basis), confidence)
    if form == "worst_gap":
        return simultaneous.worst_gap_interval(*_count_lists(basis), confidence)
    x, n = _counts(basis)
    if form == "rate":
        bounds = (clopper_pearson if method == "clopper_pearson" else wilson)(x[0], n[0], confidence)
        return Ends(float(bounds[0]), float(bounds[1]))
    if form == "difference":
        bounds = newcombe(x[0], n[0], x[1], n[1], confidence)
        return Ends(float(bounds[0]), float(bounds[1]))
    extremes = {
        "gap": simultaneous.gap_interval,
        "ratio": simultaneous.ratio_interval,
        "minimum": simultaneous.minimum_interval,
    }
    if form not in extremes:
        raise ValueError(f"no interval for a basis of form {form!r}")
    return extremes[form](x, n, confidence)


def p_value(method: str, value: float, basis: Basis, *, limit: float, side: Side) -> float:
    """One-sided p-value, in [0, 1], against "the true value is not `side` the `limit`".

    `side` "above": the null is true value <= limit; "below": true value >= limit. It is the tail probability at
    which the interval's own end meets the limit, so it is near 1 where the value lies clearly within.
    """
    form = form_of(basis)
    p = _tail(form, method, value, basis, float(limit), side)
    return float(min(1.0, max(0.0, p)))


def _tail(form: str, method: str, value: float, basis: Basis, limit: float, side: Side) -> float:
    if form == "standard_error":
        return _standard_error_tail(value, basis, limit, side)
    if form == "mean_gap":
        return mean_gaps.mean_gap_p_value(*_means(basis), limit, side)
    if form == "worst_gap":
        return simultaneous.worst_gap_p_value(*_count_lists(basis), limit, side)
    x, n = _counts(basis)
    if form == "rate":
        return float(rate_tail(x, n, limit, side)[0])
    if form == "difference":
        return _difference_tail(x, n, limit, side)
    if form == "gap":
        return simultaneous.gap_p_value(x, n, limit, side)
    if form == "ratio":
        return simultaneous.ratio_p_value(x, n, limit, side)
    if form == "minimum":
        return simultaneous.minimum_p_value(rate_tail(x, n, limit, side), side)
    raise ValueError(f"no p-value for a basis of form {form!r}")


def rate_tail(x: np.ndarray, n: np.ndarray, limit: float, side: Side) -> np.ndarray:
    """Per cell: P(X >= x) at the limit ("above") or P(X <= x) ("below"), exactly from the binomial, and not below
    the tail of Wilson's interval where that is the interval (it is a little too sure in the longer tail)."""
    if limit < 0.0 or limit > 1.0:
        return np.full(x.shape, 0.0 if (side == "above") == (limit < 0.0) else 1.0)
    if side == "above":
        exact = np.where(x > 0, special.betainc(np.maximum(x, 1e-300), n - x + 1.0, limit), 1.0)
    else:
        exact = np.where(x < n, special.betaincc(x + 1.0, np.maximum(n - x, 1e-300), limit), 1.0)
    error = np.sqrt(limit * (1.0 - limit) / n)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.nan_to_num((x / n - limit) / error, nan=0.0, posinf=np.inf, neginf=-np.inf)
    score = special.ndtr(-z if side == "above" else z)
    small = np.minimum(x, n - x) <= 10
    result: np.ndarray = np.where(small, exact, np.maximum(exact, score))
    return result


def _difference_tail(x: np.ndarray, n: np.ndarray, limit: float, side: Side) -> float:
    if abs(limit) > 1.0:
        return 0.0 if (side == "above") == (limit < 0.0) else 1.0

    def end(z: float) -> float:
        low, high = newcombe_bounds(x[0], n[0], x[1], n[1], abs(z))
        return float(low if z >= 0.0 else high)

    z = solve_z(end, limit)
    return float(special.ndtr(-z if side == "above" else z))


def _standard_error_tail(value: float, basis: Basis, limit: float, side: Side) -> float:
    scale, df, se = basis.get("scale", "identity"), basis.get("df"), float(basis["se"])
    center = basis.get("center")
    middle = to_scale(value, scale) if center is None else float(center)
    distance = middle - to_scale(limit, scale)
    if np.isnan(distance) or (distance == 0.0 and se == 0.0):
        return 1.0
    statistic = distance / se if se > 0.0 else np.copysign(np.inf, distance)
    return upper_tail(statistic if side == "above" else -statistic, df)


def rows_to_settle(
    method: str, value: float, basis: Basis, *, limit: float, side: Side | None = None, n: int | None = None
) -> tuple[int | None, str | None]:
    """Roughly how many rows would make the 95% interval clear the limit, if the estimate stays.

    First more rows of the smallest group only: (rows of that group in all, its name). Where that alone never
    settles it, more of every group in proportion: (rows of all groups together, None). (None, None) where nothing
    does (the estimate is the limit) or where the basis holds no number of rows (`n` supplies it for a standard
    error). `side` is accepted for symmetry with `p_value`; an interval clears a limit on either side.
    """
    if value == limit:
        return None, None
    sizes = _sizes(basis, n)
    if sizes is None:
        return None, None
    if len(sizes) > 1:
        smallest = int(np.argmin(sizes))
        factor = _settling_factor(method, value, basis, limit, smallest)
        if factor is not None:
            names = basis.get("groups")
            return int(np.ceil(factor * sizes[smallest])), str(names[smallest]) if names else None
    factor = _settling_factor(method, value, basis, limit, None)
    return (None, None) if factor is None else (int(np.ceil(factor * sizes.sum())), None)


LARGEST_FACTOR = 1e5


def _settling_factor(method: str, value: float, basis: Basis, limit: float, group: int | None) -> float | None:
    def settled(factor: float) -> bool:
        low, high, _ = interval(method, value, scale_basis(basis, factor, group))
        return (low is not None and low > limit) or (high is not None and high < limit)

    if settled(1.0):
        return 1.0
    if not settled(LARGEST_FACTOR):
        return None
    low, high = 0.0, float(np.log(LARGEST_FACTOR))
    for _ in range(30):
        middle = (low + high) / 2.0
        low, high = (low, middle) if settled(float(np.exp(middle))) else (middle, high)
    return float(np.exp(high))


def scale_basis(basis: Basis, factor: float, group: int | None = None) -> dict[str, Any]:
    """The basis that `factor` times as many rows (of one group, or of all) would have at the same estimate."""
    scaled = dict(basis)
    form = form_of(basis)
    if form == "standard_error":
        scaled["se"] = float(basis["se"]) / np.sqrt(factor)
        return scaled
    if form == "worst_gap":
        for key in ("x", "n"):
            scaled[key] = [_times(counts, factor, group) for counts in basis[key]]
        return scaled
    for key in ("x", "n") if form != "mean_gap" else ("n",):
        scaled[key] = _times(basis[key], factor, group)
    if form == "mean_gap":
        scaled["se"] = _times(basis["se"], 1.0 / np.sqrt(factor), group)
    return scaled


def _times(values: Any, factor: float, group: int | None) -> np.ndarray:
    array = np.array(values, float)
    array[slice(None) if group is None else group] *= factor
    return array


def _sizes(basis: Basis, n: int | None) -> np.ndarray | None:
    form = form_of(basis)
    if form == "standard_error":
        rows = basis.get("n", n)
        return None if rows is None else np.array([float(rows)])
    counts = np.asarray(basis["n"], float)
    return counts.sum(axis=0) if form == "worst_gap" else counts


def _counts(basis: Basis) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(basis["x"], float), np.asarray(basis["n"], float)


def _count_lists(basis: Basis) -> tuple[list[np.ndarray], list[np.ndarray]]:
    return [np.asarray(x, float) for x in basis["x"]], [np.asarray(n, float) for n in basis["n"]]


def _means(basis: Basis) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.asarray(basis["mean"], float), np.asarray(basis["se"], float), np.asarray(basis["n"], float)

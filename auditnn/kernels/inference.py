"""One place where an interval is computed from a basis, and where that same interval is inverted for a p-value.

A *basis* is what a measurement keeps of its data: counts, or a standard error (docs/architecture.md lists them).
`interval` and `p_value` dispatch on its form, so what a report shows and what a gate decides cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy import special

from auditnn.kernels import mean_gaps, simultaneous, two_groups
from auditnn.kernels.intervals import (
    clopper_pearson,
    critical_value,
    joined_difference_bounds,
    newcombe_bounds,
    rate_method,
    standard_error_interval,
    to_scale,
    upper_tail,
    wilson,
)
from auditnn.kernels.inversion import Ends, Side, careful, solve_z
from auditnn.kernels.two_groups import difference_method, gap_method, ratio_method

__all__ = [
    "Interval",
    "difference_method",
    "form_of",
    "gap_method",
    "interval",
    "p_value",
    "rate_method",
    "ratio_method",
    "rows_behind",
    "rows_to_settle",
]

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
        return _worst_gap_ends(_gap_methods(method, basis), *_count_lists(basis), confidence)
    x, n = _counts(basis)
    if form == "rate":
        bounds = (clopper_pearson if method == "clopper_pearson" else wilson)(x[0], n[0], confidence)
        return Ends(float(bounds[0]), float(bounds[1]))
    if form == "difference":
        either = joined_difference_bounds if method == "clopper_pearson" else newcombe_bounds
        bounds = either(x[0], n[0], x[1], n[1], critical_value(confidence))
        return Ends(float(bounds[0]), float(bounds[1]))
    if form == "gap":
        return _gap_ends(method, x, n, confidence)
    if form == "ratio":
        folded = method == "score" and len(x) == 2
        return (two_groups.folded_ratio_interval if folded else simultaneous.ratio_interval)(x, n, confidence)
    if form == "minimum":
        return simultaneous.minimum_interval(x, n, confidence)
    raise ValueError(f"no interval for a basis of form {form!r}")


def _gap_ends(method: str, x: np.ndarray, n: np.ndarray, confidence: float) -> Ends:
    folded = method == "newcombe" and len(x) == 2
    return (two_groups.folded_gap_interval if folded else simultaneous.gap_interval)(x, n, confidence)


def _worst_gap_ends(methods: list[str], x: list[np.ndarray], n: list[np.ndarray], confidence: float) -> Ends:
    """The larger of several gaps: Bonferroni for the low end only, because some one of them must be beyond it; the
    high end is the largest of theirs, since the gap that is truly the largest is among them."""
    adjusted = 1.0 - (1.0 - confidence) / len(x)
    lows = [_gap_ends(*gap, adjusted).low for gap in zip(methods, x, n, strict=True)]
    highs = [_gap_ends(*gap, confidence).high for gap in zip(methods, x, n, strict=True)]
    return Ends(max(lows), max(highs))


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
        gaps = zip(_gap_methods(method, basis), *_count_lists(basis), strict=True)
        tails = [_gap_tail(*gap, limit, side) for gap in gaps]
        return max(tails) if side == "below" else len(tails) * min(tails)
    x, n = _counts(basis)
    if form == "rate":

        def exact() -> float:
            return float(exact_rate_tail(x, n, limit, side)[0])

        return exact() if method == "clopper_pearson" else careful(_score_tail(x[0], n[0], limit, side), exact)
    if form == "difference":
        return _difference_tail(method, x, n, limit, side)
    if form == "gap":
        return _gap_tail(method, x, n, limit, side)
    if form == "ratio":
        folded = method == "score" and len(x) == 2
        return (two_groups.folded_ratio_p_value if folded else simultaneous.ratio_p_value)(x, n, limit, side)
    if form == "minimum":
        return simultaneous.minimum_p_value(exact_rate_tail(x, n, limit, side), side)
    raise ValueError(f"no p-value for a basis of form {form!r}")


def _gap_tail(method: str, x: np.ndarray, n: np.ndarray, limit: float, side: Side) -> float:
    folded = method == "newcombe" and len(x) == 2
    return (two_groups.folded_gap_p_value if folded else simultaneous.gap_p_value)(x, n, limit, side)


def exact_rate_tail(x: np.ndarray, n: np.ndarray, limit: float, side: Side) -> np.ndarray:
    """Per cell: P(X >= x) at the limit ("above") or P(X <= x) ("below"), from the binomial."""
    if limit < 0.0 or limit > 1.0:
        return np.full(x.shape, 0.0 if (side == "above") == (limit < 0.0) else 1.0)
    if side == "above":
        return np.where(x > 0, special.betainc(np.maximum(x, 1e-300), n - x + 1.0, limit), 1.0)
    return np.where(x < n, special.betaincc(x + 1.0, np.maximum(n - x, 1e-300), limit), 1.0)


def _score_tail(x: float, n: float, limit: float, side: Side) -> float:
    """The tail at which Wilson's bound meets the limit: the normal tail of the score statistic."""
    distance, spread = x / n - limit, limit * (1.0 - limit) / n
    if spread <= 0.0:
        return 0.0 if distance != 0.0 and (side == "above") == (distance > 0.0) else 1.0
    return upper_tail((distance if side == "above" else -distance) / np.sqrt(spread), None)


def _difference_tail(method: str, x: np.ndarray, n: np.ndarray, limit: float, side: Side) -> float:
    if abs(limit) > 1.0:
        return 0.0 if (side == "above") == (limit < 0.0) else 1.0

    def tail(bounds: Callable[..., tuple[np.ndarray, np.ndarray]]) -> float:
        def end(z: float) -> float:
            low, high = bounds(x[0], n[0], x[1], n[1], abs(z))
            return float(low if z >= 0.0 else high)

        z = solve_z(end, limit)
        return upper_tail(z if side == "above" else -z, None)

    exact = partial(tail, joined_difference_bounds)
    return exact() if method == "clopper_pearson" else careful(tail(newcombe_bounds), exact)


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
    """Roughly how many rows in all would make the 95% interval clear the limit, if the estimate stays.

    First more rows of the group with the smallest denominator only: (rows of that group, its name). Where that alone
    never settles it, more of every group in proportion: (rows of all groups together, None). (None, None) where
    nothing does (the estimate is the limit) or where nothing says how many rows there are (see `rows_behind`). `side`
    is accepted for symmetry with `p_value`; an interval clears a limit on either side.
    """
    rows = rows_behind(basis, n)
    if value == limit or rows is None:
        return None, None
    if len(rows) > 1:
        smallest = int(np.argmin(_denominators(basis)))
        factor = _settling_factor(method, value, basis, limit, smallest)
        if factor is not None:
            names = basis.get("groups")
            return int(np.ceil(factor * rows[smallest])), str(names[smallest]) if names else None
    factor = _settling_factor(method, value, basis, limit, None)
    if factor is None:
        return None, None
    alone = basis.get("groups") if len(rows) == 1 else None
    return int(np.ceil(factor * rows.sum())), str(alone[0]) if alone else None


def rows_behind(basis: Basis, n: int | None = None) -> np.ndarray | None:
    """Rows of each group, (g,): the basis' own `rows`, else the denominators, which are all rows of most rates.

    `n` supplies the rows of a standard error; None where nothing says how many there are.
    """
    if "rows" in basis:
        return np.asarray(basis["rows"], float)
    if form_of(basis) != "standard_error":
        return _denominators(basis)
    rows = basis.get("n", n)
    return None if rows is None else np.array([float(rows)])


LARGEST_FACTOR = 1e5
STEPS = 14  # halvings of the log of the factor: to a thousandth


def _settling_factor(method: str, value: float, basis: Basis, limit: float, group: int | None) -> float | None:
    def settled(factor: float) -> bool:
        low, high, _ = interval(method, value, scale_basis(basis, factor, group))
        return (low is not None and low > limit) or (high is not None and high < limit)

    if settled(1.0):
        return 1.0
    if not settled(LARGEST_FACTOR):
        return None
    low, high = 0.0, float(np.log(LARGEST_FACTOR))
    for _ in range(STEPS):
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


def _denominators(basis: Basis) -> np.ndarray:
    """What each group's rate or mean is taken over, (g,); of several rates, all of it together."""
    counts = np.asarray(basis["n"], float)
    return counts.sum(axis=0) if form_of(basis) == "worst_gap" else counts


def _counts(basis: Basis) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(basis["x"], float), np.asarray(basis["n"], float)


def _gap_methods(method: str, basis: Basis) -> list[str]:
    """The method of each of several gaps: the basis' own `methods`, else the same for all."""
    return list(basis.get("methods") or [method] * len(basis["x"]))


def _count_lists(basis: Basis) -> tuple[list[np.ndarray], list[np.ndarray]]:
    return [np.asarray(x, float) for x in basis["x"]], [np.asarray(n, float) for n in basis["n"]]


def _means(basis: Basis) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.asarray(basis["mean"], float), np.asarray(basis["se"], float), np.asarray(basis["n"], float)

"""Eighteen quantities with a known truth, one for each way in which a default rule gets its p-value.

Each is drawn at its limit (the least favorable truth that is still allowed), clearly within it, or beyond it, from
as many rows as a common test set has, or from a `share` of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import special, stats

from auditnn.core.measurement import Measurement
from auditnn.kernels.calibration import calibration_in_the_large, calibration_slope
from auditnn.kernels.confusion import balanced_accuracy, composite, resample
from auditnn.kernels.estimate import Estimate
from auditnn.kernels.inference import difference_method, gap_method, interval, rate_method, ratio_method
from auditnn.kernels.ranking import roc_auc
from auditnn.kernels.values import explained_share
from auditnn.policy.rule import Rule

Truth = Literal["limit", "within", "beyond"]
TRUTHS: tuple[Truth, ...] = ("limit", "within", "beyond")
UNITS = (900, 600)
FIVE = (400, 300, 300, 200, 200)


@dataclass(frozen=True)
class Quantity:
    name: str
    rule: Rule
    truths: dict[Truth, Any]
    draw: Callable[[np.random.Generator, Any], Measurement | None]


def quantities(share: float = 1.0) -> tuple[Quantity, ...]:
    """All of them, from this share of the usual number of rows."""
    return (*_rates(share), *_groups(share), *_models(share))


def fewer(n: Sequence[int], share: float) -> tuple[int, ...]:
    """A share of each number of rows."""
    return tuple(round(size * share) for size in n)


def rule(name: str, op: Any, threshold: Any) -> Rule:
    return Rule(
        code="SIM001", measurement=f"simulated.quantity/{name}", op=op, threshold=threshold, family="f", title=name
    )


def measured(name: str, value: float, method: str, basis: dict[str, Any]) -> Measurement:
    low, high, open_ends = interval(method, value, basis)
    return Measurement(
        id=f"simulated.quantity/{name}", value=value, low=low, high=high, open=open_ends, confidence=0.95,
        interval_method=method, basis=basis,
    )  # fmt: skip


def counts(rng: np.random.Generator, n: Sequence[int], p: Sequence[float]) -> list[int]:
    return [int(x) for x in rng.binomial(n, p)]


def _quantity(name: str, op: Any, threshold: Any, truths: Sequence[Any], draw: Any) -> Quantity:
    return Quantity(
        name, rule(name, op, threshold), dict(zip(TRUTHS, truths, strict=True)), lambda rng, p: draw(name, rng, p)
    )


# ---------------------------------------------------------------- rates of one and of two


def _rates(share: float) -> Sequence[Quantity]:
    return (
        _quantity("rate", "at_least", 0.8, (0.8, 0.9, 0.73), _rate(round(500 * share))),
        _quantity("rare_rate", "at_most", 0.01, (0.01, 0.001, 0.03), _rate(round(1000 * share))),
        _quantity(
            "difference", "at_most", 0.2, ((0.9, 0.7), (0.9, 0.9), (0.9, 0.52)), _difference(fewer((800, 120), share))
        ),
    )


def _rate(n: int) -> Any:
    def draw(name: str, rng: np.random.Generator, p: float) -> Measurement:
        x = int(rng.binomial(n, p))
        return measured(name, x / n, rate_method(x, n), {"form": "rate", "x": [x], "n": [n]})

    return draw


def _difference(n: tuple[int, int]) -> Any:
    def draw(name: str, rng: np.random.Generator, p: Sequence[float]) -> Measurement:
        x = counts(rng, n, p)
        basis = {"form": "difference", "groups": ["a", "b"], "x": x, "n": list(n)}
        return measured(name, x[0] / n[0] - x[1] / n[1], difference_method(np.array(n)), basis)

    return draw


# ---------------------------------------------------------------- extremes over groups


def _groups(share: float) -> Sequence[Quantity]:
    units, groups = fewer(UNITS, share), fewer(FIVE, share)
    two = ((0.4, 0.5), (0.45, 0.45), (0.4, 0.6))
    five = ((0.4, 0.4, 0.5, 0.5, 0.5), (0.45,) * 5, (0.35, 0.45, 0.5, 0.5, 0.6))
    ratio = ((0.4, 0.5), (0.45, 0.45), (0.3, 0.5))
    ratio_five = ((0.4, 0.4, 0.5, 0.5, 0.5), (0.45,) * 5, (0.28, 0.4, 0.5, 0.5, 0.5))
    odds = (((0.7, 0.8), (0.2, 0.3)), ((0.75, 0.75), (0.25, 0.25)), ((0.6, 0.85), (0.25, 0.25)))
    odds_five = (
        ((0.7, 0.7, 0.8, 0.8, 0.8), (0.2, 0.2, 0.3, 0.3, 0.3)),
        ((0.75,) * 5, (0.25,) * 5),
        ((0.55, 0.7, 0.8, 0.8, 0.85), (0.25,) * 5),
    )
    means = ((0.0, 1.0), (0.5, 0.5), (0.0, 1.5))
    means_five = ((0.0, 0.0, 1.0, 1.0, 1.0), (0.5,) * 5, (0.0, 0.5, 1.0, 1.0, 2.2))
    return (
        _quantity("gap_2", "at_most", 0.1, two, _extreme("gap", units)),
        _quantity("gap_5", "at_most", 0.1, five, _extreme("gap", groups)),
        _quantity("ratio_2", "at_least", 0.8, ratio, _extreme("ratio", units)),
        _quantity("ratio_5", "at_least", 0.8, ratio_five, _extreme("ratio", groups)),
        _quantity("worst_group_5", "at_least", 0.8, ((0.8,) * 5, (0.9,) * 5, (0.66, *(0.85,) * 4)),
                  _extreme("minimum", groups)),
        _quantity("equalized_odds_2", "at_most", 0.1, odds, _odds(fewer((400, 300), share), fewer((500, 300), share))),
        _quantity("equalized_odds_5", "at_most", 0.1, odds_five, _odds(groups, groups)),
        _quantity("mean_gap_2", "at_most", 1.0, means, _means(fewer((300, 80), share))),
        _quantity("mean_gap_5", "at_most", 1.0, means_five, _means(groups)),
    )  # fmt: skip


def extreme_of(name: str, form: str, x: list[int], n: Sequence[int]) -> Measurement:
    """The gap, ratio or minimum of the rates x / n, as `fairness.disparity` states it."""
    basis = {"form": form, "groups": [f"g{i}" for i in range(len(n))], "x": x, "n": list(n), "left_out": []}
    rates = np.array(x) / np.array(n)
    value = {"gap": np.ptp(rates), "ratio": rates.min() / rates.max(), "minimum": rates.min()}[form]
    method = {"gap": gap_method, "ratio": ratio_method}.get(form)
    return measured(name, float(value), method(np.array(n)) if method else "simultaneous", basis)


def _extreme(form: str, n: Sequence[int]) -> Any:
    return lambda name, rng, p: extreme_of(name, form, counts(rng, n, p), n)


def odds_of(name: str, x: list[list[int]], n: list[list[int]]) -> Measurement:
    methods = [gap_method(np.array(sizes)) for sizes in n]
    basis = {
        "form": "worst_gap", "rates": ["true_positive_rate", "false_positive_rate"], "x": x, "n": n,
        "groups": [f"g{i}" for i in range(len(n[0]))], "methods": methods, "left_out": [],
    }  # fmt: skip
    value = max(float(np.ptp(np.array(a) / np.array(b))) for a, b in zip(x, n, strict=True))
    return measured(name, value, "newcombe" if set(methods) == {"newcombe"} else "simultaneous", basis)


def _odds(positives: Sequence[int], negatives: Sequence[int]) -> Any:
    def draw(name: str, rng: np.random.Generator, p: Sequence[Sequence[float]]) -> Measurement:
        x = [counts(rng, positives, p[0]), counts(rng, negatives, p[1])]
        return odds_of(name, x, [list(positives), list(negatives)])

    return draw


def _means(n: Sequence[int]) -> Any:
    """Skewed errors of unequal spread: exponential, centered, twice as wide in every other group."""

    def draw(name: str, rng: np.random.Generator, centers: Sequence[float]) -> Measurement:
        drawn = [
            center + (rng.exponential(size=size) - 1.0) * (1.5 + 1.5 * (i % 2))
            for i, (center, size) in enumerate(zip(centers, n, strict=True))
        ]
        basis = {
            "form": "gap", "groups": [f"g{i}" for i in range(len(n))], "mean": [float(one.mean()) for one in drawn],
            "se": [float(one.std(ddof=1) / np.sqrt(len(one))) for one in drawn], "n": list(n), "left_out": [],
        }  # fmt: skip
        return measured(name, float(np.ptp(basis["mean"])), "simultaneous", basis)

    return draw


# ---------------------------------------------------------------- models as a whole


def _models(share: float) -> Sequence[Quantity]:
    return (
        _quantity("roc_auc", "at_least", 0.7, (0.7, 0.85, 0.55), _auc(*fewer((80, 320), share))),
        _quantity(
            "balanced_accuracy",
            "at_least",
            0.5,
            ((0.3, 0.3), (0.8, 0.3), (0.15, 0.35)),
            _balanced(*fewer((90, 510), share)),
        ),
        _quantity("calibration_slope_low", "between", (0.5, 2.0), (0.5, 1.0, 0.2), _slope(round(1200 * share), 1.5)),
        _quantity("calibration_slope_high", "between", (0.5, 2.0), (2.0, 1.0, 3.5), _slope(round(1200 * share), 1.0)),
        _quantity("calibration_in_the_large", "between", (-0.05, 0.05), (0.05, 0.0, 0.1), _large(round(1500 * share))),
        _quantity("skill", "at_least", 0.0, (1.0, 0.3, 1.5), _skill(round(300 * share))),
    )


def _estimated(name: str, estimate: Estimate) -> Measurement | None:
    if estimate.value is None:
        return None
    return measured(name, estimate.value, estimate.method, {**estimate.basis, "n": estimate.n})


def _auc(positives: int, negatives: int) -> Any:
    """Normal scores of both classes, d standard deviations apart: AUC = Phi(d / sqrt 2)."""

    def draw(name: str, rng: np.random.Generator, area: float) -> Measurement | None:
        label = np.arange(positives + negatives) < positives
        score = rng.normal(size=len(label)) + label * np.sqrt(2.0) * stats.norm.ppf(area)
        return _estimated(name, roc_auc(label, score))

    return draw


def _balanced(positives: int, negatives: int) -> Any:
    def draw(name: str, rng: np.random.Generator, rates: Sequence[float]) -> Measurement | None:
        hit, wrong = counts(rng, (positives, negatives), rates)
        table = np.array([[negatives - wrong, wrong], [positives - hit, hit]])
        return _estimated(name, composite(balanced_accuracy, resample(table, rng, 1000)))

    return draw


def _slope(n: int, spread: float) -> Any:
    """Labels whose log-odds are b times those of the score, so that the recalibration slope is b."""

    def draw(name: str, rng: np.random.Generator, slope: float) -> Measurement | None:
        line = rng.normal(-0.5, spread, size=n)
        label = rng.random(n) < special.expit(slope * line)
        return _estimated(name, calibration_slope(label, special.expit(line)))

    return draw


def _large(n: int) -> Any:
    def draw(name: str, rng: np.random.Generator, excess: float) -> Measurement | None:
        score = rng.beta(2.0, 2.0, size=n) * 0.8 + 0.15
        label = rng.random(n) < score - excess
        return _estimated(name, calibration_in_the_large(label, score))

    return draw


def _skill(n: int) -> Any:
    """Heavy-tailed (Laplace) errors of `ratio` times the variance of the target: skill = 1 - ratio."""

    def draw(name: str, rng: np.random.Generator, ratio: float) -> Measurement | None:
        y = rng.normal(size=n)
        return _estimated(name, explained_share(y, y - rng.laplace(scale=np.sqrt(ratio / 2.0), size=n), 0.0))

    return draw

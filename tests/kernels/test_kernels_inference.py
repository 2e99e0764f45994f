"""The interval and the p-value of every basis say the same, and what they say is monotone and in range."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from auditnn.kernels.inference import interval, p_value, rate_method, rows_behind, rows_to_settle, scale_basis
from auditnn.kernels.inversion import solve_z
from auditnn.kernels.two_groups import difference_method, gap_method, ratio_method

Case = tuple[str, float, dict[str, Any]]


def counts(draw: st.DrawFn, groups: int) -> tuple[np.ndarray, np.ndarray]:
    n = np.array(draw(st.lists(st.integers(10, 400), min_size=groups, max_size=groups)))
    x = np.array([draw(st.integers(0, int(size))) for size in n])
    return x, n


@st.composite
def cases(draw: st.DrawFn) -> Case:
    form = draw(st.sampled_from(["rate", "difference", "gap", "ratio", "minimum", "worst_gap", "means", "se"]))
    g = draw(st.integers(2, 5))
    if form == "rate":
        x, n = counts(draw, 1)
        return rate_method(x[0], n[0]), x[0] / n[0], {"form": "rate", "x": x.tolist(), "n": n.tolist()}
    if form == "se":
        scale = draw(st.sampled_from(["identity", "log", "logit"]))
        basis = {"se": draw(st.floats(0.01, 1.0)), "scale": scale, "df": draw(st.sampled_from([None, 5, 80]))}
        return "t", draw(st.floats(0.05, 0.95)), basis
    if form == "means":
        mean = np.array(draw(st.lists(st.floats(-1, 1), min_size=g, max_size=g)))
        se = np.array(draw(st.lists(st.floats(0.01, 0.5), min_size=g, max_size=g)))
        n = draw(st.lists(st.integers(5, 200), min_size=g, max_size=g))
        return "simultaneous", float(np.ptp(mean)), {"form": "gap", "mean": mean.tolist(), "se": se.tolist(), "n": n}
    if form == "difference":
        x, n = counts(draw, 2)
        return difference_method(n), x[0] / n[0] - x[1] / n[1], {"form": form, "x": x.tolist(), "n": n.tolist()}
    x, n = counts(draw, g)
    if form == "worst_gap":
        other, of = counts(draw, g)
        methods = [gap_method(n), gap_method(of)]
        basis = {"form": form, "x": [x.tolist(), other.tolist()], "n": [n.tolist(), of.tolist()], "methods": methods}
        return max(methods), max(float(np.ptp(x / n)), float(np.ptp(other / of))), basis
    if form == "ratio":
        x[0] = max(x[0], 1)
        return ratio_method(n), (x / n).min() / (x / n).max(), {"form": form, "x": x.tolist(), "n": n.tolist()}
    value = float(np.ptp(x / n)) if form == "gap" else float((x / n).min())
    return gap_method(n) if form == "gap" else "simultaneous", value, {"form": form, "x": x.tolist(), "n": n.tolist()}


def largest_when_beyond(method: str, basis: dict[str, Any], side: str) -> float:
    """The p-value at the end of the 95% interval: 0.025; 0.05 where the end asks for the best of all pairs, and
    between them where two signs are folded into one."""
    form = basis.get("form")
    if form in ("gap", "worst_gap") and side == "above":
        return 0.05
    return 0.05 if form == "ratio" and side == "below" else 0.025


@settings(max_examples=150, deadline=None)
@given(cases(), st.floats(-1.2, 1.2), st.sampled_from(["above", "below"]))
def test_p_value_and_interval_agree(case: Case, limit: float, side: str) -> None:
    method, value, basis = case
    low, high, _ = interval(method, value, basis)
    p = p_value(method, value, basis, limit=limit, side=side)  # type: ignore[arg-type]
    assert 0.0 <= p <= 1.0
    end = low if side == "above" else high
    if end is None:
        assert p > 0.025 - 1e-6
        return
    beyond = end > limit + 1e-7 if side == "above" else end < limit - 1e-7
    if p < 0.025 - 1e-7:
        assert end > limit - 1e-7 if side == "above" else end < limit + 1e-7
    if beyond:
        assert p <= largest_when_beyond(method, basis, side) + 1e-7


@settings(max_examples=80, deadline=None)
@given(cases(), st.sampled_from(["above", "below"]))
def test_p_value_is_monotone_in_the_limit(case: Case, side: str) -> None:
    method, value, basis = case
    limits = np.linspace(-0.2, 1.2, 15)
    p = [p_value(method, value, basis, limit=float(one), side=side) for one in limits]  # type: ignore[arg-type]
    steps = np.diff(p if side == "above" else p[::-1])
    assert (steps >= -1e-9).all()


@settings(max_examples=60, deadline=None)
@given(cases())
def test_the_interval_contains_the_value_and_grows_with_confidence(case: Case) -> None:
    method, value, basis = case
    before = (value, value)
    for confidence in (0.5, 0.9, 0.99, 0.9999):
        low, high, open_ends = interval(method, value, basis, confidence)
        assert (low is None) == (open_ends in ("low", "both"))
        assert (high is None) == (open_ends in ("high", "both"))
        low, high = -np.inf if low is None else low, np.inf if high is None else high
        assert low <= before[0] + 1e-9
        assert high >= before[1] - 1e-9
        before = (low, high)


def test_far_tails_are_those_of_the_exact_test() -> None:
    """A p-value of 1e-10 must mean it: Benjamini and Hochberg over hundreds of rules look there."""
    basis = {"form": "rate", "x": [60], "n": [2000]}
    assert p_value("wilson", 0.03, basis, limit=0.01, side="above") == pytest.approx(
        stats.binom.sf(59, 2000, 0.01), rel=1e-6
    )
    basis = {"form": "rate", "x": [4], "n": [2000]}
    assert p_value("clopper_pearson", 0.002, basis, limit=0.02, side="below") == pytest.approx(
        stats.binom.cdf(4, 2000, 0.02), rel=1e-6
    )


def test_p_values_at_ordinary_levels_are_those_of_the_interval() -> None:
    basis = {"form": "rate", "x": [30], "n": [100]}
    low, high, _ = interval("wilson", 0.3, basis)
    assert low is not None
    assert high is not None
    assert p_value("wilson", 0.3, basis, limit=low, side="above") == pytest.approx(0.025, abs=1e-9)
    assert p_value("wilson", 0.3, basis, limit=high, side="below") == pytest.approx(0.025, abs=1e-9)
    basis = {"form": "gap", "groups": ["a", "b"], "x": [1000, 1325], "n": [2500, 2500]}
    low, high, _ = interval("newcombe", 0.13, basis)
    assert (low, high) == pytest.approx((0.1025, 0.1573), abs=1e-4)
    assert p_value("newcombe", 0.13, basis, limit=0.1, side="above") == pytest.approx(0.0164, rel=0.06)
    # clear passes stay near 1, so that they never loosen a correction
    assert p_value("newcombe", 0.13, basis, limit=0.2, side="above") > 0.9999


def test_two_groups_with_no_gap_count_both_signs() -> None:
    """At a limit of zero the folded test is two-sided, as the chi-square test of independence is."""
    basis = {"form": "gap", "x": [1000, 1100], "n": [2500, 2500]}
    expected = stats.chi2_contingency([[1000, 1500], [1100, 1400]], correction=False).pvalue
    assert p_value("newcombe", 0.04, basis, limit=0.0, side="above") == pytest.approx(expected, rel=0.08)


def test_an_infinite_end_is_none_and_named() -> None:
    low, high, open_ends = interval("t", 1.0, {"se": np.inf, "scale": "log"})
    assert high is None
    assert open_ends == "high"
    assert low == 0.0
    assert interval("t", 0.5, {"se": 0.4, "scale": "identity", "limits": [0.0, None]}).low == 0.0


def test_limits_outside_of_the_range_are_certain() -> None:
    rate = {"form": "rate", "x": [3], "n": [50]}
    assert p_value("clopper_pearson", 0.06, rate, limit=-0.1, side="above") == 0.0
    assert p_value("clopper_pearson", 0.06, rate, limit=1.5, side="above") == 1.0
    ratio = {"form": "ratio", "x": [3, 20, 30], "n": [50, 60, 70]}
    assert p_value("simultaneous", 0.14, ratio, limit=1.0, side="above") == 1.0
    assert p_value("simultaneous", 0.14, ratio, limit=1.2, side="below") == 0.0
    two = {"form": "ratio", "x": [1, 0], "n": [30, 30]}
    assert p_value("score", 0.0, two, limit=1e-296, side="above") >= 0.5
    auc = {"se": 0.2, "scale": "logit"}
    assert p_value("delong", 0.8, auc, limit=0.0, side="above") == 0.0
    assert p_value("delong", 0.8, auc, limit=1.0, side="above") == 1.0


def test_a_ratio_with_an_empty_numerator_is_zero_with_a_high_end() -> None:
    for x, n in (([0, 30], [50, 60]), ([0, 20, 30], [50, 60, 70])):
        basis = {"form": "ratio", "x": x, "n": n}
        low, high, _ = interval(ratio_method(np.array(n)), 0.0, basis)
        assert low == 0.0
        assert high is not None
        assert 0.0 < high < 0.6
        assert p_value(ratio_method(np.array(n)), 0.0, basis, limit=0.8, side="below") < 1e-4


def test_rows_to_settle_settles_and_no_sooner() -> None:
    basis = {"form": "gap", "groups": ["a", "b"], "x": [40, 30], "n": [400, 200]}
    rows, group = rows_to_settle("newcombe", 0.05, basis, limit=0.02)
    assert group is None or group == "b"
    factor = rows / (200 if group == "b" else 600)  # type: ignore[operator]
    at = None if group is None else 1
    assert interval("newcombe", 0.05, scale_basis(basis, factor * 1.002, at)).low > 0.02  # type: ignore[operator]
    assert interval("newcombe", 0.05, scale_basis(basis, factor * 0.98, at)).low < 0.02  # type: ignore[operator]


def test_rows_to_settle_asks_for_the_small_group_where_that_is_enough() -> None:
    basis = {"form": "gap", "groups": ["many", "few"], "x": [40_000, 6], "n": [100_000, 30]}
    rows, group = rows_to_settle("newcombe", 0.2, basis, limit=0.1)
    assert group == "few"
    assert rows is not None
    assert 60 < rows < 200


def test_rows_to_settle_are_rows_and_not_what_a_rate_is_taken_over() -> None:
    """Twice as many positives come with twice as many rows."""
    counted = {"form": "gap", "groups": ["many", "few"], "x": [8_000, 63], "n": [10_000, 90]}
    of_all, group = rows_to_settle("newcombe", 0.1, counted, limit=0.05)
    rows, same = rows_to_settle("newcombe", 0.1, {**counted, "rows": [20_000, 900]}, limit=0.05)
    assert group == same == "few"
    assert of_all is not None
    assert rows == pytest.approx(10 * of_all, abs=10)
    alone = {"form": "rate", "groups": ["few"], "x": [63], "n": [90], "rows": [900]}
    rows, group = rows_to_settle("wilson", 0.7, alone, limit=0.65)
    assert (group, rows_behind(alone)) == ("few", [900.0])
    assert rows is not None
    assert rows > 900


def test_each_gap_of_several_has_its_own_method() -> None:
    counted = {"form": "worst_gap", "x": [[400, 250], [30, 3]], "n": [[500, 400], [275, 4]]}
    mixed = {**counted, "methods": ["newcombe", "simultaneous"]}
    exact = interval("simultaneous", 0.64, {"form": "gap", "x": [30, 3], "n": [275, 4]})
    assert interval("simultaneous", 0.64, mixed).high == exact.high
    assert interval("newcombe", 0.64, counted).high < exact.high  # type: ignore[operator]
    alone = p_value("simultaneous", 0.64, {"form": "gap", "x": [30, 3], "n": [275, 4]}, limit=0.6, side="above")
    assert p_value("simultaneous", 0.64, mixed, limit=0.6, side="above") == pytest.approx(2 * alone)


@pytest.mark.parametrize(
    ("end", "root", "smooth"),
    [
        (lambda z: z**3, 0.5 ** (1 / 3), True),
        (lambda z: -np.tanh(z), -np.arctanh(0.5), True),
        (lambda z: float(z > 1.25), 1.25, False),  # a jump
        (lambda z: min(max(z, 0.0), 0.5), 0.5, False),  # flat at the limit: where it is first reached
        (lambda z: np.exp(z) if z < 3 else np.inf, np.log(0.5), True),
        (lambda z: 0.1 * np.tanh(z), 20.0, True),  # never reached
        (lambda z: 1.0 + 0.1 * np.tanh(z), -20.0, True),
    ],
)
def test_where_an_end_meets_a_limit(end: Any, root: float, smooth: bool) -> None:
    asked: list[float] = []

    def counted(z: float) -> float:
        asked.append(z)
        return float(end(z))

    assert solve_z(counted, 0.5) == pytest.approx(root, abs=2e-10)
    assert len(asked) <= (18 if smooth else 75)


def test_rows_to_settle_with_nothing_to_go_by() -> None:
    assert rows_to_settle("t", 0.3, {"se": 0.1, "scale": "identity"}, limit=0.2) == (None, None)
    rows, group = rows_to_settle("t", 0.3, {"se": 0.1, "scale": "identity"}, limit=0.2, n=100)
    assert group is None
    assert rows == pytest.approx(100 * 1.96**2, rel=0.01)
    assert rows_to_settle("wilson", 0.3, {"form": "rate", "x": [30], "n": [100]}, limit=0.3) == (None, None)


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(ValueError, match="no interval for a basis of form 'odds'"):
        interval("t", 0.1, {"form": "odds", "x": [1], "n": [2]})
    with pytest.raises(ValueError, match="no p-value"):
        p_value("t", 0.1, {"form": "odds", "x": [1], "n": [2]}, limit=0.1, side="above")

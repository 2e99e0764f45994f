"""Largest gap, smallest ratio, worst group: closed forms, slow twins, and what the rules promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep

from auditnn.kernels.inference import interval
from auditnn.kernels.intervals import clopper_pearson_bounds, joined_difference_bounds, joined_ratio_bounds
from auditnn.kernels.mean_gaps import mean_gap_interval, mean_gap_p_value
from auditnn.kernels.simultaneous import (
    gap_end,
    gap_interval,
    gap_p_value,
    minimum_interval,
    ratio_end,
    ratio_interval,
    tukey_critical,
)
from auditnn.kernels.studentized import range_quantile, range_tail

X, N = np.array([100, 132, 130, 70, 9]), np.array([250, 250, 200, 200, 30])


@pytest.mark.parametrize("groups", [2, 3, 10, 50])
@pytest.mark.parametrize("statistic", [0.5, 2.0, 3.5, 6.0])
def test_range_equals_scipy(groups: int, statistic: float) -> None:
    expected = stats.studentized_range.sf(statistic, groups, np.inf)
    assert range_tail(statistic, groups) == pytest.approx(expected, abs=1e-11)


def test_range_of_two_is_a_normal_and_far_tails_are_relative() -> None:
    for statistic in (1.0, 10.0, 30.0):
        assert range_tail(statistic, 2) == pytest.approx(2 * stats.norm.sf(statistic / np.sqrt(2)), rel=1e-8)
    assert tukey_critical(0.95, 2) == pytest.approx(1.959964, abs=1e-6)
    assert range_quantile(0.05, 10) == pytest.approx(4.4741, abs=1e-4)
    # many groups: between one pair's tail and Bonferroni's
    one = 2 * stats.norm.sf(12 / np.sqrt(2))
    assert one < range_tail(12.0, 200) < 200 * 199 / 2 * one


@pytest.mark.parametrize("signs", [1, -1])
def test_two_groups_are_newcombes_interval_folded(signs: int) -> None:
    x, n = [1000, 1325][::signs], [2500, 2400][::signs]
    low, high = confint_proportions_2indep(x[0], n[0], x[1], n[1], compare="diff", method="newcomb")
    found = interval("newcombe", abs(x[0] / n[0] - x[1] / n[1]), {"form": "gap", "x": x, "n": n})
    assert (found.low, found.high) == pytest.approx(tuple(sorted((abs(low), abs(high)))), abs=1e-9)
    across = interval("newcombe", 0.004, {"form": "gap", "x": [1000, 1010], "n": [2500, 2500]})
    low, high = confint_proportions_2indep(1000, 2500, 1010, 2500, compare="diff", method="newcomb")
    assert across.low == 0.0
    assert across.high == pytest.approx(max(-low, high), abs=1e-9)


@pytest.mark.parametrize("signs", [1, -1])
def test_two_groups_are_the_score_interval_folded(signs: int) -> None:
    x, n = [100, 160][::signs], [250, 260][::signs]
    low, high = confint_proportions_2indep(100, 250, 160, 260, compare="ratio", method="score")
    found = interval("score", 0.65, {"form": "ratio", "x": x, "n": n})
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-4)
    low, high = confint_proportions_2indep(100, 250, 105, 250, compare="ratio", method="score")
    found = interval("score", 0.952, {"form": "ratio", "x": [100, 105], "n": [250, 250]})
    assert found.high == 1.0
    assert found.low == pytest.approx(min(low, 1 / high), rel=1e-4)


def test_ends_are_the_extreme_bounds_of_pairs() -> None:
    """A plain loop over pairs, one scalar bound at a time."""
    z = stats.studentized_range.isf(0.05, 5, np.inf) / np.sqrt(2)
    pairs = [(i, j) for i in range(5) for j in range(5) if i != j]
    cells = [(X[i], N[i], X[j], N[j]) for i, j in pairs]
    low, high = gap_interval(X, N)
    assert low == pytest.approx(max(joined_difference_bounds(*cell, z)[0] for cell in cells), abs=1e-9)
    assert high == pytest.approx(max(joined_difference_bounds(*cell, 1.959964)[1] for cell in cells), abs=1e-7)
    low, high = ratio_interval(X, N)
    assert low == pytest.approx(min(joined_ratio_bounds(*cell, 1.959964)[0] for cell in cells), abs=1e-7)
    assert high == pytest.approx(min(joined_ratio_bounds(*cell, z)[1] for cell in cells), abs=1e-9)
    low, high = minimum_interval(X, N)
    assert low == pytest.approx(min(stats.beta.ppf(0.025, x, n - x + 1) for x, n in zip(X, N, strict=True)))
    tail = 1 - 0.975 ** (1 / 5)
    assert high == pytest.approx(min(clopper_pearson_bounds(x, n, tail)[1] for x, n in zip(X, N, strict=True)))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(10, 300), st.floats(0, 1)), min_size=3, max_size=6))
def test_order_of_groups_does_not_matter_and_data_sets_do_not_mix(groups: list[tuple[int, float]]) -> None:
    n = np.array([size for size, _ in groups])
    x = np.array([round(size * share) for size, share in groups])
    x[0] = max(x[0], 1)
    order = np.arange(len(n))[::-1]
    assert np.allclose(gap_interval(x, n), gap_interval(x[order], n[order]), atol=1e-12)
    stacked = gap_interval(np.stack([x, x[order]]), np.stack([n, n[order]]))
    assert np.allclose(stacked.low, gap_interval(x, n).low, atol=1e-12)
    assert np.allclose(ratio_interval(x, n), ratio_interval(x[order], n[order]), atol=1e-12)


def test_more_groups_need_more_to_stand_out() -> None:
    """The same two extreme groups, with more groups between them: the low end falls, the high end stays."""
    few = gap_interval(np.array([30, 60]), np.array([100, 100]))
    many = gap_interval(np.array([30, *[45] * 8, 60]), np.full(10, 100))
    assert many.low < few.low
    assert many.high == pytest.approx(few.high, abs=1e-9)
    assert gap_p_value(np.array([30, *[45] * 8, 60]), np.full(10, 100), 0.05, "above") > gap_p_value(
        np.array([30, 60]), np.array([100, 100]), 0.05, "above"
    )


def test_equalized_odds_joins_its_two_gaps() -> None:
    x, n = [[40, 60, 55], [20, 22, 18]], [[100, 100, 100], [120, 110, 100]]
    found = interval("simultaneous", 0.2, {"form": "worst_gap", "x": x, "n": n})
    each = [interval("simultaneous", 0.2, {"form": "gap", "x": a, "n": b}, 0.975) for a, b in zip(x, n, strict=True)]
    plain = [interval("simultaneous", 0.2, {"form": "gap", "x": a, "n": b}) for a, b in zip(x, n, strict=True)]
    assert found.low == max(one.low for one in each)  # type: ignore[type-var]
    assert found.high == max(one.high for one in plain)  # type: ignore[type-var]


def test_two_means_are_welchs_test() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(1.0, 1.0, 12), rng.normal(0.0, 2.0, 30)
    mean, n = np.array([a.mean(), b.mean()]), np.array([12, 30])
    se = np.array([stats.sem(a), stats.sem(b)])
    welch = stats.ttest_ind(a, b, equal_var=False)
    expected = welch.confidence_interval()
    found = mean_gap_interval(mean, se, n)
    low, high = sorted((abs(expected.low), abs(expected.high)))
    assert found.high == pytest.approx(high, rel=1e-6)
    assert found.low == pytest.approx(low if expected.low * expected.high > 0 else 0.0, rel=1e-6, abs=1e-12)
    assert mean_gap_p_value(mean, se, n, 0.0, "above") == pytest.approx(welch.pvalue, rel=1e-9)


def test_many_means_of_many_rows_are_tukeys_test() -> None:
    rng = np.random.default_rng(4)
    values = [rng.normal(0.05 * k, 1.0, 3000) for k in range(4)]
    mean, se = np.array([v.mean() for v in values]), np.array([stats.sem(v) for v in values])
    tukey = stats.tukey_hsd(*values)
    p = mean_gap_p_value(mean, se, np.full(4, 3000), 0.0, "above")
    # Tukey pools the variance of the groups; here each pair has its own
    assert p == pytest.approx(tukey.pvalue.min(), rel=0.35)


@pytest.mark.parametrize("seed", range(12))
def test_pairs_that_are_passed_over_are_never_the_extreme_one(seed: int) -> None:
    """With a leading dimension every pair is looked at."""
    rng = np.random.default_rng(seed)
    groups = int(rng.integers(9, 60))
    n = rng.integers(1, rng.choice([5, 50, 2000]), groups).astype(float) + 1.0
    x = rng.binomial(n.astype(int), rng.uniform(0, 1, groups) if seed % 2 else 0.3).astype(float)
    if seed % 4 == 0:  # ties
        x[groups // 2 :], n[groups // 2 :] = x[0], n[0]
    x[0] = max(x[0], 1.0)
    for z in (3.5, 1.96, 0.0, -0.7, -3.0):
        for extreme in (gap_end, ratio_end):
            for end in ("low", "high"):
                assert extreme(x, n, z, end) == extreme(x[None], n[None], z, end)[0]  # type: ignore[operator]

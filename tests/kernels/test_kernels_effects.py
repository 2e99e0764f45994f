"""Effect curves against closed forms, and their errors against what another sample would give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from auditnn.kernels.effects import Curve, accumulated_local_effects, bins_of, grid, partial_dependence

EDGES = np.linspace(-2.0, 2.0, 17)


def local(x: np.ndarray, other: np.ndarray, function: object, edges: np.ndarray = EDGES) -> Curve:
    bins = bins_of(x, edges)
    assert callable(function)
    steps = function(edges[bins + 1], other) - function(edges[bins], other)
    return accumulated_local_effects(edges, bins, steps[:, None])


def correlated(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = np.clip(rng.normal(size=n), -2, 2)
    return x, x + 0.1 * rng.normal(size=n)


def test_a_linear_effect_is_its_slope_whatever_the_other_feature() -> None:
    x, other = correlated(500)
    curve = local(x, other, lambda a, b: 3.0 * a - 5.0 * b)
    np.testing.assert_allclose(np.diff(curve.y[:, 0]), 3.0 * np.diff(EDGES), rtol=1e-12)


def test_a_product_accumulates_what_the_other_feature_is_near_each_value() -> None:
    """With the other feature equal to x, the local slope of x * other is x, so the curve is x^2 / 2 less its mean."""
    x = np.random.default_rng(1).uniform(-2, 2, 40_000)
    edges = np.linspace(-2, 2, 81)
    curve = local(x, x, lambda a, b: a * b, edges)
    expected = edges**2 / 2
    middles = (expected[1:] + expected[:-1]) / 2
    expected = expected - middles[bins_of(x, edges)].mean()
    np.testing.assert_allclose(curve.y[:, 0], expected, atol=0.01)
    # Partial dependence of the same function is x times the mean of the other feature: flat.
    outputs = np.stack([edges * b for b in x[:2000]])[:, :, None]
    assert np.ptp(partial_dependence(edges, outputs).y) < 0.3 < np.ptp(expected)


@given(hnp.arrays(float, st.integers(2, 60), elements=st.floats(-2, 2)), st.integers(0, 2**31))
def test_the_mean_over_rows_is_zero(x: np.ndarray, seed: int) -> None:
    steps = np.random.default_rng(seed).normal(size=(len(x), 2))
    bins = bins_of(x, EDGES)
    curve = accumulated_local_effects(EDGES, bins, steps)
    middles = (curve.y[1:] + curve.y[:-1]) / 2
    np.testing.assert_allclose(middles[bins].mean(axis=0), 0.0, atol=1e-9)


def test_the_error_is_how_much_another_sample_moves_the_curve() -> None:
    found = []
    for seed in range(400):
        x, other = correlated(400, seed)
        found.append(local(x, other, lambda a, b: a * b * b))
    moved = np.stack([one.y[:, 0] for one in found])
    told = np.sqrt(np.mean([one.se[:, 0] ** 2 for one in found], axis=0))
    np.testing.assert_allclose(told, moved.std(axis=0), rtol=0.15)


def test_bins_are_closed_on_the_right_and_the_first_one_on_both_sides() -> None:
    edges = np.array([0.0, 1.0, 3.0])
    assert bins_of(np.array([0.0, 0.5, 1.0, 1.1, 3.0, -0.1, 3.1, np.nan]), edges).tolist() == [
        0,
        0,
        0,
        1,
        1,
        -1,
        -1,
        -1,
    ]


@given(hnp.arrays(float, st.integers(1, 80), elements=st.floats(-1e6, 1e6)), st.integers(2, 20))
def test_a_grid_is_made_of_values_from_lowest_to_highest(values: np.ndarray, most: int) -> None:
    points = grid(values, most)
    assert len(points) <= most
    assert np.isin(points, values).all()
    assert (points[0], points[-1]) == (values.min(), values.max())
    assert (np.diff(points) > 0).all()


def test_partial_dependence_is_the_mean_with_its_standard_error() -> None:
    outputs = np.random.default_rng(0).normal(size=(50, 4, 2))
    curve = partial_dependence(np.arange(4), outputs)
    np.testing.assert_allclose(curve.y, outputs.mean(axis=0))
    low, high = curve.band()
    np.testing.assert_allclose((high - low) / 2, 1.959964 * outputs.std(axis=0, ddof=1) / np.sqrt(50), rtol=1e-6)
    assert partial_dependence(np.arange(4), outputs[:1]).se.max() == 0.0


@pytest.mark.parametrize("rows", [1, 2])
def test_bins_without_rows_add_nothing(rows: int) -> None:
    curve = accumulated_local_effects(np.array([0.0, 1.0, 2.0]), np.zeros(rows, dtype=int), np.ones((rows, 1)))
    assert np.diff(curve.y[:, 0]).tolist() == [1.0, 0.0]
    assert np.isfinite(curve.se).all()

"""Shapley values from all coalitions, from KernelSHAP's regression and from a sample of pairs."""

from __future__ import annotations

import warnings
from itertools import combinations, permutations
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditnn.kernels.coalitions import all_coalitions, shapley_from_all
from auditnn.kernels.leverage import drawn_pairs, pair_strata, unranked
from auditnn.kernels.shap_sampling import library_sample
from auditnn.kernels.shapley_regression import regressed, sampled_error
from auditnn.kernels.surrogate import (
    REMAINDER,
    estimated,
    field_variance,
    fitted,
    interaction_kernel,
    kernel_shapley,
    odd_values,
    pair_weights,
)
from auditnn.kernels.surrogate_rest import corrected, rest_of


def by_orders(table: np.ndarray) -> np.ndarray:
    """Shapley values as the mean gain over all d! orders."""
    d = len(table).bit_length() - 1
    orders = list(permutations(range(d)))
    phi = np.zeros((d, table.shape[1]))
    for order in orders:
        held = 0
        for unit in order:
            phi[unit] += table[held | 1 << unit] - table[held]
            held |= 1 << unit
    return phi / len(orders)


def indices(masks: np.ndarray) -> np.ndarray:
    return masks @ (1 << np.arange(masks.shape[1]))


def of_pairs(table: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Odd values of a table's game for these pairs, the full coalition first."""
    return odd_values(table[indices(np.concatenate([pairs, ~pairs]))], table[0], table[-1])


@pytest.mark.parametrize("d", [1, 2, 3, 5])
def test_all_coalitions_give_the_mean_over_orders(d: int) -> None:
    tables = np.random.default_rng(d).normal(size=(3, 2**d, 2))
    for table in tables:
        np.testing.assert_allclose(shapley_from_all(table), by_orders(table), atol=1e-12)
    np.testing.assert_allclose(shapley_from_all(tables)[1], by_orders(tables[1]), atol=1e-12)


@pytest.mark.parametrize(("d", "size"), [(5, 2), (6, 3), (7, 1), (4, 4)])
def test_ranks_are_the_colexicographic_order(d: int, size: int) -> None:
    wanted = sorted(combinations(range(d), size), key=lambda units: units[::-1])
    masks = unranked(np.arange(comb(d, size)), d, size)
    assert [tuple(np.flatnonzero(mask)) for mask in masks] == wanted


@given(d=st.integers(3, 14), share=st.floats(0.01, 1.2), seed=st.integers(0, 2**32))
def test_no_pair_is_drawn_twice(d: int, share: float, seed: int) -> None:
    every = 2 ** (d - 1) - 1
    wanted = max(1, int(share * every))
    masks, chances = drawn_pairs(d, wanted, np.random.default_rng(seed))
    assert len(masks) == min(wanted, every)
    both = np.concatenate([masks, ~masks])
    assert len(np.unique(indices(both))) == len(both)
    assert (both.any(axis=1) & ~both.all(axis=1)).all()
    assert ((chances > 0) & (chances <= 1)).all()
    sizes = np.minimum(masks.sum(axis=1), d - masks.sum(axis=1))
    for size, total in pair_strata(d):
        held = sizes == size
        if held.any():
            assert abs(held.sum() - chances[held][0] * total) < 1
        if wanted >= d and size == 1:
            assert held.sum() == total


def test_chances_are_how_often_a_pair_is_drawn() -> None:
    d, pairs, rounds = 6, 14, 4000
    rng, count, told = np.random.default_rng(0), np.zeros(2**d), np.zeros(2**d)
    for _ in range(rounds):
        masks, chances = drawn_pairs(d, pairs, rng)
        place = np.minimum(indices(masks), indices(~masks))
        count[place] += 1
        told[place] = chances
    seen = told > 0
    assert seen.sum() == 2 ** (d - 1) - 1
    np.testing.assert_allclose(count[seen] / rounds, told[seen], atol=4 * np.sqrt(0.25 / rounds))


def test_many_units_are_drawn_without_ranks() -> None:
    masks, _ = drawn_pairs(90, 400, np.random.default_rng(0))
    assert masks.shape == (400, 90)
    assert len(np.unique(masks, axis=0)) == 400


@pytest.mark.parametrize("d", [3, 4, 7, 8])
def test_closed_forms_of_the_field_are_those_of_its_tables(d: int) -> None:
    masks = all_coalitions(d)
    apart = (masks[:, None] != masks[None]).sum(axis=2)
    smooth = interaction_kernel(d)[apart]
    sizes = masks.sum(axis=1)
    phi = shapley_from_all(smooth)  # (d, 2^d): of the game of each coalition
    wanted = np.where(masks.T, kernel_shapley(d)[sizes, 1], kernel_shapley(d)[sizes, 0])
    np.testing.assert_allclose(phi, wanted, atol=1e-12)
    remainder = REMAINDER * ((apart == 0) * 1.0 - (apart == d) * 1.0)
    twice = shapley_from_all(shapley_from_all(smooth + remainder).T)
    np.testing.assert_allclose(np.diag(twice), field_variance(d), rtol=1e-10)


@pytest.mark.parametrize("d", [3, 6, 7])
def test_pairs_weigh_what_all_coalitions_say(d: int) -> None:
    table = np.random.default_rng(0).normal(size=(2**d, 2))
    half = all_coalitions(d)[2 ** (d - 1) :]  # one of each pair, the full one included
    odd = (table[indices(half)] - table[indices(~half)]) / 2.0
    np.testing.assert_allclose(pair_weights(half) @ odd, shapley_from_all(table), atol=1e-12)


@given(d=st.integers(3, 8), seed=st.integers(0, 2**32))
def test_all_pairs_give_shapley_values_without_error(d: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(2**d, 2))
    pairs, chances = drawn_pairs(d, 2**d, rng)
    phi, error = estimated(fitted(pairs, chances), of_pairs(table, pairs))
    np.testing.assert_allclose(phi, shapley_from_all(table), atol=1e-8)
    assert error.max() < 1e-6


@given(d=st.integers(4, 8), seed=st.integers(0, 2**32))
def test_all_pairs_give_shapley_values_however_few_were_fitted(d: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(2**d, 2))
    pairs, chances = drawn_pairs(d, 2**d, rng)
    surrogate = fitted(pairs[: d + 1], chances[: d + 1])
    rest, odd = rest_of(surrogate, pairs[: d + 1], pairs[d + 1 :]), of_pairs(table, pairs)
    phi, error = corrected(rest, surrogate, odd[: d + 2], odd[d + 2 :])
    np.testing.assert_allclose(phi, shapley_from_all(table), atol=1e-8)
    assert error.max() < 1e-6


@given(d=st.integers(4, 9), seed=st.integers(0, 2**32))
def test_games_of_two_orders_are_exact_from_few_pairs(d: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    masks = all_coalitions(d).astype(float)
    second = rng.normal(size=(d, d))
    table = (masks @ rng.normal(size=d) + np.einsum("md,de,me->m", masks, second, masks))[:, None]
    pairs, chances = drawn_pairs(d, d + 1, rng)
    phi, error = estimated(fitted(pairs, chances), of_pairs(table, pairs))
    np.testing.assert_allclose(phi, shapley_from_all(table), atol=1e-8)
    assert error.max() < 1e-6


@pytest.mark.parametrize("pairs", [40, 1500])
def test_more_coalitions_than_a_float_can_count(pairs: int) -> None:
    d = 1300
    rng = np.random.default_rng(0)
    masks, chances = drawn_pairs(d, pairs, rng)
    effects = rng.normal(size=(d, 1))
    odd = np.concatenate([np.full((1, d), 0.5), masks - 0.5]) @ effects
    phi, error = estimated(fitted(masks, chances), odd)
    assert np.isfinite(phi).all()
    assert np.isfinite(error).all()
    np.testing.assert_allclose(phi.sum(axis=0), effects.sum(axis=0), atol=1e-8)
    if pairs > d:
        np.testing.assert_allclose(phi, effects, atol=1e-8)
        rest = rest_of(fitted(masks[:1310], chances[:1310]), masks[:1310], masks[1310:])
        assert np.isfinite(rest.weights).all()


@given(d=st.integers(3, 10), pairs=st.integers(1, 40), seed=st.integers(0, 2**32))
def test_sampled_values_add_up_and_are_finite(d: int, pairs: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(2**d, 2))
    masks, chances = drawn_pairs(d, pairs, rng)
    phi, error = estimated(fitted(masks, chances), of_pairs(table, masks))
    np.testing.assert_allclose(phi.sum(axis=0), table[-1] - table[0], atol=1e-9)
    assert np.isfinite(phi).all()
    assert np.isfinite(error).all()


@given(d=st.integers(2, 7), m=st.integers(1, 60), seed=st.integers(0, 2**32))
def test_regression_solves_its_normal_equations(d: int, m: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    masks, weights = rng.random((m, d)) < 0.5, rng.random(m) + 0.1
    values, base, full = rng.normal(size=(m, 2)), rng.normal(size=2), rng.normal(size=2)
    phi, solve, residual = regressed(masks, weights, values, base, full)
    np.testing.assert_allclose(phi.sum(axis=0), full - base, atol=1e-9)
    left = values - base - masks @ phi
    slope = masks.T @ (weights[:, None] * left)  # of the loss: the same for all units, along which the sum is held
    np.testing.assert_allclose(slope - slope.mean(axis=0), 0.0, atol=1e-8)
    np.testing.assert_allclose(residual, left, atol=1e-9)
    assert solve.shape == (d, m)


@pytest.mark.parametrize(
    ("d", "masks"), [(2, 2), (3, 4), (4, 5), (5, 20), (6, 31), (6, 100), (7, 60), (9, 101), (12, 512), (25, 300)]
)
def test_library_draws_and_weighs_the_same_coalitions(d: int, masks: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import shap

    rng = np.random.default_rng(d)
    slope = rng.normal(size=(d, 2))
    explainer = shap.KernelExplainer(lambda x: np.tanh(x @ slope), rng.normal(size=(3, d)))
    state = np.random.get_state()
    np.random.seed(d + masks)
    values = explainer.shap_values(rng.normal(size=(1, d)), nsamples=masks, l1_reg=0, silent=True)[0]
    np.random.set_state(state)
    sample, asked = library_sample(d, masks, np.random.RandomState(d + masks)), explainer.nsamplesAdded
    np.testing.assert_array_equal(sample.masks, explainer.maskMatrix[:asked] == 1.0)
    np.testing.assert_allclose(sample.weights, explainer.kernelWeights[:asked], rtol=1e-12)
    ours = regressed(sample.masks, sample.weights, explainer.ey[:asked], explainer.fnull, explainer.fx)[0]
    np.testing.assert_allclose(ours, values, atol=1e-9)


def test_error_of_the_regression_is_none_where_nothing_was_drawn() -> None:
    sample = library_sample(5, 30, np.random.RandomState(0))
    assert len(sample.masks) == 30
    table = np.random.default_rng(0).normal(size=(32, 1))
    phi, solve, residual = regressed(sample.masks, sample.weights, table[indices(sample.masks)], table[0], table[-1])
    np.testing.assert_allclose(phi, shapley_from_all(table), atol=1e-9)
    assert not sampled_error(sample, solve, residual).any()

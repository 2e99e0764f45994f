"""The axioms that define Shapley values, for every method that plays games, on games given as tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table_games import TableCase, smooth_table

from auditnn.kernels.coalitions import all_coalitions, shapley_from_all
from auditnn.methods.attribution import METHODS
from auditnn.methods.attribution.result import Attribution

WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "exact": ("exact_shapley", {}),
    "kernel, all coalitions": ("kernel_shap", {"masks": 1 << 9}),
    "kernel, leverage": ("kernel_shap", {"masks": 24}),
    "kernel, leverage, shared": ("kernel_shap", {"masks": 24, "draws": "shared"}),
    "kernel, as the library": ("kernel_shap", {"masks": 24, "sampler": "shap"}),
    "permutation": ("permutation_shapley", {"permutations": 3}),
}
EXACT = ("exact", "kernel, all coalitions")
GAMES = {"d": st.integers(1, 7), "k": st.integers(1, 3), "seed": st.integers(0, 2**32)}
every = pytest.mark.parametrize("way", WAYS)
exact = pytest.mark.parametrize("way", EXACT)


def values(way: str, *tables: np.ndarray, seed: int = 0) -> Attribution:
    name, options = WAYS[way]
    return METHODS[name].attribute(TableCase(tables, seed), **options)


def swapped(table: np.ndarray, one: int, other: int) -> np.ndarray:
    """The game in which two units have changed places."""
    masks = all_coalitions(len(table).bit_length() - 1)
    masks[:, [one, other]] = masks[:, [other, one]]
    result: np.ndarray = table[masks @ (1 << np.arange(masks.shape[1]))]
    return result


@every
@given(**GAMES)
@settings(max_examples=25)
def test_efficiency(way: str, d: int, k: int, seed: int) -> None:
    table = np.random.default_rng(seed).normal(size=(2**d, k))
    one = values(way, table)
    np.testing.assert_allclose(one.values[0].sum(axis=0), table[-1] - table[0], atol=1e-9)
    np.testing.assert_allclose(one.base[0], table[0])
    np.testing.assert_allclose(one.output[0], table[-1])


@every
@given(**GAMES)
@settings(max_examples=25)
def test_linearity(way: str, d: int, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = rng.normal(size=(2, 2**d, k))
    apart = [values(way, table).values[0] for table in (one, other)]
    np.testing.assert_allclose(values(way, 2.0 * one - 3.0 * other).values[0], 2 * apart[0] - 3 * apart[1], atol=1e-8)


@every
@given(**GAMES)
@settings(max_examples=25)
def test_symmetric_units_get_the_same_within_their_errors(way: str, d: int, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = smooth_table(d, k, rng)
    table = (table + swapped(table, 0, d - 1)) / 2.0
    one = values(way, table)
    apart = np.abs(one.values[0, 0] - one.values[0, d - 1])
    if way in EXACT:
        np.testing.assert_allclose(apart, 0.0, atol=1e-9)
    elif d > 2:
        assert one.error is not None
        loud = np.abs(table).max()
        assert (apart <= 12 * (one.error[0, 0] + one.error[0, d - 1]) + 1e-9 * loud).all()


@every
@given(**GAMES)
@settings(max_examples=25)
def test_a_dummy_gets_what_it_adds_within_its_error(way: str, d: int, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rest = smooth_table(d, k, rng)
    gain = rng.normal(size=k)
    table = np.concatenate([rest, rest + gain])  # the last unit adds the same to every coalition
    one = values(way, table)
    away = np.abs(one.values[0, d] - gain)
    if way in (*EXACT, "permutation"):
        np.testing.assert_allclose(away, 0.0, atol=1e-9)
    else:
        assert one.error is not None
        assert (away <= 12 * one.error[0, d] + 1e-9).all()


@exact
@given(d=st.integers(1, 7), k=st.integers(1, 2), seed=st.integers(0, 2**32))
@settings(max_examples=25)
def test_all_coalitions_give_shapley_values(way: str, d: int, k: int, seed: int) -> None:
    tables = np.random.default_rng(seed).normal(size=(3, 2**d, k))
    one = values(way, *tables)
    np.testing.assert_allclose(one.values, shapley_from_all(tables), atol=1e-9)
    assert one.error is None or not one.error.any()


@every
@pytest.mark.parametrize("d", [1, 2, 3, 8])
def test_constant_games_have_no_effects(way: str, d: int) -> None:
    one = values(way, np.full((2**d, 2), 3.5))
    np.testing.assert_allclose(one.values, 0.0, atol=1e-12)
    assert one.error is None or np.abs(one.error).max() < 1e-12


@every
def test_rows_may_differ_in_their_units(way: str) -> None:
    rng = np.random.default_rng(0)
    tables = [smooth_table(d, 2, rng) for d in (6, 1, 8, 6)]
    one = values(way, *tables)
    assert one.values.shape == (4, 8, 2)
    assert one.counts.tolist() == [6, 1, 8, 6]
    for row, table in enumerate(tables):
        np.testing.assert_allclose(one.values[row].sum(axis=0), table[-1] - table[0], atol=1e-9)
        assert not one.values[row, one.counts[row] :].any()


@every
def test_a_row_does_not_depend_on_its_company(way: str) -> None:
    rng = np.random.default_rng(0)
    name, options = WAYS[way]
    case = TableCase([smooth_table(7, 2, rng) for _ in range(5)], ids=[40, 10, 30, 20, 50])
    whole = METHODS[name].attribute(case, **options)
    part = METHODS[name].attribute(case.take(np.array([3, 1])), **options)
    np.testing.assert_allclose(part.values, whole.values[[3, 1]], atol=1e-12)
    if whole.error is not None:
        np.testing.assert_allclose(part.error, whole.error[[3, 1]], atol=1e-12)


@pytest.mark.parametrize("way", [way for way in WAYS if way not in EXACT])
def test_another_seed_gives_other_draws(way: str) -> None:
    table = smooth_table(9, 1, np.random.default_rng(0))
    first, again, other = (values(way, table, seed=seed).values for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-6

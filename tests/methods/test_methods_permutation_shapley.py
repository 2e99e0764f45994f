"""Shapley values from orders: the library's on the same orders, and an error that covers."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pytest
from shapley_cases import network
from table_games import TableCase, smooth_table

from auditnn.core.errors import SettingsError
from auditnn.kernels.coalitions import shapley_from_all
from auditnn.methods.attribution import permutation_shapley
from auditnn.methods.attribution.permutation_shapley import joining, orders_of
from auditnn.methods.attribution.uncompiled import uncompiled

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import shap


@pytest.fixture(autouse=True)
def plain_loops() -> Iterator[None]:
    with uncompiled():
        yield


@pytest.mark.parametrize(("d", "k"), [(3, 1), (7, 2)])
def test_equals_the_library_on_the_same_orders(d: int, k: int) -> None:
    case = network(d, k)
    ours = permutation_shapley(case, permutations=4)
    for row in range(len(case)):
        orders, seed = orders_of(case, row, d, 0, 4, "per_row")
        state = np.random.get_state()
        explainer = shap.PermutationExplainer(case.calls.forward, np.asarray(case.background_inputs, float), seed=seed)
        theirs = explainer(case.inputs[row : row + 1].astype(float), max_evals=len(orders) * (2 * d + 1), silent=True)
        np.random.set_state(state)
        np.testing.assert_allclose(ours.values[row], theirs.values.reshape(d, k), atol=1e-6)


def test_the_reference_engine_is_the_library() -> None:
    case = network(8, 2)
    fast, slow = (permutation_shapley(case, masks=100, engine=engine) for engine in ("fast", "reference"))
    np.testing.assert_allclose(fast.values, slow.values, atol=1e-6)


def test_orders_join_one_unit_at_a_time() -> None:
    masks = joining(np.array([[2, 0, 1]])).astype(int).tolist()
    assert masks == [[0, 0, 1], [1, 0, 1], [1, 1, 0], [0, 1, 0]]


def test_calls_are_what_was_said() -> None:
    case = network(6, 1, n=3, b=5)
    before = case.calls.bill.rows_forward
    permutation_shapley(case, masks=45)
    assert case.calls.bill.rows_forward - before == 3 * 4 * 10 * 5 + 3 + 5


def test_two_orders_at_least() -> None:
    with pytest.raises(SettingsError, match="two permutations"):
        permutation_shapley(network(3, 1), permutations=1)


def test_errors_cover() -> None:
    tables = [smooth_table(8, 1, np.random.default_rng(seed)) for seed in range(12)]
    truth = np.stack([shapley_from_all(table) for table in tables])
    inside = []
    for seed in range(25):
        one = permutation_shapley(TableCase(tables, seed), permutations=8)
        inside.append(np.abs(one.values - truth) <= 1.96 * one.error + 1e-12)
    assert 0.92 <= np.mean(inside) <= 0.98

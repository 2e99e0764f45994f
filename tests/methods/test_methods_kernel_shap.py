"""KernelSHAP: equal to the library on its own coalitions, closer to the truth on ours, honest about its error."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pytest
from shapley_cases import network, sample
from table_games import TableCase, smooth_table

from auditnn.core.errors import SettingsError
from auditnn.kernels.coalitions import shapley_from_all
from auditnn.methods.attribution import METHODS, kernel_shap
from auditnn.methods.attribution.coalition_draws import drawn
from auditnn.methods.attribution.uncompiled import uncompiled
from auditnn.methods.case import Case
from auditnn.methods.plain import case_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import shap


@pytest.fixture(autouse=True)
def plain_loops() -> Iterator[None]:
    with uncompiled():
        yield


def library(case: Case, row: int, masks: int, seed: int) -> shap.KernelExplainer:
    """The library's explainer after it explained a row of a plain model, np.random seeded as told."""
    explainer = shap.KernelExplainer(case.calls.forward, np.asarray(case.background_inputs, float))
    state = np.random.get_state()
    np.random.seed(seed)
    explainer.values = explainer.shap_values(case.inputs[row].astype(float), nsamples=masks, l1_reg=0, silent=True)
    np.random.set_state(state)
    return explainer


@pytest.mark.parametrize(("d", "k", "masks"), [(8, 2, 100), (12, 1, 300), (5, 3, 1000)])
def test_a_whole_run_equals_the_library(d: int, k: int, masks: int) -> None:
    case = network(d, k)
    ours = kernel_shap(case, masks=masks, sampler="shap")
    for row in range(len(case)):
        draw = drawn(case, row, d, masks, "shap", "per_row")
        theirs = library(case, row, masks, getattr(draw, "seed", 0))
        np.testing.assert_allclose(ours.values[row], theirs.values.reshape(d, k), atol=1e-6)


def test_the_reference_engine_is_the_library() -> None:
    case = network(9, 2)
    for sampler in ("shap", "leverage"):
        fast = kernel_shap(case, masks=120, sampler=sampler)
        slow = kernel_shap(case, masks=120, sampler=sampler, engine="reference")
        np.testing.assert_allclose(fast.values, slow.values, atol=1e-6)
        np.testing.assert_allclose(fast.base, slow.base, atol=1e-6)
        assert "shap." in slow.facts["engine"]


@pytest.mark.parametrize(
    ("name", "masks", "b"),
    [("diabetes", 64, 30), ("diabetes", 256, 30), ("credit", 64, 20), ("credit", 512, 20), ("digits", 128, 5)],
)
def test_leverage_has_at_most_half_the_squared_error(name: str, masks: int, b: int) -> None:
    case = sample(name, 4 if name == "digits" else 10, b)
    truth = METHODS["exact_shapley"].attribute(case).values
    ours, theirs = [], []
    for seed in range(3):
        again = Case(**{**{f: getattr(case, f) for f in case.__dataclass_fields__}, "seed": seed})
        ours.append(kernel_shap(again, masks=masks).values - truth)
        theirs.append(kernel_shap(again, masks=masks, sampler="shap").values - truth)
    assert np.mean(np.square(ours)) <= 0.5 * np.mean(np.square(theirs))


@pytest.mark.parametrize("sampler", ["leverage", "shap"])
def test_a_linear_model_is_exact_from_few_coalitions(sampler: str) -> None:
    case = sample("perceptron", 5, 20)
    truth = METHODS["linear_shapley"].attribute(case).values
    one = kernel_shap(case, masks=128, sampler=sampler)
    np.testing.assert_allclose(one.values, truth, atol=1e-5)
    assert one.error.max() < 1e-5


def test_calls_are_what_was_said() -> None:
    case = network(12, 2, n=4, b=7)
    before = case.calls.bill.rows_forward
    kernel_shap(case, masks=200)
    assert case.calls.bill.rows_forward - before == 4 * 200 * 7 + 4 + 7


@pytest.mark.parametrize("sampler", ["leverage", "shap"])
def test_all_coalitions_are_asked_where_that_is_enough(sampler: str) -> None:
    case = network(6, 2)
    one = kernel_shap(case, masks=62, sampler=sampler)
    assert not one.error.any()
    assert one.facts["coalitions"] == "all"
    np.testing.assert_allclose(one.values, METHODS["exact_shapley"].attribute(case).values, atol=1e-9)


@pytest.mark.parametrize("sampler", ["leverage", "shap"])
def test_features_that_do_not_differ_have_no_effect(sampler: str) -> None:
    rng = np.random.default_rng(0)
    slope = rng.normal(size=(11, 6))
    rows, background = rng.normal(size=(3, 11)), rng.normal(size=(5, 11))
    background[:, 4] = rows[1, 4] = 2.0
    case = case_of(lambda x: np.tanh(x @ slope).sum(axis=1), rows, background)
    one = kernel_shap(case, masks=60, sampler=sampler)
    assert one.values[1, 4, 0] == one.error[1, 4, 0] == 0.0
    assert one.values[0, 4, 0] != 0.0
    np.testing.assert_allclose(one.values.sum(axis=1), one.output - one.base, atol=1e-9)


@pytest.mark.parametrize("sampler", ["leverage", "shap"])
@pytest.mark.parametrize("masks", [2, 3, 10, 40, 300])
def test_hard_cases_stay_numbers(sampler: str, masks: int) -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(3, 9))
    rows[:, 1] = rows[:, 0]  # a column twice
    for model in (lambda x: x[:, 0] + x[:, 1], lambda x: np.zeros(len(x)), lambda x: (x.prod(axis=1) > 0) * 1.0):
        one = kernel_shap(case_of(model, rows, rows[:1]), masks=masks, sampler=sampler)
        assert np.isfinite(one.values).all()
        assert np.isfinite(one.error).all()
        np.testing.assert_allclose(one.values.sum(axis=1), one.output - one.base, atol=1e-9)
        assert not one.values[0].any()  # the background itself


def test_shared_draws_are_told() -> None:
    case = TableCase([smooth_table(9, 1, np.random.default_rng(0))] * 3)
    shared, own = (kernel_shap(case, masks=40, draws=draws) for draws in ("shared", "per_row"))
    np.testing.assert_array_equal(shared.values[0], shared.values[1])
    assert np.abs(own.values[0] - own.values[1]).max() > 1e-9
    assert "same coalitions" in shared.notes[0]
    assert not own.notes


def test_too_few_coalitions_are_told() -> None:
    case = TableCase([smooth_table(12, 1, np.random.default_rng(0))])
    assert "fewer pairs" in kernel_shap(case, masks=20).notes[0]
    with pytest.raises(SettingsError, match="two coalitions"):
        kernel_shap(case, masks=1)


def test_large_samples_put_a_surrogate_of_a_part_right() -> None:
    table = smooth_table(14, 1, np.random.default_rng(1))
    ours, theirs = (kernel_shap(TableCase([table]), masks=10_000, sampler=sampler) for sampler in ("leverage", "shap"))
    truth = shapley_from_all(table)
    assert (np.abs(ours.values[0] - truth) <= 6 * ours.error[0] + 1e-12).all()
    assert np.mean((ours.values[0] - truth) ** 2) <= 0.5 * np.mean((theirs.values[0] - truth) ** 2)


def coverage(sampler: str, masks: int, tables: list[np.ndarray], rounds: int) -> float:
    truth = np.stack([shapley_from_all(table) for table in tables])
    inside = []
    for seed in range(rounds):
        one = kernel_shap(TableCase(tables, seed), masks=masks, sampler=sampler)
        inside.append(np.abs(one.values - truth) <= 1.96 * one.error)
    return float(np.mean(inside))


def test_errors_cover_on_a_known_game() -> None:
    tables = [smooth_table(10, 2, np.random.default_rng(seed)) for seed in range(12)]
    for sampler in ("leverage", "shap"):
        assert 0.92 <= coverage(sampler, 128, tables, 12) <= 0.985


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["leverage", "shap"])
@pytest.mark.parametrize("masks", [96, 256, 700])
@pytest.mark.parametrize("kind", ["smooth", "random", "threshold"])
def test_errors_cover_in_many_games(sampler: str, masks: int, kind: str) -> None:
    tables = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        table = rng.normal(size=(1 << 11, 1)) if kind == "random" else smooth_table(11, 1, rng)
        tables.append((table > np.median(table)) * 1.0 if kind == "threshold" else table)
    assert 0.92 <= coverage(sampler, masks, tables, 60) <= 0.99

"""The library as a reference: it agrees, and a kernel that is off by one percent is seen."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from shapley_cases import network, sample

from auditnn.methods.attribution import METHODS
from auditnn.methods.attribution.coalition_draws import design
from auditnn.methods.attribution.shap_reference import reference_difference
from auditnn.methods.attribution.uncompiled import uncompiled
from auditnn.methods.case import Case
from auditnn.methods.games.tabular import InputGames
from auditnn.methods.plain import case_of

PACKAGE = "auditnn.methods.attribution"
TOLERANCE = 1e-6
WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "exact": ("exact_shapley", {}),
    "leverage": ("kernel_shap", {"masks": 150}),
    "library's sampler": ("kernel_shap", {"masks": 150, "sampler": "shap"}),
    "all coalitions": ("kernel_shap", {"masks": 4000}),
    "permutation": ("permutation_shapley", {"masks": 100}),
}


@pytest.fixture(autouse=True)
def plain_loops() -> Iterator[None]:
    with uncompiled():
        yield


def difference(case: Case, way: str) -> float:
    name, options = WAYS[way]
    found = reference_difference(case, METHODS[name].attribute(case, **options), [0, 2])
    assert found is not None
    return found


@pytest.mark.parametrize("way", WAYS)
def test_agrees_on_arrays(way: str) -> None:
    assert difference(network(10, 2), way) < TOLERANCE


@pytest.mark.parametrize("way", ["leverage", "library's sampler", "permutation"])
@pytest.mark.parametrize(("name", "scale"), [("diabetes", 100.0), ("credit", 1.0), ("digits", 5.0)])
def test_agrees_on_samples(name: str, scale: float, way: str) -> None:
    assert difference(sample(name, 3, 6), way) < TOLERANCE * scale


def test_agrees_beyond_what_can_be_enumerated() -> None:
    assert difference(network(30, 2), "leverage") < TOLERANCE


def test_agrees_where_a_surrogate_has_seen_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditnn.methods.attribution.coalition_draws.MOST_PAIRS", 60)
    design.cache_clear()
    try:
        for d in (11, 16):
            assert difference(network(d, 2), "leverage") < TOLERANCE
    finally:
        design.cache_clear()


def test_agrees_on_data_frames() -> None:
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    frame = pandas.DataFrame({f"x{i}": rng.normal(size=6) for i in range(8)})
    frame["kind"] = pandas.Categorical(["a", "b", "c", "a", "b", "c"])

    def model(rows: Any) -> np.ndarray:
        numbers = rows[[f"x{i}" for i in range(8)]].to_numpy()
        result: np.ndarray = np.tanh(numbers.sum(axis=1)) * (1.0 + (rows["kind"] == "a").to_numpy())
        return result

    case = case_of(model, frame, frame)
    assert difference(case, "leverage") < TOLERANCE
    assert difference(case, "exact") < TOLERANCE


def test_linear_values_agree() -> None:
    case = sample("perceptron", 3, 10)
    found = reference_difference(case, METHODS["linear_shapley"].attribute(case), [0, 1])
    assert found is not None
    assert found < 1e-5


def test_there_is_none_for_what_the_library_does_not_do() -> None:
    case = network(4, 1)
    assert reference_difference(case, METHODS["random_attribution"].attribute(case), [0]) is None


@pytest.mark.parametrize(
    ("way", "kernel"),
    [
        ("exact", "shapley_from_all"),
        ("all coalitions", "shapley_from_all"),
        ("library's sampler", "regressed"),
        ("leverage", "estimated"),
        ("leverage", "odd_values"),
    ],
)
def test_a_kernel_off_by_one_percent_is_seen(way: str, kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module(f"{PACKAGE}.{WAYS[way][0]}")  # the package has the function under this name
    right = getattr(module, kernel)

    def wrong(*args: Any) -> Any:
        result = right(*args)
        return (1.01 * result[0], *result[1:]) if isinstance(result, tuple) else 1.01 * result

    monkeypatch.setattr(module, kernel, wrong)
    assert difference(network(10, 2), way) > 1000 * TOLERANCE


@pytest.mark.parametrize("kernel", ["interaction_kernel", "kernel_shapley", "pair_weights"])
def test_a_part_of_the_surrogate_off_by_one_percent_is_seen(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from auditnn.kernels import surrogate

    right = getattr(surrogate, kernel)
    monkeypatch.setattr(surrogate, kernel, lambda *args: 1.01 * right(*args))
    design.cache_clear()
    try:
        assert difference(network(10, 2), "leverage") > 10 * TOLERANCE
    finally:
        design.cache_clear()


def test_a_gain_off_by_one_percent_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    permutation, linear = (import_module(f"{PACKAGE}.{name}_shapley") for name in ("permutation", "linear"))
    right = permutation._solved
    monkeypatch.setattr(permutation, "_solved", lambda *args: (1.01 * right(*args)[0], right(*args)[1]))
    assert difference(network(10, 2), "permutation") > 1000 * TOLERANCE
    structure = linear.by_structure
    monkeypatch.setattr(linear, "by_structure", lambda case: [1.01 * one for one in structure(case) or []])
    case = sample("perceptron", 3, 10)
    found = reference_difference(case, METHODS["linear_shapley"].attribute(case), [0])
    assert found is not None
    assert found > 1000 * TOLERANCE


def test_a_game_that_hides_the_wrong_rows_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    right = InputGames.inputs
    monkeypatch.setattr(InputGames, "inputs", lambda self, pieces: 1.01 * right(self, pieces))
    assert difference(network(10, 2), "leverage") > 1000 * TOLERANCE

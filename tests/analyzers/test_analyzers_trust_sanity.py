"""Sanity: what does not look at the parameters is at 1, exact explanations near 0, and Quantus sees the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from one_analyzer import answers
from torch import nn
from trust_cases import linear, method, network, pictures

from auditnn.analyzers.trust.explained import Explained
from auditnn.analyzers.trust.sanity import randomized, shared_out
from auditnn.core.errors import NotApplicable
from auditnn.methods.attribution import METHODS
from auditnn.methods.case import Case
from auditnn.methods.plain import case_of
from auditnn.methods.randomized import cascade
from auditnn.subjects.build import from_function, from_torch

ID = "trust.sanity"
GOLDEN = Path(__file__).parents[1] / "golden" / "quantus_trust.json"


def test_what_ignores_the_parameters_is_at_one() -> None:
    found = answers(network(), ID, methods=("input_values", "random_attribution", "exact_shapley"))
    for control in ("input_values", "random_attribution"):
        one = found["randomization_similarity", control]
        assert (one.value, one.low, one.high) == (1.0, 1.0, 1.0)
    exact = found["randomization_similarity", "exact_shapley"]
    assert exact.high is not None
    assert exact.high < 0.5
    assert exact.n == 20


def test_one_linear_layer_forgets_all_of_its_signs() -> None:
    """Values w (x - mean): with symmetric new weights the correlation is 0 in expectation."""
    found = answers(linear(), ID, methods=("exact_shapley", "gradient"), randomizations=200, rows=60)
    for name in ("exact_shapley", "gradient"):
        one = found["randomization_similarity", name]
        assert one.low is not None
        assert one.high is not None
        assert one.low < 0 < one.high
        assert one.high - one.low < 0.2


def test_the_layer_that_a_method_looks_at_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """A method that shows the first layer's weights stays the same until the last step of the cascade."""

    def first_weights(case: Case) -> np.ndarray:
        weight = case.calls.model.module[0].weight.detach().numpy()  # type: ignore[attr-defined]
        return np.repeat(weight.sum(axis=0)[None, :, None], len(case), axis=0)

    monkeypatch.setitem(METHODS, "first_weights", method("first_weights", first_weights))
    found = answers(network(), ID, methods=("first_weights",), randomizations=40)
    shown = found.exhibit("cascade").columns
    assert shown["randomized down to"] == ["1. 4", "2. 2", "3. 0"]
    assert shown["rank correlation"][:2] == [1.0, 1.0]
    assert abs(shown["rank correlation"][2]) < 0.3
    assert found.value("randomization_similarity", "first_weights") == pytest.approx(
        np.mean(shown["rank correlation"]), abs=1e-9
    )


def test_maps_are_compared_pixel_by_pixel() -> None:
    """Guided backpropagation draws what the first layer sees; the plain gradient changes with every layer."""
    found = answers(pictures(), ID, methods=("guided_backpropagation", "gradient", "input_values"))
    guided, plain = (found[("randomization_similarity", name)] for name in ("guided_backpropagation", "gradient"))
    assert guided.low is not None
    assert plain.high is not None
    assert guided.low > plain.high + 0.1
    assert found.value("randomization_similarity", "input_values") == 1.0


def test_the_subject_stays_as_it_was() -> None:
    subject = network()
    before = {name: value.clone() for name, value in subject.model.module.state_dict().items()}  # type: ignore[union-attr]
    answers(subject, ID, methods=("gradient",))
    after = subject.model.module.state_dict()  # type: ignore[union-attr]
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_rows_are_shared_out() -> None:
    assert shared_out(20, 10).tolist() == np.arange(20).reshape(10, 2).tolist()
    assert shared_out(3, 4).tolist() == [[0], [1], [2], [0]]
    assert shared_out(1, 10).tolist() == [[0]] * 10


def test_one_row_is_randomized_as_often() -> None:
    one = answers(network(), ID, methods=("exact_shapley",), rows=1)["randomization_similarity", "exact_shapley"]
    assert one.n == 20
    assert one.low is not None
    assert one.high is not None
    assert one.low < (one.value or 0) < one.high


def test_only_torch_modules_forget() -> None:
    X = np.zeros((5, 2))
    subject = from_function(lambda x: np.asarray(x)[:, 0], X, np.zeros(5), task="regression", output="values")
    with pytest.raises(NotApplicable, match="a function model has no parameters that could be randomized"):
        answers(subject, ID)


def test_values_without_ranks_have_no_similarity() -> None:
    found = answers(linear(np.zeros(6)), ID, methods=("gradient", "input_values"))
    flat = found["randomization_similarity", "gradient"]
    assert flat.status == "undefined"
    assert "no ranks to compare" in (flat.reason or "")


def golden_module(state: dict[str, Any]) -> nn.Module:
    module = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.Tanh(), nn.Linear(8, 3)).eval()
    module.load_state_dict({name: torch.tensor(value) for name, value in state.items()})
    return module


def test_quantus_sees_the_same_along_a_cascade(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same images, module and randomized weights: the same correlations of signed gradients, layer by layer."""
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    pixels, y = np.array(golden["x"], dtype=np.float32), np.array(golden["y"])
    case = case_of(golden_module(golden["curved"]), pixels, pixels, target=y)
    trained = METHODS["gradient"].attribute(case)
    assert trained.maps is not None

    def replayed(given: Case, number: int) -> Iterator[tuple[str, Case]]:
        assert number == 0
        steps = zip(golden["randomized"]["layers"], golden["randomized"]["weights"], strict=True)
        for name, state in steps:
            other = case_of(golden_module(state), pixels, pixels, target=y)
            yield name, replace(given, calls=other.calls)

    monkeypatch.setattr("auditnn.analyzers.trust.sanity.cascade", replayed)
    explained = Explained(values=trained.of(y), output=np.zeros(len(y)), maps=trained.maps, segments=trained.segments)
    table, names = randomized(case, 0, np.arange(len(y)), {"gradient": explained}, {"gradient": {}})
    assert names == golden["randomized"]["layers"]
    assert pytest.approx(np.array(golden["randomized"]["similarities"]), abs=1e-9) == table[:, 0].T


def test_our_cascade_takes_the_layers_in_the_order_that_quantus_does() -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    pixels = np.array(golden["x"], dtype=np.float32)
    case = case_of(golden_module(golden["curved"]), pixels, pixels)
    assert [name for name, _ in cascade(case, 0)] == golden["randomized"]["layers"]


def test_batch_normalisation_and_more_than_one_row_each() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3)).eval()
    X = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)
    subject = from_torch(module, X, np.arange(40) % 3, output="logits", task="multiclass")
    found = answers(subject, ID, methods=("exact_shapley", "gradient"), rows=40, randomizations=10)
    assert found.exhibit("cascade").columns["randomized down to"][:2] == ["1. 3", "2. 0"]
    assert found["randomization_similarity", "gradient"].n == 10

"""The outputs that explanations are about: closed forms, and derivatives that agree with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from auditnn.core.subject import Subject
from auditnn.subjects import build
from auditnn.subjects.calls import Calls
from auditnn.subjects.outputs import explained, predictions

N, D = 40, 3
X = np.random.default_rng(5).normal(size=(N, D))
Y = (X[:, 0] > 0).astype(int)
Y3 = np.digitize(X[:, 0], [-0.5, 0.5])


def network(width: int, last: torch.nn.Module | None = None) -> torch.nn.Module:
    torch.manual_seed(width)
    layers = [torch.nn.Linear(D, 5), torch.nn.Tanh(), torch.nn.Linear(5, width), *([last] if last else [])]
    return torch.nn.Sequential(*layers).double().eval()


def answers(subject: Subject) -> tuple[np.ndarray, np.ndarray]:
    raw = Calls(subject).outputs(subject.test.rows)  # type: ignore[arg-type]
    return raw, explained(raw, subject)


@pytest.mark.parametrize("positive", [0, 1])
def test_one_logit_is_its_negative_for_the_other_class(positive: int) -> None:
    raw, columns = answers(build.from_torch(network(1), X, Y, task="binary", output="logits", positive=positive))
    assert np.array_equal(columns[:, positive], raw[:, 0])
    assert np.array_equal(columns[:, 1 - positive], -raw[:, 0])


@pytest.mark.parametrize("positive", [0, 1])
def test_one_probability_is_its_complement_for_the_other_class(positive: int) -> None:
    p = 1 / (1 + np.exp(-X[:, 0]))
    _, columns = answers(build.from_function(lambda _: p, X, Y, task="binary", positive=positive))
    assert np.array_equal(columns[:, positive], p)
    assert np.array_equal(columns.sum(axis=1), np.ones(N))


def test_a_column_for_each_class_is_taken_as_it_is() -> None:
    for width, y, task, output in ((2, Y, "binary", "logits"), (3, Y3, "multiclass", "logits")):
        raw, columns = answers(build.from_torch(network(width), X, y, task=task, output=output))
        assert np.array_equal(columns, raw)
        assert columns.shape == (N, width)
    raw, columns = answers(build.from_torch(network(1), X, X[:, 0], task="regression"))
    assert np.array_equal(columns, raw)
    assert columns.shape == (N, 1)


def test_labels_are_the_indicator_of_the_class_in_class_order() -> None:
    names = np.array(["no", "yes"])
    subject = build.from_function(
        lambda a: names[(a[:, 0] > 0).astype(int)], X, names[Y], task="binary", output="labels", positive="no"
    )
    assert np.array_equal(answers(subject)[1], np.eye(2)[Y])


@pytest.mark.parametrize(
    ("width", "y", "keys"),
    [
        (1, Y, {"task": "binary", "output": "logits", "positive": 0}),
        (1, Y, {"task": "binary", "output": "logits", "positive": 1}),
        (1, Y, {"task": "binary", "output": "probabilities", "positive": 0}),
        (2, Y, {"task": "binary", "output": "logits", "positive": 0}),
        (3, Y3, {"task": "multiclass", "output": "logits"}),
        (3, Y3, {"task": "multiclass", "output": "probabilities"}),
        (1, X[:, 1], {"task": "regression", "output": "values"}),
    ],
)
def test_gradients_are_finite_differences_of_what_is_explained(width: int, y: np.ndarray, keys: dict[str, Any]) -> None:
    last = None
    if keys["output"] == "probabilities":
        last = torch.nn.Sigmoid() if width == 1 else torch.nn.Softmax(dim=1)
    subject = build.from_torch(network(width, last), X, y, **keys)
    calls, step = Calls(subject), 1e-6
    for target in range(explained(calls.forward(X[:1]), subject).shape[1]):
        found = calls.input_gradients(X, target)
        for j in range(D):
            moved = step * np.eye(D)[j]
            above, below = (explained(calls.forward(X + sign * moved), subject)[:, target] for sign in (1, -1))
            assert found[:, j] == pytest.approx((above - below) / (2 * step), abs=1e-7)


def test_the_explained_column_of_the_predicted_class_is_the_larger_one() -> None:
    subject = build.from_torch(network(1), X, Y, task="binary", output="logits", positive=0)
    raw, columns = answers(subject)
    assert np.array_equal(columns.argmax(axis=1), predictions(raw, subject).prediction)


def test_a_model_stays_ready_for_a_run_of_calls() -> None:
    module = network(1).train()
    calls = Calls(build.from_torch(module, X, Y, task="binary", output="logits"))
    with calls.prepared():
        assert not module.training
        calls.forward(X)
        assert not module.training
    assert module.training

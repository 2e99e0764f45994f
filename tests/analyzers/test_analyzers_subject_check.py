"""subject.check: models that answer differently, by known amounts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from one_analyzer import answers
from sklearn.svm import LinearSVC

from auditnn.core.errors import NotApplicable
from auditnn.subjects.build import from_function, from_predictions, from_sklearn, from_torch

ID = "subject.check"
X = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
Y = np.arange(60) % 2


def steady(x: Any) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-np.asarray(x)[:, 0])))


def test_a_steady_function_answers_the_same() -> None:
    found = answers(from_function(steady, X, Y, task="binary"), ID)
    assert found.value("repeat_difference") == 0.0
    assert found.value("batch_difference") < 1e-7
    assert found["train_mode"].status == "not_applicable"
    assert (
        found["probability_sum_error"].reason == "the model gives one probability per row, so there is nothing to sum"
    )


def test_a_model_that_answers_by_the_call() -> None:
    """Every second call adds 0.125: that is the difference between asking twice."""
    calls = iter(range(10**6))

    def moody(x: Any) -> np.ndarray:
        return steady(x) * 0.5 + 0.125 * (next(calls) % 2)

    assert answers(from_function(moody, X, Y, task="binary"), ID).value("repeat_difference") == pytest.approx(0.125)


def test_a_model_that_looks_at_its_neighbors() -> None:
    """Subtracting the batch's mean changes nothing between equal batches, and everything for a row on its own."""

    def normalized(x: Any) -> np.ndarray:
        return steady(np.asarray(x) - np.asarray(x).mean(axis=0))

    found = answers(from_function(normalized, X, Y, task="binary"), ID)
    assert found.value("repeat_difference") == 0.0
    assert found.value("batch_difference") > 0.1


def test_batch_normalization_left_in_train_mode_is_told_and_audited_in_eval_mode() -> None:
    module = torch.nn.Sequential(torch.nn.BatchNorm1d(3), torch.nn.Linear(3, 1), torch.nn.Dropout(0.5))
    found = answers(from_torch(module.train(), X, Y, output="logits"), ID)
    assert found.value("train_mode") == 1.0
    assert found.value("repeat_difference") == 0.0
    assert found.value("batch_difference") < 1e-6
    assert module.training
    assert answers(from_torch(module.eval(), X, Y, output="logits"), ID).value("train_mode") == 0.0


def test_probabilities_that_do_not_sum_to_one() -> None:
    def leaky(x: Any) -> np.ndarray:
        return np.stack([1 - steady(x), steady(x) * 0.9], axis=1)

    found = answers(from_function(leaky, X, Y, task="binary"), ID, rows=60)
    assert found.value("probability_sum_error") == pytest.approx(0.1 * steady(X).max(), rel=1e-6)


def test_labels_differ_by_share_of_rows() -> None:
    calls = iter(range(10**6))

    def flips(x: Any) -> np.ndarray:
        label = (np.asarray(x)[:, 0] > 0).astype(int)
        return 1 - label if next(calls) == 2 and len(label) > 1 else label

    found = answers(from_function(flips, X, Y, task="binary", output="labels"), ID)
    assert found["repeat_difference"].unit == "share"
    assert {found.value("repeat_difference"), found.value("batch_difference")} <= {0.0, 1.0}
    assert max(found.value("repeat_difference"), found.value("batch_difference")) == 1.0


def test_regression_differences_are_in_standard_deviations() -> None:
    """Adding one standard deviation on every second call, in units a million times larger, is a difference of one."""
    calls = iter(range(10**6))
    spread = 1e6 * X[:, 0].astype(float).std()

    def drifting(x: Any) -> np.ndarray:
        return 1e6 * np.asarray(x)[:, 0].astype(float) + spread * (next(calls) % 2)

    found = answers(from_function(drifting, X, X[:, 1], task="regression", output="values"), ID)
    assert found.value("repeat_difference") == pytest.approx(1.0)
    assert found["repeat_difference"].unit == "standard deviations"


def test_decision_functions_and_few_rows() -> None:
    found = answers(from_sklearn(LinearSVC().fit(X, Y), X[:1], Y[:1], classes=[0, 1]), ID)
    assert found.value("repeat_difference") == 0.0
    assert found["repeat_difference"].n == 1


def test_stored_predictions_cannot_be_asked() -> None:
    with pytest.raises(NotApplicable):
        answers(from_predictions([0, 1], [0, 1], task="binary"), ID)


def test_encode_is_asked_for_few_rows_alone_and_the_model_for_all_of_them() -> None:
    encoded: list[int] = []
    asked: list[int] = []

    def encode(frame: Any) -> np.ndarray:
        encoded.append(len(frame))
        return np.asarray(frame.to_numpy(), dtype=np.float32)

    class Counted(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = torch.nn.Linear(3, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            asked.append(len(x))
            inner: torch.Tensor = self.inner(x)
            return inner

    answers(from_torch(Counted(), X, Y, task="binary", output="logits", encode=encode), ID)
    assert encoded.count(1) == 3
    assert asked.count(1) == 32


def test_an_encoder_that_looks_at_its_neighbors() -> None:
    """The model is steady; what `encode` makes of a row depends on the rows beside it."""

    def encode(frame: Any) -> np.ndarray:
        values = frame.to_numpy()
        return np.asarray(values - values.mean(axis=0), dtype=np.float32)

    torch.manual_seed(0)
    subject = from_torch(torch.nn.Linear(3, 1), X, Y, task="binary", output="logits", encode=encode)
    found = answers(subject, ID)
    assert found.value("repeat_difference") == 0.0
    assert found.value("batch_difference") > 0.05

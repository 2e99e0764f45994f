"""The counted path: what it computes, what it counts, and what it leaves as it was."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from auditnn.core.errors import BudgetSpent, NotApplicable, SubjectError
from auditnn.core.subject import Subject
from auditnn.subjects import build
from auditnn.subjects.calls import BATCH_BYTES, MOST, Calls
from auditnn.subjects.check import first_predictions

N, D = 10_000, 4
X = np.random.default_rng(2).normal(size=(N, D)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int)
W = np.array([[1.0, -2.0, 0.5, 3.0]], dtype=np.float32)


def linear(weights: np.ndarray = W) -> torch.nn.Linear:
    module = torch.nn.Linear(weights.shape[1], len(weights)).eval()
    with torch.no_grad():
        module.weight.copy_(torch.from_numpy(weights))
        module.bias.zero_()
    return module


def subject_of(module: torch.nn.Module, **keywords: Any) -> Subject:
    return build.from_torch(module, X, Y, **{"task": "binary", "output": "logits", **keywords})


def test_batches_are_counted_and_change_nothing() -> None:
    subject = subject_of(linear())
    calls = Calls(subject)
    together = calls.outputs(subject.test.rows)
    assert calls.batch_rows == MOST
    assert (calls.bill.rows_forward, calls.bill.rows_backward) == (N, 0)
    assert calls.bill.seconds > 0
    assert together == pytest.approx(X.astype(float) @ W.T, abs=1e-5)
    assert together.dtype == np.float64
    apart = Calls(subject, batch_rows=37).outputs(subject.test.rows)
    assert apart == pytest.approx(together, abs=1e-6)


def test_a_fresh_bill_is_added_to_the_outer_one_also_after_an_error() -> None:
    subject = subject_of(linear())
    calls = Calls(subject)
    rows = subject.test.rows.take(np.arange(10))  # type: ignore[union-attr]
    calls.outputs(rows)
    with calls.billed() as bill:
        calls.outputs(rows)
        calls.gradients(rows, 1)
    broken = subject.test.rows.feature  # type: ignore[union-attr]
    with pytest.raises(KeyError), calls.billed():
        broken(str(calls.outputs(rows)))
    assert (bill.rows_forward, bill.rows_backward) == (20, 10)
    assert (calls.bill.rows_forward, calls.bill.rows_backward) == (40, 10)


def test_gradients_of_one_logit_have_the_sign_of_the_class() -> None:
    for positive in (0, 1):
        subject = subject_of(linear(), positive=positive)
        calls, rows = Calls(subject), subject.test.rows
        assert rows is not None
        for target in (0, 1):
            sign = 1 if target == positive else -1
            assert np.array_equal(calls.gradients(rows, target), np.tile(sign * W, (N, 1)))
        own = calls.gradients(rows, Y)
        assert np.array_equal(own, np.where(Y[:, None] == positive, W, -W))


def test_gradients_of_many_outputs_are_those_of_the_target() -> None:
    weights = np.arange(12, dtype=np.float32).reshape(3, D)
    y = np.arange(N) % 3
    subject = build.from_torch(linear(weights), X, y, task="multiclass", output="logits")
    assert np.array_equal(Calls(subject).gradients(subject.test.rows, y), weights[y])


def test_gradients_of_a_curve_and_of_images() -> None:
    class Squares(torch.nn.Module):
        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return (inputs**2).flatten(1).sum(dim=1)

    subject = build.from_torch(Squares(), X, X[:, 0], task="regression", output="values")
    assert Calls(subject).gradients(subject.test.rows, 0) == pytest.approx(2 * X)
    pixels = np.random.default_rng(0).random((20, 2, 3, 3)).astype(np.float32)
    images = build.from_torch(Squares(), pixels, Y[:20], task="binary", output="logits")
    assert Calls(images).gradients(images.test.rows, 1) == pytest.approx(2 * pixels)


def test_modes_and_gradient_flags_come_back_also_after_an_error() -> None:
    class Breaks(torch.nn.Module):
        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            assert not self.training
            raise RuntimeError("broken")

    inner = torch.nn.BatchNorm1d(D)
    module = torch.nn.Sequential(inner, torch.nn.Dropout(), linear())
    module.train()
    inner.eval()
    module[2].bias.requires_grad_(False)
    modes = [part.training for part in module.modules()]
    flags = [parameter.requires_grad for parameter in module.parameters()]
    subject = subject_of(module)
    calls = Calls(subject)
    first = calls.outputs(subject.test.rows)
    calls.gradients(subject.test.rows, 1)
    assert np.array_equal(first, calls.outputs(subject.test.rows))  # dropout was off
    broken = Calls(subject_of(torch.nn.Sequential(module, Breaks())))
    for call in (broken.outputs, lambda rows: broken.gradients(rows, 1)):
        with pytest.raises(RuntimeError, match="broken"):
            call(subject.test.rows)
    assert [part.training for part in module.modules()] == modes
    assert [parameter.requires_grad for parameter in module.parameters()] == flags
    assert all(parameter.grad is None for parameter in module.parameters())
    assert int(inner.num_batches_tracked) == 0


def test_no_graph_is_kept_and_no_parameter_gradient_is_asked_for() -> None:
    seen: list[tuple[bool, bool]] = []

    class Looks(torch.nn.Linear):
        def forward(self, input: torch.Tensor) -> torch.Tensor:
            seen.append((torch.is_inference_mode_enabled(), self.weight.requires_grad))
            return super().forward(input)

    subject = subject_of(Looks(D, 1).eval())
    rows = subject.test.rows.take(np.arange(3))  # type: ignore[union-attr]
    Calls(subject).outputs(rows)
    Calls(subject).gradients(rows, 1)
    assert seen == [(True, True), (False, False)]


def test_batches_depend_on_shapes_alone() -> None:
    def rows_for(*shape: int) -> int:
        pixels = np.zeros((2, *shape), dtype=np.float32)
        subject = build.from_torch(torch.nn.Flatten(), pixels, [0, 1], task="binary", output="logits")
        return Calls(subject).batch_rows

    assert rows_for(1, 8, 8) == MOST
    assert rows_for(3, 32, 32) == BATCH_BYTES // (4 * 3 * 32 * 32)
    assert rows_for(3, 1024, 1024) == 8


def test_the_deadline_stops_the_next_batch() -> None:
    subject = subject_of(linear())
    calls = Calls(subject, deadline=time.monotonic() - 1)
    with pytest.raises(BudgetSpent):
        calls.outputs(subject.test.rows)
    with pytest.raises(BudgetSpent):
        calls.gradients(subject.test.rows, 1)
    with pytest.raises(BudgetSpent):
        calls.check_deadline()
    assert calls.bill.rows_forward == 0
    Calls(subject, deadline=time.monotonic() + 60).check_deadline()


def test_what_is_not_there_is_not_applicable() -> None:
    stored = build.from_predictions(Y, Y)
    with pytest.raises(NotApplicable):
        Calls(stored)
    subject = build.from_function(lambda a: a[:, 0] > 0, X, Y)
    with pytest.raises(NotApplicable, match="gradients"):
        Calls(subject).gradients(subject.test.rows, 1)


def test_outputs_and_inputs_without_a_gradient_are_not_applicable() -> None:
    class Sign(torch.nn.Module):
        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return (inputs[:, 0] > 0).float()

    hard = subject_of(Sign(), output="labels")
    with pytest.raises(NotApplicable, match="no gradient"):
        Calls(hard).gradients(hard.test.rows, 1)
    frame = pd.DataFrame({"a": np.arange(N) % 5})
    module = torch.nn.Sequential(torch.nn.Embedding(5, 1), torch.nn.Flatten()).eval()
    coded = build.from_torch(module, frame, Y, output="logits", encode=lambda table: table.to_numpy("int64"))
    assert len(Calls(coded).outputs(coded.test.rows)) == N
    with pytest.raises(NotApplicable, match="int64"):
        Calls(coded).gradients(coded.test.rows, 1)


def test_logits_that_look_like_probabilities_are_hinted_at(caplog: pytest.LogCaptureFixture) -> None:
    def warned(answer: Any, y: Any = Y, **keywords: Any) -> bool:
        caplog.clear()
        subject = build.from_function(answer, X, y, output="logits", **keywords)
        first_predictions(subject, Calls(subject))
        return "output = 'probabilities'" in caplog.text

    p = np.tile([0.5, 0.3, 0.2], (N, 1))
    assert warned(lambda a: np.full(len(a), 0.5))
    assert warned(lambda a: p[: len(a)], np.arange(N) % 3)
    assert not warned(lambda a: 0.5 * p[: len(a)], np.arange(N) % 3)
    assert not warned(lambda a: a[:, 0])


def test_long_tables_are_encoded_in_blocks_with_the_same_answers() -> None:
    n = 70_000
    data = pd.DataFrame({"a": np.arange(n, dtype=np.float64), "s": np.where(np.arange(n) % 3, "x", "y")})
    sizes: list[int] = []

    def encode(frame: pd.DataFrame) -> np.ndarray:
        sizes.append(len(frame))
        return np.c_[frame["a"], frame["s"] == "x"].astype(np.float32)

    module = linear(np.array([[1.0, 1e6]], dtype=np.float32))
    subject = build.from_torch(module, data, np.arange(n) % 2, task="binary", output="logits", encode=encode)
    sizes.clear()
    raw = Calls(subject).outputs(subject.test.rows)
    assert np.array_equal(raw[:, 0], np.arange(n) + 1e6 * (np.arange(n) % 3 > 0))
    assert sum(sizes) == n
    assert len(sizes) > 1
    assert Calls(subject).gradients(subject.test.rows, 1).shape == (n, 2)


def test_later_errors_of_the_model_pass_through_and_first_ones_are_explained() -> None:
    def sometimes(array: np.ndarray) -> np.ndarray:
        if array.max() > 1e6:
            raise FloatingPointError("too large")
        return array[:, 0] > 0

    subject = build.from_function(sometimes, X, Y)
    calls = Calls(subject)
    first_predictions(subject, calls)
    edited = subject.test.rows.take(np.arange(3))  # type: ignore[union-attr]
    edited.columns["x0"][:] = 1e9  # type: ignore[union-attr]
    with pytest.raises(FloatingPointError):
        calls.outputs(edited)
    strange = build.from_function(sometimes, X * 1e9, Y)
    with pytest.raises(SubjectError, match="FloatingPointError: too large"):
        first_predictions(strange, Calls(strange))


def test_no_rows_give_no_outputs() -> None:
    subject = build.from_function(lambda a: np.empty((0, 2)), X, Y)
    assert len(Calls(subject).outputs(subject.test.rows.take(np.arange(0)))) == 0  # type: ignore[union-attr]


@pytest.mark.slow
def test_the_path_costs_little_more_than_a_plain_loop() -> None:
    torch.set_num_threads(1)
    n = 40_000
    rows = np.random.default_rng(0).normal(size=(n, 20)).astype(np.float32)
    module = torch.nn.Sequential(torch.nn.Linear(20, 256), torch.nn.ReLU(), torch.nn.Linear(256, 1)).eval()
    subject = build.from_torch(module, rows, np.arange(n) % 2, task="binary", output="logits")
    tensor = torch.from_numpy(rows)

    def plain() -> None:
        with torch.inference_mode():
            torch.cat([module(tensor[i : i + MOST]) for i in range(0, n, MOST)])

    ratios = []
    for _ in range(9):
        began = time.perf_counter()
        plain()
        middle = time.perf_counter()
        Calls(subject).outputs(subject.test.rows)
        ratios.append((time.perf_counter() - middle) / (middle - began))
    assert np.median(ratios) < 1.25

"""Randomized copies: the given module stays as it is, layers fall from the top, and what was drawn stays drawn."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from auditnn.core.errors import BudgetSpent, NotApplicable
from auditnn.methods.case import Case
from auditnn.methods.plain import case_of
from auditnn.methods.randomized import cascade, layers

X = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)


class Backwards(nn.Module):
    """Registered from the output to the input, and used the other way round."""

    def __init__(self) -> None:
        super().__init__()
        self.last, self.first, self.unused = nn.Linear(3, 2), nn.Linear(4, 3), nn.Linear(2, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        output: torch.Tensor = self.last(torch.relu(self.first(x)))
        return output


class Bare(nn.Module):
    """Parameters without a layer that could draw them anew."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((4, 2), 3.0) + torch.eye(4)[:, :2])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x @ self.weight


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 2)
    ).eval()


def case(module: nn.Module, rows: np.ndarray = X) -> Case:
    return case_of(module, rows, rows)


def values(one: Case) -> dict[str, np.ndarray]:
    state = one.calls.model.module.state_dict()  # type: ignore[attr-defined]
    return {name: value.numpy().copy() for name, value in state.items()}


def changed(before: dict[str, np.ndarray], after: dict[str, np.ndarray]) -> set[str]:
    return {name for name in before if not np.array_equal(before[name], after[name])}


def test_layers_fall_from_the_top_and_the_module_stays() -> None:
    module = network()
    given = case(module)
    before, seen = values(given), []
    for name, forgetful in cascade(given, 0):
        seen.append((name, {one.split(".")[0] for one in changed(before, values(forgetful))}))
    assert seen == [("5", {"5"}), ("3", {"3", "5"}), ("0", {"0", "3", "5"})]
    assert not changed(before, values(given))
    assert all(not one._forward_pre_hooks for one in module.modules())


def test_normalisation_goes_with_the_layer_before_it() -> None:
    module = network()
    with torch.no_grad():
        module.get_parameter("1.weight").fill_(2.0)
    assert layers(case(module))[-1] == ("0", ("0", "1"))
    *_, (_, forgetful) = cascade(case(module), 0)
    assert values(forgetful)["1.weight"].tolist() == [1.0] * 6
    first = nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 2)).eval()
    assert layers(case(first)) == [("1", ("1", "0"))]


def test_the_order_is_that_of_running_and_unused_layers_have_none() -> None:
    assert [name for name, _ in layers(case(Backwards().eval()))] == ["last", "first"]


def test_draws_depend_on_seed_and_number_and_stay() -> None:
    given = case(network())

    def drawn(one: Case, number: int) -> list[np.ndarray]:
        return [values(forgetful)["5.weight"] for _, forgetful in cascade(one, number)]

    first = drawn(given, 0)
    assert all(np.array_equal(first[0], later) for later in first)
    assert np.array_equal(first[0], drawn(given, 0)[0])
    assert not np.array_equal(first[0], drawn(given, 1)[0])
    assert not np.array_equal(first[0], drawn(replace(given, seed=1), 0)[0])
    state = torch.get_rng_state()
    drawn(given, 0)
    assert torch.equal(state, torch.get_rng_state())


def test_parameters_without_a_layer_get_normal_draws_of_their_scale() -> None:
    module = Bare()
    drawn = np.concatenate(
        [values(forgetful)["weight"].ravel() for number in range(60) for _, forgetful in cascade(case(module), number)]
    )
    spread = float(module.weight.detach().numpy().std())
    assert drawn.mean() == pytest.approx(0.0, abs=4 * spread / np.sqrt(len(drawn)))
    assert drawn.std() == pytest.approx(spread, rel=0.15)


def test_what_is_asked_of_copies_is_on_the_same_bill_and_within_the_same_time() -> None:
    given = case(network())
    with given.calls.billed() as bill:
        for _, forgetful in cascade(given, 0):
            forgetful.calls.outputs(forgetful.rows)
    assert bill.rows_forward == 1 + 3 * len(X)
    steps = cascade(given, 0)
    _, forgetful = next(steps)
    assert forgetful.calls.batch_rows == given.calls.batch_rows
    given.calls.deadline = time.monotonic() - 1
    with pytest.raises(BudgetSpent):
        next(cascade(given, 0))


@pytest.mark.parametrize(
    ("model", "words"),
    [(lambda x: x[:, 0], "function model has no parameters"), (nn.Flatten(), "no parameters that could be randomized")],
)
def test_what_cannot_forget_says_so(model: Callable[..., object], words: str) -> None:
    with pytest.raises(NotApplicable, match=words):
        next(cascade(case(model), 0))  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
@pytest.mark.parametrize("kind", ["scripted", "exported"])
def test_modules_that_take_no_hooks_fall_in_the_order_of_registration(kind: str) -> None:
    plain = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)).eval()
    if kind == "scripted":
        module: nn.Module = torch.jit.script(plain)
    else:
        rows = torch.export.Dim("rows")
        module = torch.export.export(plain, (torch.zeros(2, 4),), dynamic_shapes=({0: rows},)).module()
        module.training = False  # it has no eval()
    given = case(module)
    assert [name for name, _ in layers(given)] == ["2", "0"]
    before = values(given)
    *_, (_, forgetful) = cascade(given, 0)
    assert changed(before, values(forgetful)) == set(before)
    assert not np.array_equal(forgetful.calls.outputs(forgetful.rows), given.calls.outputs(given.rows))
    assert not changed(before, values(given))

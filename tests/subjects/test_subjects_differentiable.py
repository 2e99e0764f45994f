"""The differentiable path: what it computes, what it counts, and what it leaves as it was."""

from __future__ import annotations

import operator
import time
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from auditnn.core.errors import BudgetSpent, NotApplicable
from auditnn.methods import attribution
from auditnn.subjects import build
from auditnn.subjects.calls import Calls
from auditnn.subjects.differentiable import FEWEST, GRAPH_BYTES
from auditnn.subjects.folding import folded_copy
from auditnn.subjects.outputs import explained

N, D = 40, 3
X = np.random.default_rng(5).normal(size=(N, D))
Y = (X[:, 0] > 0).astype(int)
Y3 = np.digitize(X[:, 0], [-0.5, 0.5])


def network(width: int, last: nn.Module | None = None) -> nn.Module:
    torch.manual_seed(width)
    return nn.Sequential(nn.Linear(D, 5), nn.Tanh(), nn.Linear(5, width), *([last] if last else [])).double()


KINDS: list[tuple[int, nn.Module | None, np.ndarray, dict[str, Any]]] = [
    (1, None, Y, {"task": "binary", "output": "logits", "positive": 0}),
    (1, None, Y, {"task": "binary", "output": "logits", "positive": 1}),
    (1, nn.Sigmoid(), Y, {"task": "binary", "output": "probabilities", "positive": 0}),
    (1, nn.Sequential(nn.Sigmoid(), nn.Flatten(0)), Y, {"task": "binary", "output": "probabilities", "positive": 1}),
    (2, None, Y, {"task": "binary", "output": "logits", "positive": 0}),
    (3, nn.Softmax(dim=1), Y3, {"task": "multiclass", "output": "probabilities"}),
    (1, None, X[:, 1], {"task": "regression", "output": "values"}),
]


@pytest.mark.parametrize(("width", "last", "y", "keys"), KINDS)
def test_its_outputs_are_those_explained_and_its_gradients_theirs(
    width: int, last: nn.Module | None, y: np.ndarray, keys: dict[str, Any]
) -> None:
    subject = build.from_torch(network(width, last).eval(), X, y, **keys)
    calls = Calls(subject)
    columns = explained(calls.forward(X), subject)
    for code in range(columns.shape[1]):
        with calls.differentiable(X[:2]) as path:
            given = path.tensor(X).requires_grad_(True)
            found = path.module(given)
            (gradient,) = torch.autograd.grad(found[:, code].sum(), given)
        assert found.detach().numpy() == pytest.approx(columns, abs=1e-12)
        assert gradient.numpy() == pytest.approx(calls.input_gradients(X, code), abs=1e-12)


def test_one_row_of_a_module_that_squeezes() -> None:
    class Squeezed(nn.Module):
        def forward(self, x: torch.Tensor) -> Any:
            return x.sum(dim=1, keepdim=True).squeeze()

    subject = build.from_torch(Squeezed(), X, X[:, 0], task="regression")
    with Calls(subject).differentiable(X[:1]) as path:
        assert path.module(path.tensor(X[:1])).shape == (1, 1)


def test_rows_and_seconds_are_on_the_bill() -> None:
    class Slow(nn.Module):
        def forward(self, x: torch.Tensor) -> Any:
            time.sleep(0.02)
            y = x.sum(dim=1, keepdim=True) ** 2
            if y.requires_grad:
                y.register_hook(lambda gradient: time.sleep(0.03))
            return y

    subject = build.from_torch(Slow(), X, X[:, 0], task="regression")
    calls = Calls(subject)
    with calls.billed() as bill, calls.differentiable(X[:5]) as path:
        assert (bill.rows_forward, bill.rows_backward) == (1, 0)
        bill.seconds = 0.0
        given = path.tensor(X[:7]).requires_grad_(True)
        output = path.module(given)
        time.sleep(0.2)  # not the model's
        torch.autograd.grad(output.sum(), given)
    assert (bill.rows_forward, bill.rows_backward) == (8, 7)
    assert 0.05 <= bill.seconds < 0.15


def test_a_backward_pass_that_ends_at_a_layer_is_settled() -> None:
    module = network(1).float().eval()
    calls = Calls(build.from_torch(module, X, X[:, 0], task="regression"))
    with calls.billed() as bill, calls.differentiable(X[:5]) as path:
        held: list[torch.Tensor] = []

        def keep(layer: nn.Module, given: Any, output: torch.Tensor) -> torch.Tensor:
            held.append(output.detach().requires_grad_(True))
            return held[0]

        handle = module[0].register_forward_hook(keep)  # type: ignore[index]
        output = path.module(path.tensor(X[:7]))
        handle.remove()
        before = bill.seconds
        torch.autograd.grad(output.sum(), held[0])
        assert bill.seconds == before
        path.settle()
        assert bill.seconds > before
        after = bill.seconds
        path.settle()
        assert bill.seconds == after
    assert bill.rows_backward == 7


def test_everything_is_as_it_was_afterwards_also_after_an_error() -> None:
    inner = nn.BatchNorm1d(D)
    module = nn.Sequential(inner, nn.Dropout(), nn.Linear(D, 1)).train()
    inner.eval()
    module[2].bias.requires_grad_(False)
    modes = [part.training for part in module.modules()]
    flags = [parameter.requires_grad for parameter in module.parameters()]
    calls = Calls(build.from_torch(module, X, X[:, 0], task="regression"))

    def fails() -> None:
        with calls.differentiable(X[:2]) as path:
            assert not any(part.training for part in path.module.modules())
            assert not any(parameter.requires_grad for parameter in module.parameters())
            assert path.module.model is module
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert [part.training for part in module.modules()] == modes
    assert [parameter.requires_grad for parameter in module.parameters()] == flags
    assert all(parameter.grad is None for parameter in module.parameters())
    hooks = [(part._forward_hooks, part._forward_pre_hooks, part._backward_hooks) for part in module.modules()]
    assert not any(hook for three in hooks for hook in three)


def test_the_deadline_stops_the_next_pass() -> None:
    calls = Calls(build.from_torch(network(1).eval(), X, X[:, 0], task="regression"))
    with calls.differentiable(X[:2]) as path:
        calls.deadline = time.monotonic() - 1
        with pytest.raises(BudgetSpent):
            path.module(path.tensor(X))


def test_batches_are_a_function_of_shapes() -> None:
    def size(side: int) -> int:
        pixels = np.zeros((2, 1, side, side), dtype=np.float32)
        module = nn.Sequential(nn.Conv2d(1, 64, 3, padding=1), nn.Tanh(), nn.Conv2d(64, 64, 3, padding=1), nn.Flatten())
        module.append(nn.Linear(64 * side * side, 2))
        subject = build.from_torch(module.eval(), pixels, [0, 1], task="binary", output="logits")
        with Calls(subject).differentiable(pixels) as path:
            return path.batch_rows

    held = 4 * 64 * 32 * 32  # the output of the tanh, all that a backward pass by the inputs needs
    assert GRAPH_BYTES // (3 * held) <= size(32) <= GRAPH_BYTES // held
    assert size(32) == size(32)
    assert FEWEST <= size(128) < size(32)


def test_outputs_that_ignore_the_inputs_have_a_gradient_of_zero() -> None:
    class Constant(nn.Module):
        def forward(self, x: torch.Tensor) -> Any:
            return torch.full((len(x), 2), 0.5)

    calls = Calls(build.from_torch(Constant(), X, Y, task="binary", output="probabilities"))
    with calls.differentiable(X[:5]) as path:
        assert path.ignores_inputs
        given = path.tensor(X).requires_grad_(True)
        (gradient,) = torch.autograd.grad(path.module(given)[:, 1].sum(), given)
        assert not gradient.any()
    with pytest.raises(NotApplicable, match="no gradient"), calls.differentiable(np.ones((3, D))):
        pass  # rows that are all the same cannot show it


def test_what_has_no_gradient_is_not_applicable() -> None:
    class Detached(nn.Module):
        def forward(self, x: torch.Tensor) -> Any:
            return x[:, :1].detach()

    detached = build.from_torch(Detached(), X, X[:, 0], task="regression")
    with pytest.raises(NotApplicable, match="no gradient"), Calls(detached).differentiable(X[:5]):
        pass
    labels = build.from_torch(network(2).eval(), X, Y, task="binary", output="logits")
    function = build.from_function(lambda a: a[:, 0] > 0, X, Y)
    with pytest.raises(NotApplicable, match="gives no gradients"), Calls(function).differentiable(X[:5]):
        pass
    frame = pd.DataFrame(X)
    with pytest.raises(NotApplicable, match="DataFrame"), Calls(labels).differentiable(frame):
        pass
    with pytest.raises(NotApplicable, match="int64"), Calls(labels).differentiable(np.ones((2, D), dtype=np.int64)):
        pass


class Net(nn.Module):
    """A convolution with batch normalisation, another one shared by two ways, and a linear layer."""

    def __init__(self, flat: str = "flatten") -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.norm = nn.Conv2d(2, 5, 3, bias=False), nn.BatchNorm2d(5)
        self.second, self.other = nn.Conv2d(5, 5, 1), nn.BatchNorm2d(5)
        self.last, self.flat = nn.Linear(5 * 36, 2), flat
        for norm in (self.norm, self.other):
            nn.init.uniform_(norm.running_mean)  # type: ignore[arg-type]
            nn.init.uniform_(norm.running_var, 0.5, 2.0)  # type: ignore[arg-type]
            nn.init.uniform_(norm.weight, 0.5, 2.0)

    def forward(self, x: torch.Tensor) -> Any:
        y = torch.relu(self.norm(self.first(x)))
        z = self.second(y)
        y = self.other(z) + z  # two users of z: not to be folded
        if self.flat == "view":
            return self.last(y.view(y.shape[0], -1))
        return self.last(y.flatten(1) if self.flat == "flatten" else y.reshape(y.shape[0], -1))


PIXELS = np.random.default_rng(1).random((20, 2, 8, 8)).astype(np.float32)


def test_folding_takes_in_what_is_right_behind_a_convolution_and_nothing_else() -> None:
    module = Net().eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    copy = folded_copy(module)
    assert copy is not None
    kept = [part for part in copy.modules() if isinstance(part, nn.BatchNorm2d)]
    assert len(kept) == 1
    x = torch.from_numpy(PIXELS)
    with torch.inference_mode():
        assert torch.allclose(copy(x), module(x), atol=1e-5)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert module.first.bias is None
    assert folded_copy(nn.Sequential(nn.Conv2d(1, 1, 1), nn.ReLU())) is None
    assert folded_copy(nn.Sequential(nn.BatchNorm2d(2), nn.Conv2d(2, 1, 3))) is None
    assert folded_copy(nn.Sequential(nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2, track_running_stats=False))) is None


def test_gradients_of_the_folded_copy_are_those_of_the_module() -> None:
    calls = Calls(build.from_torch(Net().eval(), PIXELS, np.arange(20) % 2, task="binary", output="logits"))
    gradients = []
    for fold in (False, True):
        with calls.differentiable(PIXELS[:4], fold) as path:
            assert path.folded == fold
            assert (path.fold_difference is not None) == fold
            given = path.tensor(PIXELS).requires_grad_(True)
            gradients.append(torch.autograd.grad(path.module(given)[:, 1].sum(), given)[0].numpy())
    assert np.abs(gradients[0] - gradients[1]).max() < 1e-5 * np.abs(gradients[0]).max()


def test_where_folding_cannot_be_trusted_the_module_stands_for_itself() -> None:
    class Branches(Net):
        def forward(self, x: torch.Tensor) -> Any:
            return super().forward(x) if x.sum() > 0 else super().forward(-x)

    class Drifts(Net):
        """Traced, it keeps what it looked like while tracing."""

        def forward(self, x: torch.Tensor) -> Any:
            return super().forward(x) * (2.0 if isinstance(x, torch.fx.Proxy) else 1.0)

    for module, folded in ((Branches(), False), (Drifts(), False), (Net("view"), True)):
        calls = Calls(build.from_torch(module.eval(), PIXELS, np.arange(20) % 2, task="binary", output="logits"))
        with calls.differentiable(PIXELS[:4], fold=True) as path:
            given = path.tensor(PIXELS).requires_grad_(True)
            torch.autograd.grad(path.module(given)[:, 0].sum(), given)
            assert path.folded == folded
            assert (path.module.model is module) == (not folded)
            assert folded == (path.fold_difference is not None)


def test_the_folded_copy_follows_changes_of_the_module() -> None:
    module = Net().eval()
    calls = Calls(build.from_torch(module, PIXELS, np.arange(20) % 2, task="binary", output="logits"))

    def gradient(fold: bool) -> np.ndarray:
        with calls.differentiable(PIXELS[:4], fold) as path:
            assert path.folded == fold
            given = path.tensor(PIXELS).requires_grad_(True)
            return torch.autograd.grad(path.module(given)[:, 1].sum(), given)[0].numpy()

    first = gradient(True)
    with torch.no_grad():
        module.first.weight.mul_(-1.5)
        module.norm.running_var.mul_(2.0)  # type: ignore[operator, union-attr]
    second = gradient(True)
    assert np.abs(second - gradient(False)).max() < 1e-5 * np.abs(second).max()
    assert np.abs(second - first).max() > 0.1 * np.abs(first).max()


def test_a_relu_in_the_folded_copy_overwrites_only_what_nothing_else_uses() -> None:
    class Uses(Net):
        def forward(self, x: torch.Tensor) -> Any:
            y = self.norm(self.first(x))
            z = torch.relu(y) + y  # y is used again
            w = torch.relu(self.other(self.second(z)))  # right behind a folded convolution
            return self.last(torch.relu(w + z + self.third(z)).flatten(1))  # two sums, one of them into the other

    module = Uses()
    module.third = nn.Conv2d(5, 5, 1)
    copy = folded_copy(module.eval())
    assert copy is not None
    targets = [node.target for node in copy.graph.nodes]
    assert targets.count(torch.relu_) == 2
    assert targets.count(torch.relu) == 1
    assert targets.count(operator.iadd) == 1
    gradients = []
    for one in (module, copy):
        given = torch.from_numpy(PIXELS).requires_grad_(True)
        gradients.append(torch.autograd.grad(one(given)[:, 1].sum(), given)[0])
    assert torch.allclose(*gradients, atol=1e-5)


def test_a_model_that_begins_by_writing_into_its_inputs_is_explained() -> None:
    torch.manual_seed(0)
    linear = torch.nn.Linear(3, 2)
    X = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    inplace = attribution.gradient(torch.nn.Sequential(torch.nn.ReLU(inplace=True), linear), X, X, target=1)
    plain = attribution.gradient(torch.nn.Sequential(torch.nn.ReLU(), linear), X, X, target=1)
    np.testing.assert_allclose(inplace.values, plain.values, atol=1e-7)

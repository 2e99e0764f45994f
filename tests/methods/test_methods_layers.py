"""Where hooks on layers would be wrong, a method says so; where they are right, it works."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gradient_cases import D, case_for, convolutions
from torch import nn
from torch.nn import functional as F

from auditnn.core.errors import NotApplicable
from auditnn.methods.attribution import METHODS


class Forward(nn.Module):
    """Three layers, joined by a function of (module, x)."""

    def __init__(self, join: Any, activation: type[nn.Module] = nn.ReLU) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.a, self.b, self.c = nn.Linear(D, 8), nn.Linear(8, 8), nn.Linear(8, 3)
        self.one, self.two, self.join = activation(), activation(), join

    def forward(self, x: torch.Tensor) -> Any:
        return self.join(self, x)


def called(m: Any, x: torch.Tensor) -> Any:
    return m.c(F.relu(m.b(m.one(m.a(x)))))


def reused(m: Any, x: torch.Tensor) -> Any:
    return m.c(m.one(m.b(m.one(m.a(x)))))


def shared(m: Any, x: torch.Tensor) -> Any:
    y = m.a(x)
    return m.c(m.two(m.b(m.one(y) + y)))


def multiplied(m: Any, x: torch.Tensor) -> Any:
    return m.c(m.one(m.a(x)) * m.two(m.b(m.a(x))))


def plain(m: Any, x: torch.Tensor) -> Any:
    return m.c(m.two(m.b(m.one(m.a(x)))))


def residual(m: Any, x: torch.Tensor) -> Any:
    y = m.one(m.a(x))
    return m.c(m.two(m.b(y)) + y)


@pytest.mark.parametrize(
    ("join", "activation", "reason"),
    [
        (called, nn.ReLU, "do not see relu"),
        (reused, nn.ReLU, "one is used repeatedly"),
        (shared, nn.ReLU, "one is used elsewhere"),
        (multiplied, nn.ReLU, "miss the output"),
        (plain, nn.GELU, "do not see gelu"),
        (lambda m, x: torch.sigmoid(plain(m, x)), nn.ReLU, "do not see sigmoid"),
        (lambda m, x: plain(m, x).clamp(min=0), nn.ReLU, "do not see clamp"),
    ],
)
@pytest.mark.parametrize("name", ["deep_lift", "deep_lift_shap"])
def test_deep_lift_says_where_its_hooks_are_wrong(name: str, join: Any, activation: Any, reason: str) -> None:
    with pytest.raises(NotApplicable, match=reason):
        METHODS[name].attribute(case_for("table", Forward(join, activation).eval()))


def test_deep_lift_has_no_rule_for_a_softmax_that_adds_up() -> None:
    module = nn.Sequential(nn.Linear(D, 3), nn.Softmax(dim=1)).eval()
    with pytest.raises(NotApplicable, match="logits"):
        METHODS["deep_lift"].attribute(case_for("table", module))


@pytest.mark.parametrize("join", [plain, residual])
@pytest.mark.parametrize("activation", [nn.ReLU, nn.ELU, nn.LeakyReLU, nn.Sigmoid, nn.Tanh, nn.Softplus])
def test_deep_lift_adds_up_where_it_applies(join: Any, activation: Any) -> None:
    found = METHODS["deep_lift"].attribute(case_for("table", Forward(join, activation).eval().double()))
    assert np.abs(found.details["completeness_error"]).max() < 1e-6


@pytest.mark.parametrize(
    ("join", "activation", "reason"),
    [
        (called, nn.ReLU, "called as a function"),
        (shared, nn.ReLU, "one is used elsewhere"),
        (plain, nn.Tanh, "no ReLU"),
    ],
)
def test_guided_backpropagation_says_where_its_hooks_are_wrong(join: Any, activation: Any, reason: str) -> None:
    with pytest.raises(NotApplicable, match=reason):
        METHODS["guided_backpropagation"].attribute(case_for("table", Forward(join, activation).eval()))


class Guided(torch.autograd.Function):
    """A ReLU whose gradient loses its negative parts, written without hooks."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        (x,) = ctx.saved_tensors
        return (gradient * (x > 0)).clamp(min=0)


class GuidedReLU(nn.Module):
    def forward(self, x: torch.Tensor) -> Any:
        return Guided.apply(x)


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("join", [plain, reused, residual])
def test_guided_backpropagation_equals_one_without_hooks(join: Any, inplace: bool) -> None:
    """Also where one ReLU serves twice, which its hooks can tell apart."""
    module, rebuilt = Forward(join).eval(), Forward(join, GuidedReLU).eval()
    module.one.inplace = module.two.inplace = inplace  # type: ignore[assignment]
    case = case_for("table", module)
    found = METHODS["guided_backpropagation"].attribute(case)
    x = torch.tensor(case.inputs).requires_grad_(True)
    picked = rebuilt(x)[torch.arange(len(x)), torch.tensor(case.targets)]
    (truth,) = torch.autograd.grad(picked.sum(), x)
    assert found.values[:, :, 0] == pytest.approx(truth.numpy(), abs=1e-6)


def test_grad_cam_says_where_there_is_no_one_layer_to_weight() -> None:
    flat = nn.Sequential(nn.Flatten(), nn.Linear(128, 3)).eval()
    with pytest.raises(NotApplicable, match="no convolution"):
        METHODS["grad_cam"].attribute(case_for("image", flat))

    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.step, self.last = nn.Conv2d(2, 2, 3, padding=1), nn.Linear(128, 3)

        def forward(self, x: torch.Tensor) -> Any:
            return self.last(self.step(self.step(x)).flatten(1))

    with pytest.raises(NotApplicable, match="more than once"):
        METHODS["grad_cam"].attribute(case_for("image", Twice().eval()))


def test_grad_cam_leaves_out_convolutions_that_the_output_does_not_use() -> None:
    class Aside(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.unused, self.last = nn.Conv2d(2, 2, 3), nn.Conv2d(2, 2, 3), nn.Linear(72, 3)

        def forward(self, x: torch.Tensor) -> Any:
            y = self.last(self.used(x).relu().flatten(1))
            self.unused(x)
            return y

    assert METHODS["grad_cam"].attribute(case_for("image", Aside().eval())).facts["layer"] == "used"


@pytest.mark.parametrize("name", ["deep_lift", "deep_lift_shap", "guided_backpropagation", "grad_cam"])
def test_nothing_stays_on_the_layers(name: str) -> None:
    module = convolutions()
    module[2].output = "its own"  # type: ignore[index]
    before = [(set(vars(part)), part.training) for part in module.modules()]
    METHODS[name].attribute(case_for("image", module))
    assert [(set(vars(part)), part.training) for part in module.modules()] == before
    assert module[2].output == "its own"  # type: ignore[index]
    for part in module.modules():
        assert not part._forward_hooks
        assert not part._forward_pre_hooks
        assert not part._backward_hooks


class Saturated(nn.Module):
    def forward(self, x: torch.Tensor) -> Any:
        y = 1e4 * x.flatten(1).sum(dim=1, keepdim=True).abs() + 1e4
        return torch.cat([torch.sigmoid(y), torch.sigmoid(-y)], dim=1)


class Ignores(nn.Module):
    def forward(self, x: torch.Tensor) -> Any:
        return torch.tensor([[1.0, 2.0]]).expand(len(x), 2)


ALL = [name for name, one in METHODS.items() if one.kind == "gradient"]


@pytest.mark.parametrize("module", [Saturated(), Ignores()])
@pytest.mark.parametrize("kind", ["table", "image"])
@pytest.mark.parametrize("name", ALL)
def test_saturated_and_blind_models_give_zeros_and_a_note_or_a_reason(name: str, kind: str, module: Any) -> None:
    case = case_for(kind, module.eval())
    hooks = name in ("guided_backpropagation", "grad_cam")
    if hooks or (name.startswith("deep_lift") and isinstance(module, Saturated)):
        with pytest.raises(NotApplicable, match=r"no ReLU|no convolution|do not see"):
            METHODS[name].attribute(case)
        return
    found = METHODS[name].attribute(case)
    assert not found.values.any()
    assert np.isfinite(found.output).all()
    assert len(found.notes) == 1
    assert "not change with" in found.notes[0] if isinstance(module, Ignores) else "saturated" in found.notes[0]


def test_values_that_are_not_finite_are_a_reason() -> None:
    class Root(nn.Module):
        def forward(self, x: torch.Tensor) -> Any:
            return (x * (x > 0)).sqrt().sum(dim=1, keepdim=True)

    case = case_for("table", Root())
    with pytest.raises(NotApplicable, match="not finite in 12 of 12 rows"):
        METHODS["gradient"].attribute(case)
    missing = case_for("table")
    missing.inputs[3, 2] = np.nan
    with pytest.raises(NotApplicable, match="not finite in 1 of 12 rows"):
        METHODS["input_x_gradient"].attribute(missing)

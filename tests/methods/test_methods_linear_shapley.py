"""Linear Shapley values: the closed form computed by hand, and models that are not linear refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from shapley_cases import sample
from torch import nn

from auditnn.core.errors import NotApplicable
from auditnn.methods.attribution import exact_shapley, linear_shapley
from auditnn.methods.attribution.affine_modules import affine_weights
from auditnn.methods.plain import case_of

RNG = np.random.default_rng(0)
ROWS, BACKGROUND = RNG.normal(size=(5, 6)).astype(np.float32), RNG.normal(size=(9, 6)).astype(np.float32)


def test_perceptron_by_hand() -> None:
    case = sample("perceptron", 20, 100)
    norm, linear = case.calls.model.module
    slope = (linear.weight[0] / torch.sqrt(norm.running_var + norm.eps)).detach().double().numpy()
    hand = slope * (case.inputs.astype(float) - case.background_inputs.astype(float).mean(axis=0))
    one = linear_shapley(case)
    positive = case.calls.subject.positive
    np.testing.assert_allclose(one.values[:, :, positive], hand, atol=1e-5)
    np.testing.assert_allclose(one.values[:, :, 1 - positive], -hand, atol=1e-5)
    np.testing.assert_allclose(one.base + one.values.sum(axis=1), one.output, atol=1e-5)
    assert one.facts["proof"] == "the structure of the module"
    assert case.calls.bill.rows_forward == 20 + 100


def stacked() -> nn.Module:
    torch.manual_seed(0)
    inner = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))
    module = nn.Sequential(nn.Identity(), nn.Flatten(), nn.BatchNorm1d(6), inner, nn.Linear(4, 3, bias=False))
    for norm in (module[2], inner[1]):
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2.0)
        nn.init.normal_(norm.weight)
    return module.eval()


def test_structure_is_composed() -> None:
    module = stacked()
    case = case_of(module, ROWS, BACKGROUND)
    one = linear_shapley(case)
    assert one.facts["coalitions_tried"] == 0
    np.testing.assert_allclose(one.values, exact_shapley(case).values, atol=1e-5)


def test_images_by_structure() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2 * 8 * 8, 3))
    module[0].running_var.uniform_(0.5, 2.0)
    rows = RNG.random((3, 2, 8, 8)).astype(np.float32)
    case = case_of(module.eval(), rows, rows)
    one = linear_shapley(case)
    assert one.facts["coalitions_tried"] == 0
    assert one.values.shape == (3, 16, 3)
    np.testing.assert_allclose(one.base + one.values.sum(axis=1), one.output, atol=1e-5)
    np.testing.assert_allclose(one.values, exact_shapley(case).values, atol=1e-5)


class Twice(nn.Linear):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) ** 2


def hooked() -> nn.Module:
    module = nn.Linear(6, 1)
    module.register_forward_hook(lambda *args: args[2] ** 2)
    return module


@pytest.mark.parametrize(
    "module",
    [
        nn.Sequential(nn.Linear(6, 4), nn.ReLU()),
        nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4, track_running_stats=False)),
        nn.Sequential(Twice(6, 1)),
        hooked(),
        nn.Sequential(nn.Linear(6, 4), nn.Softmax(dim=1)),
    ],
    ids=["relu", "batch statistics", "a subclass", "a hook", "softmax"],
)
def test_what_structure_does_not_show(module: nn.Module) -> None:
    assert affine_weights(module, (6,)) is None


@pytest.mark.parametrize(
    "model",
    [
        lambda x: np.tanh(x.sum(axis=1)),
        lambda x: x[:, 0] * x[:, 1],
        lambda x: np.maximum(x @ np.ones(6), 0.0),
        lambda x: x.sum(axis=1) + 1e-3 * x[:, 0] * x[:, 1],
        lambda x: (1e6 + x.sum(axis=1)).astype(np.float32),
    ],
    ids=["tanh", "product", "relu", "a little", "lost in rounding"],
)
def test_refused(model: Callable[[np.ndarray], np.ndarray]) -> None:
    with pytest.raises(NotApplicable, match="not linear"):
        linear_shapley(case_of(model, ROWS, BACKGROUND))


def test_probed_models_say_how_often() -> None:
    slope = RNG.normal(size=(6, 2))
    one = linear_shapley(case_of(lambda x: x @ slope + 3.0, ROWS, BACKGROUND))
    hand = (ROWS.astype(float) - BACKGROUND.astype(float).mean(axis=0))[:, :, None] * slope
    np.testing.assert_allclose(one.values, hand, atol=1e-6)
    assert one.facts["coalitions_tried"] == 5 * (6 + 2 + 32)
    assert "evidence" in one.facts["proof"]


def test_additive_models_pass_and_constants_have_no_effect() -> None:
    case = case_of(lambda x: np.sin(x[:, 0]) + x[:, 1] ** 2, ROWS, BACKGROUND)
    np.testing.assert_allclose(linear_shapley(case).values, exact_shapley(case).values, atol=1e-6)
    still = linear_shapley(case_of(lambda x: np.full(len(x), 2.0), ROWS, BACKGROUND))
    assert not still.values.any()

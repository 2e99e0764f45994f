"""Gradient methods: equal to captum called by hand on the same module, inputs, baselines and targets."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import captum.attr
import numpy as np
import pytest
import torch
from gradient_cases import case_for, convolutions, perceptron, pictures, table, with_units
from torch import nn

from auditnn.core.errors import SettingsError
from auditnn.methods.attribution import METHODS
from auditnn.methods.attribution.gradient_shap import on_the_way
from auditnn.methods.attribution.gradients import summed_gradients
from auditnn.methods.attribution.smooth_grad import noisy_copies
from auditnn.methods.case import Case

ADDITIVE = ("integrated_gradients", "deep_lift", "deep_lift_shap", "gradient_shap")
ALL = ("gradient", "input_x_gradient", "smooth_grad", "guided_backpropagation", *ADDITIVE)
Hand = Callable[[nn.Module, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]

BY_HAND: dict[str, Hand] = {
    "gradient": lambda m, x, b, t: captum.attr.Saliency(m).attribute(x, target=t, abs=False),
    "input_x_gradient": lambda m, x, b, t: captum.attr.InputXGradient(m).attribute(x, target=t),
    "integrated_gradients": lambda m, x, b, t: captum.attr.IntegratedGradients(m).attribute(
        x, b.mean(dim=(0,) if b.ndim == 2 else (0, 2, 3), keepdim=True).expand(1, *x.shape[1:]), target=t, n_steps=50
    ),
    "deep_lift": lambda m, x, b, t: captum.attr.DeepLift(m).attribute(
        x, b.mean(dim=(0,) if b.ndim == 2 else (0, 2, 3), keepdim=True).expand(1, *x.shape[1:]), target=t
    ),
    "deep_lift_shap": lambda m, x, b, t: captum.attr.DeepLiftShap(m).attribute(x, b, target=t),
    "guided_backpropagation": lambda m, x, b, t: captum.attr.GuidedBackprop(m).attribute(x, target=t),
}


def by_hand(name: str, module: nn.Module, case: Case) -> np.ndarray:
    kind = next(module.parameters()).dtype
    x, b = torch.tensor(case.inputs, dtype=kind), torch.tensor(case.background_inputs, dtype=kind)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return BY_HAND[name](module, x, b, torch.tensor(case.targets)).detach().numpy()


@pytest.mark.parametrize("name", BY_HAND)
def test_tables_equal_captum(name: str) -> None:
    module = perceptron()
    case = case_for("table", module)
    found = METHODS[name].attribute(case)
    assert found.values.shape == (12, 6, 1)
    assert found.values[:, :, 0] == pytest.approx(by_hand(name, module, case), abs=1e-6)
    assert np.array_equal(found.targets, case.targets)


@pytest.mark.parametrize("name", BY_HAND)
@pytest.mark.parametrize("inplace", [False, True])
def test_images_equal_captum(name: str, inplace: bool) -> None:
    module = convolutions(inplace, pool=False).double()  # folded layers round differently, and a ReLU's corner shows it
    case = case_for("image", module)
    found = METHODS[name].attribute(case)
    whole = by_hand(name, module, case)
    assert found.maps == pytest.approx(whole.sum(axis=1), abs=2e-6)
    for row in range(len(case)):
        for unit in range(len(found.units)):
            pixels = whole[row].sum(axis=0)[case.segments[row] == unit]
            assert found.values[row, unit, 0] == pytest.approx(pixels.sum(), abs=1e-5)


@pytest.mark.parametrize("name", BY_HAND)
def test_the_columns_of_a_unit_are_added_up(name: str) -> None:
    module = perceptron()
    case = with_units(module)
    found = METHODS[name].attribute(case)
    whole = by_hand(name, module, case)
    assert found.units == ("age", "town", "size")
    sums = np.stack([whole[:, [0]].sum(1), whole[:, 1:4].sum(1), whole[:, 4:].sum(1)], axis=1)
    assert found.values[:, :, 0] == pytest.approx(sums, abs=1e-6)


def test_smooth_grad_is_captum_on_the_same_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    module = convolutions().double()
    case = case_for("image", module)
    found = METHODS["smooth_grad"].attribute(case, samples=7, noise=0.2)
    noisy = np.concatenate([noisy_copies(case, row, 7, 0.2) for row in range(len(case))])
    monkeypatch.setattr(
        captum.attr.NoiseTunnel,
        "_add_noise_to_input",
        staticmethod(lambda *_: torch.tensor(noisy).double().requires_grad_()),
    )
    tunnel = captum.attr.NoiseTunnel(captum.attr.Saliency(module))
    theirs = tunnel.attribute(
        torch.tensor(case.inputs).double(), nt_samples=7, target=torch.tensor(case.targets), abs=False
    )
    assert found.maps == pytest.approx(theirs.numpy().sum(axis=1), abs=2e-6)
    spread = case.inputs.max(axis=(1, 2, 3)) - case.inputs.min(axis=(1, 2, 3))
    drawn = (noisy.reshape(12, 7, -1) - case.inputs.reshape(12, 1, -1)).std(axis=(1, 2))
    assert drawn == pytest.approx(0.2 * spread, rel=0.15)


def test_noise_in_a_table_is_in_standard_deviations_of_the_background() -> None:
    case = case_for("table")
    case.background_inputs[:, 0] *= 10
    drawn = np.stack([noisy_copies(case, row, 400, 0.5) for row in range(12)]) - case.inputs[:, None]
    assert drawn.std(axis=(0, 1)) == pytest.approx(0.5 * case.background_inputs.std(axis=0), rel=0.1)


def test_gradient_shap_is_captum_on_the_same_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    from captum.attr._core.gradient_shap import InputBaselineXGradient

    module = perceptron()
    case = case_for("table", module)
    found = METHODS["gradient_shap"].attribute(case, samples=5)
    draws = [on_the_way(case.inputs, case.background_inputs, case, row, 5) for row in range(len(case))]
    moved, way = (np.concatenate(parts) for parts in zip(*draws, strict=True))
    x = np.repeat(case.inputs, 5, axis=0)
    start = x - way
    share = np.nanmean((moved - start) / way, axis=1)
    monkeypatch.setattr(np.random, "uniform", lambda *_: share)
    theirs = InputBaselineXGradient(module).attribute(
        torch.tensor(x).requires_grad_(), torch.tensor(start), target=torch.tensor(np.repeat(case.targets, 5))
    )
    mean = theirs.detach().numpy().reshape(12, 5, -1).mean(axis=1)
    assert found.values[:, :, 0] == pytest.approx(mean, abs=2e-5)
    assert all((start == row).all(axis=1).any() for row in start)


@pytest.mark.parametrize("layer", [None, "0", "4.second"])
def test_grad_cam_is_captums_enlarged(layer: str | None) -> None:
    module = convolutions()
    case = case_for("image", module)
    found = METHODS["grad_cam"].attribute(case, layer=layer)
    chosen = module[4].second if layer is None else module.get_submodule(layer)  # type: ignore[union-attr]
    small = captum.attr.LayerGradCam(module, chosen).attribute(
        torch.tensor(case.inputs), torch.tensor(case.targets), relu_attributions=True
    )
    large = captum.attr.LayerAttribution.interpolate(small, (8, 8), "bilinear")
    assert found.maps == pytest.approx(large.detach().numpy()[:, 0], abs=1e-6)
    assert found.facts["layer"] == ("4.second" if layer is None else layer)
    assert found.maps is not None
    assert (found.maps >= 0).all()
    signed = METHODS["grad_cam"].attribute(case, layer=layer, positive_only=False)
    assert signed.maps is not None
    assert signed.maps.min() < 0


def test_grad_cam_wants_a_layer_that_is_there() -> None:
    case = case_for("image")
    with pytest.raises(SettingsError, match="second"):
        METHODS["grad_cam"].attribute(case, layer="4.secnd")
    with pytest.raises(SettingsError, match="n, c, h, w"):
        METHODS["grad_cam"].attribute(case, layer="6")


def test_the_gradient_of_the_sum_is_captums_gradient_to_the_bit() -> None:
    from captum._utils.gradient import compute_gradients

    module, targets = convolutions(), torch.arange(12) % 3
    x = torch.tensor(pictures()).requires_grad_()
    ours, theirs = (f(module, (x,), targets)[0] for f in (summed_gradients, compute_gradients))
    assert torch.equal(ours, theirs)


@pytest.mark.parametrize("kind", ["table", "image"])
@pytest.mark.parametrize("name", ADDITIVE)
def test_values_and_base_add_up_to_the_output(name: str, kind: str) -> None:
    """Exactly for DeepLIFT, within the quadrature or the Monte-Carlo error for the others."""
    case = case_for(kind)
    found = METHODS[name].attribute(case)
    assert found.base is not None
    gap = found.values.sum(axis=1) + found.base - found.output
    assert gap[:, 0] == pytest.approx(found.details["completeness_error"], abs=1e-5)
    if name == "gradient_shap":
        many = METHODS[name].attribute(case, samples=4000)
        assert many.base is not None
        gap = many.values.sum(axis=1) + many.base - many.output
        limit = 0.1
    else:
        limit = {"integrated_gradients": 0.02}.get(name, 1e-5)
    assert np.abs(gap).max() <= limit * np.abs(found.output - found.base).max()


def test_more_steps_come_nearer() -> None:
    case = case_for("image")
    gaps = [
        np.abs(METHODS["integrated_gradients"].attribute(case, steps=steps).details["completeness_error"]).mean()
        for steps in (4, 64)
    ]
    assert gaps[1] < 0.3 * gaps[0]


@pytest.mark.parametrize("name", ["smooth_grad", "gradient_shap"])
def test_the_monte_carlo_error_is_the_spread_over_seeds(name: str) -> None:
    values, errors = [], []
    for seed in range(60):
        found = METHODS[name].attribute(case_for("table", seed=seed), samples=20)
        values.append(found.values)
        assert found.error is not None
        errors.append(found.error**2)
    assert np.sqrt(np.mean(errors)) == pytest.approx(np.sqrt(np.var(values, axis=0, ddof=1).mean()), rel=0.15)
    assert METHODS[name].attribute(case_for("table"), samples=1).error is None


@pytest.mark.parametrize("kind", ["table", "image"])
@pytest.mark.parametrize("name", ALL)
def test_a_row_does_not_depend_on_the_rows_beside_it(name: str, kind: str) -> None:
    """Nor on the size of batches; draws belong to rows."""
    case = case_for(kind)
    whole = METHODS[name].attribute(case)
    part = METHODS[name].attribute(case.take(np.array([7, 2])))
    assert part.values == pytest.approx(whole.values[[7, 2]], abs=1e-5)
    one = METHODS[name].attribute(case.take(np.array([5])))
    assert one.values == pytest.approx(whole.values[[5]], abs=1e-5)


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize(
    "layers",
    [
        (nn.ReLU, lambda: nn.MaxPool2d(2)), (lambda: nn.MaxPool2d(2), nn.ReLU), (nn.Tanh, lambda: nn.MaxPool2d(2)),
        (nn.ReLU, nn.Tanh, lambda: nn.MaxPool2d(2)),
    ],
)  # fmt: skip
def test_deep_lift_adds_up_behind_neighbouring_activations(layers: Any, inplace: bool) -> None:
    """Where captum 0.9 takes the first one's gradient before the second has changed it."""
    torch.manual_seed(0)
    between = [layer() for layer in layers]
    for layer in between:
        if isinstance(layer, nn.ReLU):
            layer.inplace = inplace
    module = nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), *between, nn.Flatten(), nn.Linear(48, 3)).eval().double()
    for name in ("deep_lift", "deep_lift_shap"):
        found = METHODS[name].attribute(case_for("image", module))
        assert np.abs(found.details["completeness_error"]).max() < 1e-6


def test_max_pooling_of_equal_parts_keeps_to_the_row() -> None:
    """Where a row equals its baseline, captum takes the gradient of the batch's first row."""
    torch.manual_seed(3)
    module = nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1), nn.MaxPool2d(2), nn.Conv2d(3, 3, 3, padding=1), nn.ReLU(), nn.Flatten(),
        nn.Linear(48, 3),
    ).eval()  # fmt: skip
    case = case_for("image", module)
    case.inputs[:, :, :5] = case.background.pixels.mean(axis=(0, 2, 3))[:, None, None]  # type: ignore[attr-defined]
    whole = METHODS["deep_lift"].attribute(case)
    assert whole.maps is not None
    start = torch.tensor(case.background.pixels.mean(axis=(0, 2, 3), keepdims=True)).expand(1, 2, 8, 8)  # type: ignore[attr-defined]
    for row in range(len(case)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            alone = captum.attr.DeepLift(module).attribute(
                torch.tensor(case.inputs[[row]]), start, target=int(case.targets[row])
            )
        assert whole.maps[row] == pytest.approx(alone.detach().numpy()[0].sum(axis=0), abs=1e-5)


@pytest.mark.parametrize("name", ALL)
def test_a_linear_model_has_a_closed_form(name: str) -> None:
    if name == "guided_backpropagation":
        pytest.skip("there is no ReLU")
    module = nn.Linear(6, 2).double().eval()
    w = module.weight.detach().numpy()
    x, b = table().astype(np.float64), table(9, 1).astype(np.float64)
    found = METHODS[name].attribute(module, x, b, target=1)
    truth = {"gradient": np.tile(w[1], (12, 1)), "smooth_grad": np.tile(w[1], (12, 1)), "input_x_gradient": w[1] * x}
    expected = truth.get(name, w[1] * (x - b.mean(axis=0)))
    if name == "gradient_shap":
        assert found.error is not None
        assert np.all(np.abs(found.values[:, :, 0] - expected) <= 6 * found.error[:, :, 0] + 1e-6)
    else:
        assert found.values[:, :, 0] == pytest.approx(expected, abs=1e-6)


def test_integrated_gradients_of_a_square_are_exact() -> None:
    class Square(nn.Module):
        def forward(self, x: torch.Tensor) -> Any:
            return (x**2).sum(dim=1, keepdim=True)

    x, b = table().astype(np.float64), table(9, 1).astype(np.float64)
    found = METHODS["integrated_gradients"].attribute(Square().double(), x, b, steps=2)
    assert found.values[:, :, 0] == pytest.approx(x**2 - b.mean(axis=0) ** 2, abs=1e-5)


@pytest.mark.parametrize(("rule", "said"), [("black", "black"), ("mean", "mean color"), ("blur", "blurred")])
def test_baselines_of_images(rule: str, said: str) -> None:
    from auditnn.methods.attribution.baselines import baseline_inputs

    case = case_for("image")
    start, facts = baseline_inputs(case, rule)  # type: ignore[arg-type]
    assert said in facts["baseline"]
    assert start.shape == ((12 if rule == "blur" else 1), 2, 8, 8)
    if rule == "black":
        assert not start.any()
    elif rule == "mean":
        assert start[0, :, 3, 4] == pytest.approx(case.background_inputs.mean(axis=(0, 2, 3)), abs=1e-6)
    else:
        assert start.std() < 0.5 * case.inputs.std()
    module = convolutions().double()
    found = METHODS["integrated_gradients"].attribute(case_for("image", module), baseline=rule)
    theirs = captum.attr.IntegratedGradients(module).attribute(
        torch.tensor(case.inputs).double(), torch.tensor(start).double(), target=torch.tensor(case.targets)
    )
    assert found.maps == pytest.approx(theirs.numpy().sum(axis=1), abs=1e-5)


def test_a_table_has_the_mean_as_its_baseline_without_missing_values() -> None:
    from auditnn.methods.attribution.baselines import baseline_inputs

    case = case_for("table")
    case.background_inputs[0, 0] = np.nan
    start, _ = baseline_inputs(case, "auto")
    assert start[0, 0] == pytest.approx(case.background_inputs[1:, 0].mean(), abs=1e-6)
    with pytest.raises(SettingsError, match="for tables"):
        baseline_inputs(case, "black")

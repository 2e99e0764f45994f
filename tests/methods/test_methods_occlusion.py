"""Occlusion: equal to captum's feature ablation and sliding windows, on any model."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import captum.attr
import numpy as np
import pandas as pd
import pytest
import torch
from gradient_cases import case_for, convolutions, perceptron, pictures, table, with_units

from auditnn.core.errors import NotApplicable, SettingsError
from auditnn.methods.attribution import METHODS
from auditnn.methods.attribution.by_captum import reference_difference
from auditnn.methods.attribution.occlusion import windows
from auditnn.methods.case import Case, Hiding
from auditnn.methods.plain import case_of

occlusion = METHODS["occlusion"].attribute


def test_tables_equal_captums_ablation_against_every_background_row() -> None:
    module = perceptron()
    case = with_units(module)
    found = occlusion(case)
    mask = torch.tensor([[0, 1, 1, 1, 2, 2]])
    falls = np.zeros((12, 3, 3))
    for background in case.background_inputs:
        for code in range(3):
            one = captum.attr.FeatureAblation(module).attribute(
                torch.tensor(case.inputs), torch.tensor(background[None]), target=code, feature_mask=mask
            )
            falls[:, :, code] += one.detach().numpy()[:, [0, 1, 4]] / len(case.background_inputs)
    assert found.values == pytest.approx(falls, abs=1e-5)
    assert found.maps is None
    assert found.base is None


@pytest.mark.parametrize("fill", ["mean", "blur", "background"])
def test_images_equal_captums_ablation(fill: Any) -> None:
    module = convolutions()
    case = replace(case_for("image", module), hiding=Hiding(fill=fill, units=9))
    found = occlusion(case)
    assert found.values.shape[2] == 3
    assert found.segments is not None
    assert found.maps is not None
    assert reference_difference(case, "occlusion", found.of(case.targets), {}) == pytest.approx(0.0, abs=1e-5)
    for row in range(len(case)):
        units = case.segments[row]
        assert np.array_equal(found.maps[row], found.values[row, units, case.targets[row]])


@pytest.mark.parametrize(("window", "stride"), [(2, None), (3, 2), (4, 3), (8, 8)])
def test_windows_equal_captums_occlusion(window: int, stride: int | None) -> None:
    module = convolutions()
    case = case_for("image", module)
    found = occlusion(case, window=window, stride=stride)
    step = stride or max(1, window // 2)
    mean = torch.tensor(case.background_inputs.mean(axis=(0, 2, 3), keepdims=True)).expand(1, 2, 8, 8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = captum.attr.Occlusion(module).attribute(
            torch.tensor(case.inputs), (2, window, window), strides=(2, step, step), baselines=mean,
            target=torch.tensor(case.targets),
        )  # fmt: skip
    assert found.maps == pytest.approx(theirs.detach().numpy()[:, 0], abs=1e-5)
    for row in range(3):
        for unit in range(4):
            inside = found.maps[row][case.segments[row] == unit]  # type: ignore[index]
            assert found.values[row, unit, case.targets[row]] == pytest.approx(inside.mean(), abs=1e-9)


def test_every_pixel_is_in_a_window() -> None:
    for h, w, window, stride in ((8, 8, 3, 2), (7, 9, 4, 4), (5, 5, 5, 1)):
        masks = windows(h, w, window, stride)
        assert masks.any(axis=0).all()
        assert masks.sum(axis=1).max() == window**2
        assert len(masks) == (1 + -(-(h - window) // stride)) * (1 + -(-(w - window) // stride))


def test_windows_that_cannot_slide() -> None:
    with pytest.raises(SettingsError, match="1 to 8 pixels"):
        occlusion(case_for("image"), window=9)
    with pytest.raises(SettingsError, match="in a window"):
        occlusion(case_for("image"), window=2, stride=3)
    with pytest.raises(NotApplicable, match="one by one"):
        occlusion(case_for("table"), window=2)


def test_a_data_frame_with_categories_and_a_plain_function() -> None:
    """A feature that is never looked at gets 0; the others what they add to a sum."""
    frame = pd.DataFrame({"a": np.arange(6.0), "city": list("xyxyxx"), "unused": np.arange(6.0)})

    def model(given: pd.DataFrame) -> np.ndarray:
        return given["a"].to_numpy() + 10.0 * (given["city"] == "x").to_numpy()

    found = occlusion(model, frame, frame)
    a = frame["a"].to_numpy() - 2.5
    city = 10.0 * (frame["city"] == "x").to_numpy() - 10 * 4 / 6
    assert found.values[:, :, 0] == pytest.approx(np.stack([a, city, np.zeros(6)], axis=1), abs=1e-9)


@pytest.mark.parametrize(("name", "kind"), [("integrated_gradients", "image"), ("smooth_grad", "image"),
                                            ("integrated_gradients", "table"), ("smooth_grad", "table"),
                                            ("occlusion", "table"), ("occlusion", "image")])  # fmt: skip
def test_the_reference_agrees_and_notices_one_percent(name: str, kind: str) -> None:
    case: Case = case_for(kind)
    values = METHODS[name].attribute(case).of(case.targets)
    apart = reference_difference(case, name, values, {})
    assert apart is not None
    assert apart < 1e-3
    changed = reference_difference(case, name, 1.01 * values, {})
    assert changed == pytest.approx(0.01, rel=0.1)


def test_what_is_captum_itself_has_no_reference() -> None:
    case = case_for("table")
    for name in ("gradient", "deep_lift"):
        assert reference_difference(case, name, METHODS[name].attribute(case).of(case.targets), {}) is None
    windowed = case_for("image")
    assert reference_difference(windowed, "occlusion", np.zeros((12, 16)), {"window": 2}) is None
    black_box = case_of(lambda x: np.asarray(x).sum(axis=1), table(), table(9, 1))
    found = occlusion(black_box)
    assert reference_difference(black_box, "occlusion", found.of(black_box.targets), {}) == pytest.approx(0, abs=1e-6)
    assert len(pictures(1)) == 1

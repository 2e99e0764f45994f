"""Saliency: closed forms through the whole analyzer, what it keeps and shows, and where methods do not apply."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from one_analyzer import answers
from torch import nn

from auditnn.analyzers.catalog import load_catalog
from auditnn.analyzers.explanation.saliency import Settings
from auditnn.analyzers.explanation.saliency_plan import planned
from auditnn.core.analyzer import EFFORTS
from auditnn.core.audit import Audit
from auditnn.core.errors import NotApplicable, SettingsError
from auditnn.core.png import heat_of
from auditnn.core.subject import Subject
from auditnn.figures.draw import draw
from auditnn.runner import run
from auditnn.subjects.build import from_function, from_sklearn, from_torch

ID = "explanation.saliency"
W = np.array([2.0, -1.0, 0.5, 0.0])
TABLES = ("gradient", "input_x_gradient", "integrated_gradients", "smooth_grad", "deep_lift", "occlusion")
IMAGES = (*TABLES[:5], "guided_backpropagation", "grad_cam", "occlusion")


def linear(n: int = 120, **keywords: Any) -> Subject:
    """One logit w.x on columns a to d of mean 1, with as many training rows."""
    module = nn.Linear(4, 1, bias=False).double().eval()
    with torch.no_grad():
        module.weight.copy_(torch.from_numpy(W[None]))
    X = np.random.default_rng(0).normal(1.0, 1.0, size=(2 * n, 4))
    y = (X @ W > 0).astype(int)
    return from_torch(
        module, X[:n], y[:n], task="binary", output="logits", features=list("abcd"), train=(X[n:], y[n:]), **keywords
    )


def images(n: int = 40, classes: int = 3) -> Subject:
    torch.manual_seed(0)
    rng = np.random.default_rng(1)
    y = np.arange(n) % classes
    pixels = (rng.random((n, 1, 8, 8)) * 0.5 + y[:, None, None, None] / 6).astype(np.float32)
    module = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(256, classes)
    ).eval()
    return from_torch(module, pixels, y, task="multiclass", output="logits", modality="image")


def audited(subject: Subject, **keywords: Any) -> Audit:
    return run(subject, [ID], **keywords)


def test_a_linear_model_has_closed_forms() -> None:
    subject = linear()
    audit = audited(subject, settings={f"{ID}.rows": 120, f"{ID}.background": 200})
    assert audit.record(ID).status == "measured"  # type: ignore[union-attr]
    table, train = subject.test.rows, subject.train.rows  # type: ignore[union-attr]
    X, B = (np.column_stack([rows.columns[name] for name in "abcd"]) for rows in (table, train))  # type: ignore[union-attr]
    truth = {name: np.abs(W * (X - B.mean(axis=0))).mean(axis=0) for name in TABLES}
    truth |= dict.fromkeys(("gradient", "smooth_grad"), np.abs(W))
    truth["input_x_gradient"] = np.abs(W * X).mean(axis=0)
    for one in audit.measurements:
        if one.id == f"{ID}/mean_abs_value":
            expected = truth[one.slice["method"]]["abcd".index(one.slice["feature"])]
            assert one.value == pytest.approx(expected, abs=1e-6), one.slice
            assert one.low is not None
            assert one.low <= one.value + 1e-12
        if one.id == f"{ID}/reference_difference":
            assert one.value == pytest.approx(0.0, abs=1e-6)
        if one.id == f"{ID}/zero_gradient_share":
            assert one.value == 0.0
    sizes = {one.slice["method"] for one in audit.measurements if one.id == f"{ID}/mean_abs_value"}
    assert sizes == set(TABLES)


def test_rows_carry_the_values_of_the_class_that_was_predicted() -> None:
    audit = audited(linear())
    rows = audit.arrays[f"{ID}/rows"].data
    classes = audit.arrays[f"{ID}/class"].data
    prediction = dict(zip(audit.arrays["rows/id"].data.tolist(), audit.arrays["rows/prediction"].data, strict=True))
    assert [int(name) for name in classes] == [prediction[id] for id in rows.tolist()]
    sign = np.where(classes == "1", 1.0, -1.0)
    for name in TABLES:
        array = audit.arrays[f"{ID}/{name}"]
        assert array.dims == ("row", "unit")
        assert array.coords == {"unit": ("a", "b", "c", "d")}
        assert len(array.data) == len(rows) == 120
    assert audit.arrays[f"{ID}/gradient"].data == pytest.approx(sign[:, None] * W, abs=1e-6)


def test_images_keep_maps_and_show_them_for_telling_rows() -> None:
    audit = audited(images())
    for name in IMAGES:
        assert audit.arrays[f"{ID}/{name}"].data.shape == (40, 8, 8)
        assert audit.arrays[f"{ID}/{name}"].dims == ("row", "height", "width")
    (grid,) = (one for one in audit.exhibits if one.id == f"{ID}/maps")
    assert list(dict.fromkeys(grid.columns["method"]))[:2] == ["Gradient", "Input x gradient"]
    assert len(set(grid.columns["method"])) == len(IMAGES)
    assert 1 <= len(set(grid.columns["row"])) <= 3
    assert all(np.abs(heat_of(heat)).max() <= 1.0 for heat in grid.columns["heat"])
    assert any(np.abs(heat_of(heat)).max() == 1.0 for heat in grid.columns["heat"])
    draw(grid)
    assert not [one for one in audit.measurements if one.id == f"{ID}/mean_abs_value"]


def test_heat_is_the_map_in_parts_of_its_largest_value() -> None:
    audit = audited(images(), positions=[5])
    (grid,) = (one for one in audit.exhibits if one.id == f"{ID}/maps")
    at = grid.columns["method"].index("Integrated gradients")
    one = audit.arrays[f"{ID}/integrated_gradients"].data[0]
    assert heat_of(grid.columns["heat"][at]) == pytest.approx(one / np.abs(one).max(), abs=0.005)


def test_the_copy_with_folded_layers_is_told_of() -> None:
    audit = audited(images())
    (table,) = (one for one in audit.exhibits if one.id == f"{ID}/methods")
    told = dict(zip(table.columns["method"], table.columns["to be known"], strict=True))
    assert "folded" in told["Integrated gradients"]
    assert "folded" in told["SmoothGrad"]
    assert "folded" not in told["DeepLIFT"]
    plain = audited(images(), settings={f"{ID}.fold": False})
    (table,) = (one for one in plain.exhibits if one.id == f"{ID}/methods")
    assert not any("folded" in text for text in table.columns["to be known"])
    for name in IMAGES:
        ours, theirs = (one.arrays[f"{ID}/{name}"].data for one in (audit, plain))
        assert ours == pytest.approx(theirs, abs=1e-4 * float(np.abs(theirs).max()))


def test_without_gradients_occlusion_stands_alone_and_the_table_says_why() -> None:
    from sklearn.ensemble import RandomForestClassifier

    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=80), "b": rng.normal(size=80), "unused": rng.normal(size=80)})
    y = (frame["a"] > 0).astype(int)
    fitted = RandomForestClassifier(10, random_state=0).fit(frame, y)
    found = answers(from_sklearn(fitted, frame, y), ID)
    (table,) = (one for one in found.exhibits.values() if one.kind == "table")
    assert list(table.columns["how"]).count("not applicable") == 5
    assert "gives no gradients" in table.columns["to be known"][1]
    sizes = {one.slice["feature"]: one.value for one in found.measurements if one.id.endswith("mean_abs_value")}
    assert max(sizes, key=lambda name: sizes[name] or 0.0) == "a"
    assert {one.slice["method"] for one in found.measurements} == {"occlusion"}


def test_what_was_asked_for_and_does_not_apply_is_on_the_record() -> None:
    subject = linear()
    found = answers(subject, ID, methods=("gradient", "guided_backpropagation", "grad_cam"))
    absent = {one.slice["method"]: one for one in found.measurements if one.status != "measured"}
    assert set(absent) == {"guided_backpropagation", "grad_cam"}
    assert "no ReLU" in (absent["guided_backpropagation"].reason or "")
    assert "image" in (absent["grad_cam"].reason or "")
    with pytest.raises(NotApplicable, match="Grad-CAM: it is made for image"):
        answers(subject, ID, methods=("grad_cam",))
    with pytest.raises(SettingsError, match="gradients"):
        run(subject, [ID], settings={f"{ID}.methods": "gradients"})


def test_a_model_that_is_saturated_or_ignores_its_inputs_has_zeros_and_a_note() -> None:
    class Saturated(nn.Module):
        def forward(self, x: torch.Tensor) -> Any:
            return torch.sigmoid(1e6 * (1.0 + x[:, :1] ** 2))

    class Ignores(nn.Module):
        def forward(self, x: torch.Tensor) -> Any:
            return torch.full((len(x), 1), 0.3)

    X, y = np.random.default_rng(0).normal(size=(50, 3)), np.arange(50) % 2
    for module in (Saturated(), Ignores()):
        found = answers(from_torch(module, X, y, task="binary", output="probabilities"), ID)
        shares = {
            one.slice["method"]: one.value for one in found.measurements if one.id.endswith("zero_gradient_share")
        }
        assert {"gradient", "integrated_gradients", "smooth_grad"} <= set(shares)
        assert set(shares.values()) == {1.0}
        assert all(one.value in (0.0, 1.0) for one in found.measurements)
        assert f"{ID}/shares" not in found.exhibits
        assert any(
            "saturated" in text or "does not change" in text for text in found.exhibit("methods").columns["to be known"]
        )


def test_vanishing_is_told_from_small() -> None:
    """A row whose gradients are a millionth of the others' counts; one of a hundredth does not."""

    class Scaled(nn.Module):
        def forward(self, x: torch.Tensor) -> Any:
            return x[:, :1] * 10.0 ** x[:, 1:2].detach().round()

    X = np.random.default_rng(0).normal(size=(30, 2))
    X[:, 1] = np.repeat([0.0, -2.0, -9.0], 10)
    subject = from_torch(Scaled(), X, X[:, 0], task="regression", output="values")
    found = answers(subject, ID, methods=("gradient",))
    assert found["zero_gradient_share", "gradient"].value == pytest.approx(1 / 3)


def test_one_row_that_was_asked_about() -> None:
    audit = audited(linear(), positions=[7])
    assert audit.arrays[f"{ID}/rows"].data.tolist() == [7]
    whole = audited(linear())
    at = whole.arrays[f"{ID}/rows"].data.tolist().index(7)
    for name in TABLES:
        one, all_rows = (a.arrays[f"{ID}/{name}"].data for a in (audit, whole))
        assert one[0] == pytest.approx(all_rows[at], abs=1e-6)
    for measured in audit.measurements:
        if measured.id == f"{ID}/mean_abs_value":
            assert measured.interval_method in ("exact", "monte_carlo")
            assert measured.n == 1


def test_samples_are_nested_and_values_do_not_depend_on_how_many() -> None:
    few, many = (audited(linear(), settings={f"{ID}.rows": rows}) for rows in (30, 80))
    assert few.arrays[f"{ID}/rows"].data.tolist() == many.arrays[f"{ID}/rows"].data.tolist()[:30]
    for name in TABLES:
        assert np.array_equal(few.arrays[f"{ID}/{name}"].data[:25], many.arrays[f"{ID}/{name}"].data[:25])


def test_shares_leave_out_what_is_per_unit_of_the_input() -> None:
    found = answers(linear(), ID)
    shares = found.exhibit("shares")
    assert set(shares.columns["method"]) == {"Input x gradient", "Integrated gradients", "DeepLIFT", "Occlusion"}
    assert "Gradient and SmoothGrad are left out" in shares.summary
    per_method = pd.DataFrame(shares.columns).groupby("method")["share of the method's total"].sum()
    assert per_method.to_numpy() == pytest.approx(np.ones(4))
    assert shares.columns["feature"][0] == "a"
    draw(shares)
    alone = answers(linear(), ID, methods=("gradient",)).exhibit("shares")
    assert "with care" in alone.summary


def test_settings_reach_the_methods() -> None:
    subject = images()
    found = answers(
        subject, ID, methods=("integrated_gradients", "smooth_grad", "grad_cam", "occlusion"), steps=3, samples=4,
        noise=0.5, baseline="black", layer="2", window=4, stride=2, rows=5,
    )  # fmt: skip
    how = dict(zip(*(found.exhibit("methods").columns[name] for name in ("method", "how")), strict=True))
    assert how["Integrated gradients"] == "baseline: black, 3 steps"
    assert how["SmoothGrad"] == "4 samples, noise 0.5"
    assert how["Grad-CAM"] == "layer 2, 8 x 8 places"
    assert how["Occlusion"] == "windows of 4 x 4 pixels, in steps of 2, fill-ins: 1"


def test_more_effort_asks_for_more() -> None:
    declared = load_catalog()[ID]
    for subject in (linear(), images(), from_function(lambda a: a[:, 0] > 0, np.ones((9, 2)), np.arange(9) % 2)):
        plans = [planned(subject, effort, Settings()) for effort in EFFORTS]
        assert plans[0].rows < plans[1].rows < plans[2].rows
        costs = [declared.cost(subject, Settings(), effort, None) for effort in EFFORTS]  # type: ignore[misc]
        assert costs == sorted(costs)


def test_the_digits_sample() -> None:
    import auditnn

    audit = auditnn.run(auditnn.load("sample:digits"), [ID], effort="quick").record
    assert audit.record(ID).status == "measured"  # type: ignore[union-attr]
    assert {f"{ID}/{name}" for name in IMAGES} <= set(audit.arrays)
    differences = [one.value for one in audit.measurements if one.id == f"{ID}/reference_difference"]
    assert max(value or 0.0 for value in differences) < 1e-4

"""LIME as an analyzer: what it measures of known models, the reference check that trips, and rows beside SHAP."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from one_analyzer import answers

import auditnn
from auditnn.analyzers.catalog import load_catalog
from auditnn.analyzers.explanation import lime as analyzer
from auditnn.core.audit import Audit
from auditnn.core.subject import Subject
from auditnn.kernels.local_fit import exponential_kernel
from auditnn.methods.attribution import lime_image, lime_tabular
from auditnn.runner import run
from auditnn.subjects.build import from_function, from_torch

ID = "explanation.lime"
SLOPE = np.array([2.0, -1.0, 0.5, 0.0])


def table(function: Any, n: int = 200, **keywords: Any) -> Subject:
    X = np.random.default_rng(0).normal(size=(n, 4))
    return from_function(
        function, X, X @ SLOPE, task="regression", output="values", train=(X, X @ SLOPE), features=list("abcd"),
        **keywords,
    )  # fmt: skip


def linear(x: Any) -> np.ndarray:
    return np.asarray(x, dtype=float) @ SLOPE


def rough(x: Any) -> np.ndarray:
    return np.cos(6.0 * np.asarray(x, dtype=float)).sum(axis=1)


def pictures() -> Subject:
    import torch

    torch.manual_seed(0)
    rng = np.random.default_rng(1)
    pixels = rng.random((30, 1, 8, 8)).astype(np.float32)
    module = torch.nn.Sequential(torch.nn.Conv2d(1, 3, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(108, 3))
    return from_torch(module.eval(), pixels, rng.integers(0, 3, 30), output="logits", modality="image")


def status(audit: Audit, code: str) -> str:
    (found,) = (one for one in auditnn.judge(auditnn.Audit(audit)) if one.code == code)
    return str(found.status)


def test_a_linear_model_fits_and_its_sizes_are_known() -> None:
    found = answers(table(linear), ID, draws=2000)
    assert found.value("local_r2") > 0.999
    assert found.value("reference_difference") < 1e-6
    X = np.random.default_rng(0).normal(size=(200, 4))
    rows = found.arrays["rows"].data.astype(int)
    expected = np.abs((X[rows] - X.mean(axis=0)) * SLOPE).mean(axis=0)
    for name, size in zip("abc", expected, strict=False):
        assert found.value("mean_abs_value", name) == pytest.approx(size, rel=0.02)
        one = found["mean_abs_value", name]
        assert one.low is not None
        assert one.high is not None
        assert one.low < one.high
    assert found.value("mean_abs_value", "d") < 0.01
    values = found.arrays["values"]
    assert values.dims == ("row", "unit", "class")
    assert values.coords == {"unit": tuple("abcd"), "class": ("value",)}
    assert values.data.shape == (50, 4, 1)
    assert found.arrays["error"].data.shape == (50, 4, 1)
    assert found.arrays["r2"].data.shape == (50, 1)


def test_a_rough_model_does_not_fit_and_the_rule_says_so() -> None:
    audits = {function: run(table(function), [ID]) for function in (linear, rough)}
    assert status(audits[linear], "EXPL004") == "pass"
    assert status(audits[rough], "EXPL004") == "fail"
    assert {status(audit, "EXPL003") for audit in audits.values()} == {"pass"}


@pytest.mark.parametrize("subject", ["table", "images"])
def test_a_kernel_mutated_by_one_percent_trips_the_reference_check(
    subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wider(squared_distance: np.ndarray, width: float) -> np.ndarray:
        return exponential_kernel(squared_distance, 1.01 * width)

    one = table(rough) if subject == "table" else pictures()
    assert status(run(one, [ID]), "EXPL003") == "pass"
    module = lime_tabular if subject == "table" else lime_image
    monkeypatch.setattr(module, "exponential_kernel", wider)
    tripped = run(one, [ID])
    (value,) = (found.value for found in tripped.measurements if found.id == f"{ID}/reference_difference")
    assert value is not None
    assert value > 1e-4
    assert status(tripped, "EXPL003") == "fail"


def test_the_library_is_never_compared_with_itself() -> None:
    found = answers(table(linear), ID, rows=4, draws=100, engine="reference")
    one = found["reference_difference"]
    assert (one.status, one.reason) == ("not_applicable", "the coefficients are the library's own")
    assert "error" not in found.arrays
    assert found.value("local_r2") > 0.95
    assert answers(table(linear), ID, rows=4, draws=100, reference_rows=0)["reference_difference"].status == "undefined"


def test_shared_draws_widen_intervals_and_are_told() -> None:
    own = answers(table(rough), ID, rows=50, draws=100)
    shared = answers(table(rough), ID, rows=50, draws=100, samples="shared")
    assert "same draws" in shared.exhibit("method").summary
    assert "of its own" in own.exhibit("method").summary
    for key in (("local_r2",), ("mean_abs_value", "a")):
        one = shared[key[0] if len(key) == 1 else key]
        other = own[key[0] if len(key) == 1 else key]
        assert one.basis is not None
        assert other.basis is not None
        assert one.basis["se"] > other.basis["se"]


def test_one_row_has_useful_numbers() -> None:
    for subject in (table(rough), pictures()):
        found = run(subject, [ID, "explanation.shapley_values"], positions=[7])
        mine = {one.id.split("/")[1]: one for one in found.measurements if one.analyzer == ID}
        r2 = mine["local_r2"]
        assert (r2.interval_method, r2.n) == ("monte_carlo", 1)
        assert r2.low is not None
        assert r2.high is not None
        assert 0 < r2.high - r2.low < 0.5
        assert found.arrays[f"{ID}/values"].data.shape[0] == 1
        assert list(found.arrays[f"{ID}/rows"].data.astype(str)) == ["7"]


def test_lime_stands_beside_shapley_values_of_the_same_rows() -> None:
    subject = table(linear)
    both = run(subject, ["explanation.shapley_values", ID], rows=30)
    shown = [one for one in both.exhibits if one.id == f"{ID}/beside_shapley_values"]
    assert shown
    theirs = {one.slice["row"] for one in both.exhibits if one.id == "explanation.shapley_values/waterfall"}
    assert {one.slice["row"] for one in shown} == theirs
    for one in shown:
        assert one.slice["method"] == "lime"
        assert "The local model explains 100% of the variation around it. Each method's values" in one.summary
        columns = one.columns
        by_method = {
            method: np.array(
                [
                    share
                    for share, name in zip(columns["share of all values"], columns["method"], strict=True)
                    if name == method
                ]
            )
            for method in ("LIME", "Shapley values")
        }
        assert np.abs(by_method["LIME"]).sum() == pytest.approx(1.0)
        assert by_method["LIME"] == pytest.approx(by_method["Shapley values"], abs=0.03)
    alone = run(subject, [ID], rows=30)
    assert {one.slice["row"] for one in alone.exhibits if one.id == f"{ID}/row"} == theirs


def test_images_show_their_units() -> None:
    found = run(pictures(), ["explanation.shapley_values", ID], {f"{ID}.draws": 100}, rows=6)
    (maps,) = (one for one in found.exhibits if one.id == f"{ID}/maps")
    assert set(maps.columns["method"]) == {"LIME", "Shapley values"}
    assert found.arrays[f"{ID}/segments"].data.shape == (6, 8, 8)


def test_nothing_of_a_row_is_shown_where_none_may_be_stored() -> None:
    found = run(table(linear, store_rows="none"), [ID], rows=10)
    assert not [one for one in found.exhibits if "row" in one.slice]


@pytest.mark.parametrize("samples", ["per_row", "shared"])
def test_the_cost_is_foretold(samples: str) -> None:
    declared, subject = load_catalog()[ID], table(linear)
    settings = declared.settings(samples=samples, rows=20, draws=100)
    assert declared.cost is not None
    (record,) = (one for one in run(subject, [ID], {f"{ID}.{name}": getattr(settings, name) for name in
                 ("samples", "rows", "draws")}).analyzers if one.id == ID)  # fmt: skip
    foretold = declared.cost(subject, settings, "standard", None)
    assert 0 < record.rows_forward <= foretold
    assert foretold <= 1.3 * record.rows_forward


def test_the_library_s_bins_follow_a_line_badly() -> None:
    """What the page of EXPL004 says: quartiles of an exactly linear model leave R2 near 0.3 in thirty features."""
    X = np.random.default_rng(3).normal(size=(300, 30))
    slope = np.random.default_rng(4).normal(size=30)
    subject = from_function(
        lambda x: np.asarray(x) @ slope, X, X @ slope, task="regression", output="values", train=(X, X @ slope)
    )
    assert answers(subject, ID, rows=20, draws=2000, discretizer="quartile").value("local_r2") == pytest.approx(
        0.3, abs=0.1
    )
    assert answers(subject, ID, rows=20, draws=2000).value("local_r2") > 0.999


def test_settings_reach_the_method() -> None:
    settings = analyzer.Settings(samples="shared", discretizer="decile", num_features=2, kernel_width=1.5)
    told = analyzer.method_settings(settings, 77)
    assert told == {
        "draws": 77, "samples": "shared", "discretizer": "decile", "center": "training", "kernel_width": 1.5,
        "num_features": 2, "selection": "auto", "engine": "fast",
    }  # fmt: skip
    assert {field.name for field in dataclasses.fields(analyzer.Settings)} >= set(told)

"""`auditnn explain`: one row, on the terminal, as JSON and as a page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from kit import auditnn

import auditnn as package
from auditnn.front.explanation import explain


def test_a_row_is_explained_by_every_method_with_its_checks(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    page = tmp_path / "row.html"
    ended = auditnn(capsys, "explain", "sample:perceptron", "--row", "17", "--effort", "quick", "--html", page)
    assert ended.code == 0, ended.err
    assert ended.out.startswith("perceptron, row 17: predicted ")
    for part in (
        "Shapley",
        "LIME",
        "Which of these to believe",
        "Faithfulness",
        "linear shapley",
        "integrated gradients",
    ):
        assert part in ended.out, part
    assert "row 17" in page.read_text().lower()


def test_json_holds_what_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    ended = auditnn(capsys, "explain", "sample:perceptron", "--row", "17", "--effort", "quick", "--json")
    told = json.loads(ended.out)
    assert told["row"] == "17"
    assert told["predicted"] in ("benign", "malignant")
    bars = next(one for one in told["explanations"] if one["id"] == "explanation.shapley_values/waterfall")
    assert bars["slice"]["row"] == "17"
    assert {one["method"] for one in told["checks"]} >= {"linear_shapley", "lime"}


def test_two_rows_of_a_linear_model_differ_by_its_weights() -> None:
    """Shapley values are w (x - mean background): between two rows the background falls out."""
    subject = package.load("sample:perceptron")
    both = [explain(subject, row, effort="quick") for row in (17, 30)]
    values = [one.arrays["explanation.shapley_values/values"][0, :, subject.record.positive] for one in both]
    record = subject.record
    scale, layer = record.model.module  # type: ignore[union-attr]
    slope = layer.weight.detach().numpy()[0] / np.sqrt(scale.running_var.numpy() + scale.eps)
    columns = record.test.rows.columns.values()  # type: ignore[union-attr]
    moved = np.array([column[17] - column[30] for column in columns])
    np.testing.assert_allclose(values[0] - values[1], slope * moved, atol=1e-5)


def test_only_the_row_asked_about_is_kept() -> None:
    audit = explain(package.load("sample:perceptron"), 17, effort="quick")
    assert audit.arrays["rows/stored"].tolist() == [17]
    assert audit.arrays["explanation.shapley_values/rows"].tolist() == [17]


def test_an_unknown_row_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    ended = auditnn(capsys, "explain", "sample:perceptron", "--row", "nobody")
    assert ended.code == 2
    assert "Expected the id of a test row, but got 'nobody'." in ended.err

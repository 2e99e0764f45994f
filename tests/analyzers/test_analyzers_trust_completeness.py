"""Completeness: planted errors come out as they were planted; what promises nothing is left out by name."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from one_analyzer import answers
from trust_cases import linear, method, network, shapley

from auditnn.analyzers.trust.completeness import relative_error
from auditnn.analyzers.trust.explained import Explained
from auditnn.core.errors import NotApplicable
from auditnn.methods.attribution import METHODS
from auditnn.methods.case import Case

ID = "trust.completeness"
GOLDEN = Path(__file__).parents[1] / "golden" / "quantus_trust.json"


def test_exact_values_add_up_and_a_planted_error_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """One value too large by 0.5: an error of 0.5 in every row, over the standard deviation of the outputs."""

    def shifted(case: Case) -> np.ndarray:
        values = shapley(case)
        values[:, 2] += 0.5
        return values

    monkeypatch.setitem(METHODS, "shifted", method("shifted", shifted, additive=True))
    subject = linear()
    found = answers(subject, ID, methods=("exact_shapley", "shifted", "gradient"))
    assert found.value("completeness_error", "exact_shapley") == pytest.approx(0.0, abs=1e-6)
    assert subject.test.rows is not None
    assert subject.train is not None
    assert subject.train.rows is not None
    weights = np.arange(1.0, 7.0)
    tested, background = (
        np.column_stack([rows.columns[name] for name in rows.columns]) @ weights  # type: ignore[attr-defined]
        for rows in (subject.test.rows, subject.train.rows)
    )
    measured = found["completeness_error", "shifted"]
    assert measured.n == 30
    assert measured.value is not None
    assert 0.5 / measured.value == pytest.approx(np.concatenate([tested, background]).std(), rel=0.2)
    assert found.value("largest_completeness_error", "shifted") == pytest.approx(measured.value, rel=1e-5)
    assert found["largest_completeness_error", "shifted"].interval_method == "exact"
    assert {one.slice["method"] for one in found.measurements} == {"exact_shapley", "shifted"}
    assert "Gradient (its values are not meant to add up)" in found.exhibit("methods").summary


def test_too_few_steps_show() -> None:
    """Integrated gradients of a network add up the better the more steps there are."""
    from dataclasses import replace as changed

    few = METHODS["integrated_gradients"]

    def one_step(case: Case, **_: object) -> object:
        return few.attribute(case, steps=1)

    METHODS["one_step"] = changed(few, name="one_step", attribute=one_step)  # type: ignore[arg-type]
    try:
        found = answers(network("regression"), ID, methods=("integrated_gradients", "one_step"))
    finally:
        del METHODS["one_step"]
    many, single = (found.value("completeness_error", name) for name in ("integrated_gradients", "one_step"))
    assert many < 0.02
    assert single > 5 * many


def test_one_row_is_exact() -> None:
    found = answers(network(), ID, methods=("exact_shapley", "kernel_shap"), rows=1)
    for name in ("exact_shapley", "kernel_shap"):
        one = found["completeness_error", name]
        assert (one.interval_method, one.n) == ("exact", 1)
        assert one.value == pytest.approx(0.0, abs=1e-6)


def test_where_nothing_promises_to_add_up() -> None:
    with pytest.raises(NotApplicable, match=r"^Gradient: its values are not meant to add up$"):
        answers(linear(), ID, methods=("gradient",))


def test_a_constant_output_has_no_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(case: Case) -> np.ndarray:
        return np.ones((len(case), 6, 1))

    monkeypatch.setitem(METHODS, "wrong", method("wrong", wrong, additive=True))
    found = answers(linear(np.zeros(6)), ID, methods=("exact_shapley", "wrong"))
    assert found.value("completeness_error", "exact_shapley") == 0.0
    missing = found["completeness_error", "wrong"]
    assert missing.status == "undefined"
    assert "the same for all rows" in (missing.reason or "")


def test_quantus_agrees_on_what_is_complete() -> None:
    """Values that add up to the last bit, and values that are one too large in sum."""
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    told = golden["complete"]
    x, y = np.array(told["x"]).reshape(-1, 16), np.array(golden["y"])
    weight, bias = (np.array(told["linear"][name]) for name in ("1.weight", "1.bias"))
    exact = x * weight[y]
    output = (x @ weight.T + bias)[np.arange(len(y)), y]
    for name, values in (("exact", exact), ("one more", exact + 1 / 16)):
        one = Explained(values=values, output=output, base=bias[y])
        assert [bool(error < 1e-6) for error in relative_error(one, np.ones(len(y)))] == told[name]

"""Agreement: the same order is 1, its reverse -1, unrelated draws 0."""

from __future__ import annotations

import numpy as np
import pytest
from one_analyzer import answers
from trust_cases import D, linear, method, network, shapley

from auditnn.core.errors import NotApplicable
from auditnn.methods.attribution import METHODS

ID = "trust.agreement"


def test_planted_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METHODS, "cubed", method("cubed", lambda case: shapley(case) ** 3))
    monkeypatch.setitem(METHODS, "reversed", method("reversed", lambda case: -shapley(case)))
    names = ("exact_shapley", "cubed", "reversed", "random_attribution")
    found = answers(network(), ID, methods=names)
    pairs = {
        frozenset((one.slice["method"], one.slice["other"])): one.value
        for one in found.measurements
        if "other" in one.slice
    }
    assert len(pairs) == 6
    assert pairs[frozenset(("exact_shapley", "cubed"))] == pytest.approx(1.0)
    assert pairs[frozenset(("exact_shapley", "reversed"))] == pytest.approx(-1.0)
    chance = pairs[frozenset(("exact_shapley", "random_attribution"))]
    assert chance is not None
    assert abs(chance) < 0.3
    mean = found.value("mean_rank_agreement", "exact_shapley")
    assert mean == pytest.approx((1.0 - 1.0 + chance) / 3)
    shown = found.exhibit("pairs").columns
    at = {(a, b): v for a, b, v in zip(*shown.values(), strict=True)}
    assert at["Exact Shapley values", "Planted reversed"] == pytest.approx(-1.0)
    assert at["Planted reversed", "Exact Shapley values"] == pytest.approx(-1.0)
    assert at["Planted cubed", "Planted cubed"] == 1.0


def test_methods_that_are_one_on_a_linear_model_agree() -> None:
    """Shapley values, occlusion, DeepLIFT and integrated gradients of a linear model are the same numbers."""
    found = answers(linear(), ID, methods=("exact_shapley", "occlusion", "integrated_gradients", "deep_lift"))
    assert all(one.value == pytest.approx(1.0) for one in found.measurements)


def test_one_method_has_nobody_to_agree_with() -> None:
    with pytest.raises(NotApplicable, match="Exact Shapley values is the only method"):
        answers(linear(), ID, methods=("exact_shapley",))


def test_rows_without_an_order_take_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    def half_flat(case: object) -> np.ndarray:
        values = shapley(case)  # type: ignore[arg-type]
        values[::2] = 0.0
        return values

    monkeypatch.setitem(METHODS, "half_flat", method("half_flat", half_flat))
    monkeypatch.setitem(METHODS, "flat", method("flat", lambda case: np.zeros((len(case), D, 1))))
    found = answers(linear(), ID, methods=("exact_shapley", "half_flat", "flat"), rows=20)
    pair = next(one for one in found.measurements if one.slice.get("other") == "half_flat")
    assert pair.n == 10
    assert pair.value == pytest.approx(1.0)
    flat = found["mean_rank_agreement", "flat"]
    assert flat.status == "undefined"
    assert "no ranks to compare" in (flat.reason or "")


def test_one_row_is_in_the_picture_without_an_interval() -> None:
    found = answers(network(), ID, methods=("exact_shapley", "gradient"), rows=1)
    assert {one.status for one in found.measurements} == {"undefined"}
    value = found.exhibit("pairs").columns["rank correlation"][1]
    assert value is not None
    assert -1 <= value <= 1

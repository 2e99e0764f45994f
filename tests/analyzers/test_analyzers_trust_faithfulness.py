"""Faithfulness: 1 for the order that the search finds, -1 for its reverse, 0 for chance; no order, no number."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from one_analyzer import answers
from trust_cases import D, linear, method, network, pictures, shapley

from auditnn.analyzers.catalog import load_catalog
from auditnn.analyzers.context import Context
from auditnn.analyzers.trust.faithfulness import gains
from auditnn.core.audit import RowArray
from auditnn.core.measurement import Measurement
from auditnn.kernels.orderings import area
from auditnn.methods.attribution import METHODS
from auditnn.methods.case import Case
from auditnn.methods.curves import Walk, curves
from auditnn.methods.plain import case_of
from auditnn.subjects.calls import Calls
from auditnn.subjects.check import first_predictions

ID = "trust.faithfulness"
GOLDEN = Path(__file__).parents[1] / "golden" / "quantus_trust.json"


def test_the_scale_of_a_linear_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METHODS, "reversed", method("reversed", lambda case: -shapley(case)))
    found = answers(linear(), ID, methods=("exact_shapley", "reversed", "random_attribution"))
    for quantity in ("deletion_auc_gain", "insertion_auc_gain"):
        assert found.value(quantity, "exact_shapley") == pytest.approx(1.0, abs=1e-5)
        assert found.value(quantity, "reversed") == pytest.approx(-1.0, abs=1e-5)
        chance = found[quantity, "random_attribution"]
        assert chance.low is not None
        assert chance.high is not None
        assert chance.low < 0 < chance.high
        assert chance.high < 0.5


def test_a_network_s_own_shapley_values_are_near_the_search_on_tables_and_images() -> None:
    for subject in (network(), network("regression"), pictures()):
        found = answers(subject, ID, methods=("occlusion", "random_attribution"), rows=20)
        assert found.value("deletion_auc_gain", "occlusion") > 0.8
        assert abs(found.value("deletion_auc_gain", "random_attribution")) < 0.4


def test_gains_by_hand() -> None:
    """Random orders leave 0.5 of the area, the search 0.1 and the method 0.3: half of the way."""
    at = np.array([0, 1, 2])
    chance = np.array([[0.0, 0.5, 1.0], [0.0, 0.5, 1.0]])
    gain, error = gains(np.array([[1.0, 0.1, 0.0]]), chance, np.array([1.0, -0.3, 0.0]), at, -1.0)
    assert gain == pytest.approx([(0.5 - 0.3) / (0.5 - 0.1)])
    assert error == pytest.approx([0.0])
    noisy = np.array([[0.0, 0.4, 1.0], [0.0, 0.6, 1.0]])
    _, error = gains(np.array([[1.0, 0.1, 0.0]]), noisy, np.array([1.0, -0.3, 0.0]), at, -1.0)
    # areas 0.45 and 0.55: standard error 0.05 of the middle, half of which the gain takes over, of a room of 0.4
    assert error == pytest.approx([0.5 * 0.05 / 0.4])


def test_the_error_of_the_random_orders_covers() -> None:
    """The spread of a row's gain over many draws of its random orders is what the error says."""
    rng = np.random.default_rng(0)
    at, d = np.arange(7), 6
    curve = np.concatenate([[1.0], np.sort(rng.random(5))[::-1] * 0.3, [0.0]])
    best = np.concatenate([[1.0], np.zeros(6)])
    draws = [rng.random((5, 7)) + np.linspace(0, 1, d + 1) for _ in range(2000)]
    found = np.array([[part[0] for part in gains(curve[None], one, best, at, -1.0)] for one in draws])
    assert found[:, 0].std() == pytest.approx(np.sqrt((found[:, 1] ** 2).mean()), rel=0.1)


def test_a_model_that_ignores_its_inputs_has_no_number() -> None:
    found = answers(linear(np.zeros(D)), ID, methods=("exact_shapley", "input_values"))
    for one in found.measurements:
        assert one.status == "undefined"
        assert one.reason == "the output of no row depends on the order in which its units are hidden"
    assert not found.exhibits


def test_rows_without_an_effect_take_no_part() -> None:
    """A model of one feature that is 0 below 0: half of the rows depend on it against a background of negatives."""
    from auditnn.subjects.build import from_function

    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3))
    background = -np.abs(rng.normal(size=(20, 3)))
    subject = from_function(
        lambda x: np.maximum(np.asarray(x)[:, 0], 0) + np.maximum(np.asarray(x)[:, 1], 0), X, np.zeros(40),
        task="regression", output="values", train=(background, np.zeros(20)),
    )  # fmt: skip
    context, items = run_in_context(subject, ("exact_shapley",), rows=40)
    positions = context.sample(40)
    depends = (X[positions, 0] > 0) | (X[positions, 1] > 0)
    arrays = {one.key: one for one in items if isinstance(one, RowArray)}
    assert np.array_equal(arrays[f"{ID}/deletion_auc_gain_defined"].data[:, 0], depends)
    assert (arrays[f"{ID}/deletion_auc_gain"].data[~depends] == 0).all()
    assert np.array_equal(arrays[f"{ID}/rows"].data, subject.test.id[positions])
    (measured,) = [one for one in items if isinstance(one, Measurement) and one.id == f"{ID}/deletion_auc_gain"]
    assert measured.n == depends.sum()


def run_in_context(subject: object, methods: tuple[str, ...], **settings: object) -> tuple[Context, list[object]]:
    declared = load_catalog()[ID]
    calls = Calls(subject)  # type: ignore[arg-type]
    context = Context(
        analyzer=ID, subject=subject, predictions=first_predictions(subject, calls), calls=calls,  # type: ignore[arg-type]
    )  # fmt: skip
    chosen = declared.settings(methods=methods, **settings)
    return context, list(declared.run(subject, chosen, context))  # type: ignore[arg-type]


def test_one_row_has_the_error_of_its_random_orders() -> None:
    found = answers(network(), ID, methods=("exact_shapley",), rows=1)
    one = found["deletion_auc_gain", "exact_shapley"]
    assert one.interval_method == "monte_carlo"
    assert one.n == 1
    assert one.low is not None
    assert one.high is not None
    assert one.low < (one.value or 0) < one.high


def test_equal_values_are_no_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """A method that says nothing does no better than chance, whatever the order of the features."""
    monkeypatch.setitem(METHODS, "silent", method("silent", lambda case: np.zeros((len(case), D, 1))))
    falling = answers(linear(np.arange(D, 0.0, -1.0)), ID, methods=("silent",), rows=60)
    rising = answers(linear(), ID, methods=("silent",), rows=60)
    for found in (falling, rising):
        assert abs(found.value("deletion_auc_gain", "silent")) < 0.25


def test_curves_start_and_end_where_the_game_does() -> None:
    found = answers(linear(), ID, methods=("exact_shapley",))
    shown = found.exhibit("insertion_curves").columns
    hidden = found.exhibit("deletion_curves").columns
    for order in ("Exact Shapley values", "random orderings", "greedy search"):
        up = [y for y, name in zip(shown["mean output"], shown["order"], strict=True) if name == order]
        down = [y for y, name in zip(hidden["mean output"], hidden["order"], strict=True) if name == order]
        assert up[0] == pytest.approx(down[-1], rel=1e-4)
        assert up[-1] == pytest.approx(down[0], rel=1e-4)


def test_more_units_than_steps() -> None:
    from auditnn.subjects.build import from_function

    rng = np.random.default_rng(0)
    X, w = rng.normal(size=(10, 60)), rng.normal(size=60)
    subject = from_function(
        lambda x: np.asarray(x) @ w, X, np.zeros(10), task="regression", output="values",
        train=(rng.normal(size=(20, 60)), np.zeros(20)),
    )  # fmt: skip
    found = answers(subject, ID, methods=("occlusion", "random_attribution"), steps=10)
    assert found.value("deletion_auc_gain", "occlusion") == pytest.approx(1.0, abs=1e-4)
    assert abs(found.value("deletion_auc_gain", "random_attribution")) < 0.2


def test_the_class_of_a_case_is_the_predicted_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values for another class are another explanation."""

    def next_class(case: Case) -> np.ndarray:
        return np.roll(shapley(case), 1, axis=2)

    monkeypatch.setitem(METHODS, "other_class", method("other_class", next_class))
    found = answers(network(), ID, methods=("exact_shapley", "other_class"))
    assert found.value("deletion_auc_gain", "exact_shapley") > 0.9
    assert found.value("deletion_auc_gain", "other_class") < 0.5


def test_quantus_walks_the_same_curves() -> None:
    """Pixel flipping to zeros, the largest values first: the same logits at every step and the same areas."""
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    x, y = np.array(golden["x"], dtype=np.float32).reshape(-1, 16), np.array(golden["y"])
    weight, bias = (np.array(golden["linear"][name]) for name in ("1.weight", "1.bias"))
    case = case_of(lambda rows: np.asarray(rows) @ weight.T + bias, x, np.zeros((1, 16)), target=y)
    by_values = {"exact": x * weight[y], "random": np.array(golden["random values"]).reshape(-1, 16)}
    for name, values in by_values.items():
        walks = [Walk(row, np.argsort(-values[row]), True) for row in range(len(x))]
        found = np.array(curves(case, walks, 32))
        assert found[:, 1:] == pytest.approx(np.array(golden["flipping"][name]["curves"]), abs=1e-4)
        # Quantus leaves the untouched image out, and its steps are one wide
        assert area(found[:, 1:], np.arange(16)) * 15 == pytest.approx(golden["flipping"][name]["areas"], abs=1e-3)

"""The choice of the method, its noise and its reference: what is told is so, and intervals hold the truth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from one_analyzer import Answers, answers

from auditnn.analyzers.catalog import load_catalog
from auditnn.analyzers.explanation import shapley_measures
from auditnn.core.errors import NotApplicable
from auditnn.core.subject import Subject
from auditnn.methods.attribution import METHODS
from auditnn.runner import run
from auditnn.subjects.build import from_function, from_torch

ID = "explanation.shapley_values"
SHAP_METHODS = (
    "linear_shapley", "exact_shapley", "kernel_shap", "permutation_shapley", "deep_lift_shap", "gradient_shap",
)  # fmt: skip


def network(d: int = 6, n: int = 120, k: int = 1, **keywords: Any) -> Subject:
    """A small network that is not linear."""
    import torch

    torch.manual_seed(1)
    module = torch.nn.Sequential(torch.nn.Linear(d, 16), torch.nn.Tanh(), torch.nn.Linear(16, k))
    X = np.random.default_rng(0).normal(size=(n + 40, d)).astype(np.float32)
    if k == 1:
        y = module(torch.from_numpy(X)).detach().numpy()[:, 0]
        keywords = {"task": "regression", "output": "values", **keywords}
    else:
        y = module(torch.from_numpy(X)).argmax(1).numpy()
        keywords = {"task": "multiclass", "output": "logits", "classes": list(range(k)), **keywords}
    return from_torch(module, X[:n], y[:n], train=(X[n:], y[n:]), **keywords)


def why(found: Answers) -> str:
    told = found.exhibit("method")
    return str(dict(zip(told.columns["what"], told.columns["value"], strict=True))["why this one"])


def test_auto_picks_and_says_why() -> None:
    weights = np.arange(5.0)
    X = np.random.default_rng(0).normal(size=(60, 5))
    line = from_function(lambda x: np.asarray(x) @ weights, X, X @ weights, task="regression", output="values")
    closed = answers(line, ID)
    assert closed.exhibit("method").slice == {"method": "linear_shapley"}
    assert "linear" in why(closed)
    exact = answers(network(), ID)
    assert exact.exhibit("method").slice == {"method": "exact_shapley"}
    assert "64 coalitions" in why(exact)
    drawn = answers(network(20), ID, masks=256, rows=10)
    assert drawn.exhibit("method").slice == {"method": "kernel_shap"}
    assert "a sample of 256" in why(drawn)
    assert drawn.value("monte_carlo_error") > 0


def test_more_units_than_the_budget_are_grouped_and_said() -> None:
    found = answers(network(40, 60), ID, masks=64, rows=5)
    units = found.arrays["values"].coords["unit"]
    assert len(units) == 16
    assert any(" + " in name for name in units)
    assert "40 features are more than the budget" in why(found)
    assert found.value("additivity_error") < 1e-6


@pytest.mark.parametrize("method", SHAP_METHODS)
def test_every_method_answers_or_says_why_not(method: str) -> None:
    subject = network(5, 40, 3)
    if method == "linear_shapley":
        with pytest.raises(NotApplicable, match="not linear"):
            answers(subject, ID, method=method)
        return
    exact = answers(subject, ID, rows=20, method="exact_shapley").arrays["values"].data
    found = answers(subject, ID, rows=20, method=method)
    values = found.arrays["values"].data
    if values.shape[2] == 1:
        targets = found.arrays["class"].data.astype(int)
        exact = exact[np.arange(20), :, targets][:, :, None]
        assert "class" not in found.arrays["values"].coords
    assert np.corrcoef(values.ravel(), exact.ravel())[0, 1] > 0.95
    assert (found["monte_carlo_error"].status == "measured") == METHODS[method].drawn
    assert not any(one.status == "failed" for one in found.measurements)
    record = run(subject, [ID], rows=20, settings={f"{ID}.method": method}).record(ID)
    declared = load_catalog()[ID]
    assert record is not None
    assert declared.cost is not None
    assert record.rows_forward <= declared.cost(subject, declared.settings(method=method), "standard", 20)


def test_one_class_asked_of_a_gradient_method_is_the_class_of_every_row() -> None:
    found = answers(network(5, 40, 3), ID, rows=20, method="deep_lift_shap", classes=("2",))
    assert set(found.arrays["class"].data) == {"2"}
    assert found["mean_abs_value", "x0"].n == 20
    waterfalls = [one for one in found.all_exhibits if one.id == f"{ID}/waterfall"]
    assert {one.slice["class"] for one in waterfalls} == {"2"}
    assert any("It is predicted 0" in one.summary or "It is predicted 1" in one.summary for one in waterfalls)


def test_the_library_on_the_same_draws_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    for settings in ({}, {"method": "kernel_shap", "sampler": "shap"}, {"method": "permutation_shapley"}):
        found = answers(network(7), ID, rows=8, masks=64, **settings)
        assert found.value("reference_difference") < 1e-5
    own = answers(network(7), ID, rows=4, masks=64, engine="reference", method="kernel_shap", sampler="shap")
    assert own["reference_difference"].status == "not_applicable"
    assert "not compared with itself" in (own["reference_difference"].reason or "")
    gradient = answers(network(7), ID, rows=4, method="deep_lift_shap")
    assert gradient["reference_difference"].status == "not_applicable"
    plain = METHODS["kernel_shap"]

    def mutated(case: Any, **settings: Any) -> Any:
        result = plain.attribute(case, **settings)
        return replace(result, values=result.values * 1.01)

    monkeypatch.setitem(METHODS, "kernel_shap", replace(plain, attribute=mutated))
    wrong = answers(network(7), ID, rows=8, masks=64, method="kernel_shap")
    assert wrong.value("reference_difference") > 1e-3
    assert wrong.value("additivity_error") > 1e-3


@pytest.mark.parametrize("draws", ["per_row", "shared"])
def test_intervals_hold_the_mean_size_of_the_explained_rows_under_noise(
    draws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few coalitions, so that the draws matter: over seeds the interval holds what exact values give for all rows."""
    subject = network(12, 120)
    assert subject.train is not None
    assert subject.train.rows is not None
    few = replace(subject.train, rows=subject.train.rows.between(0, 10), id=subject.train.id[:10], y=None)
    subject = replace(subject, train=few)  # all of them are the background, whatever the seed
    exact = answers(subject, ID, rows=120, masks=4096)
    monkeypatch.setattr(shapley_measures, "reference_difference", lambda *_: None)
    held = total = 0
    for seed in range(12):
        found = answers(subject, ID, seed=seed, rows=25, masks=24, method="kernel_shap", sampler="shap", draws=draws)
        for one in found.measurements:
            if one.id.endswith("mean_abs_value"):
                truth = exact.value("mean_abs_value", one.slice["feature"])
                assert one.low is not None
                assert one.high is not None
                held += one.low <= truth <= one.high
                total += 1
    assert total == 12 * 12
    assert held / total >= 0.9


def test_shared_draws_are_wider_where_they_are_noisy() -> None:
    subject = network(12, 120)
    settings = {"rows": 60, "background": 10, "masks": 24, "method": "kernel_shap", "sampler": "shap"}
    width = {}
    for draws in ("per_row", "shared"):
        found = answers(subject, ID, draws=draws, **settings)
        width[draws] = np.mean(
            [one.high - one.low for one in found.measurements if one.id.endswith("mean_abs_value")]  # type: ignore[operator]
        )
        notes = found.exhibit("method").summary
        assert ("same coalitions" in notes) == (draws == "shared")
    assert width["shared"] > 1.3 * width["per_row"]

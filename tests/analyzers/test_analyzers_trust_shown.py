"""Which methods are checked, which rows, and when values of the same run are taken over."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from one_analyzer import answers
from trust_cases import linear, network, pictures

from auditnn.analyzers.catalog import load_catalog
from auditnn.analyzers.context import Context
from auditnn.analyzers.explanation import lime
from auditnn.analyzers.trust import stored
from auditnn.analyzers.trust.shown import LIME_DRAWS, Settings, shown
from auditnn.core.analyzer import EFFORTS
from auditnn.core.audit import RowArray
from auditnn.core.errors import SettingsError
from auditnn.core.subject import Subject
from auditnn.methods.attribution import METHODS
from auditnn.runner import run
from auditnn.subjects.calls import Calls
from auditnn.subjects.check import first_predictions

EXPLAINED = ("explanation.shapley_values", "explanation.lime")


def context(subject: Subject, **keywords: Any) -> Context:
    calls = Calls(subject)
    return Context(
        analyzer="trust.agreement", subject=subject, predictions=first_predictions(subject, calls), calls=calls,
        **keywords,
    )  # fmt: skip


def arrays_of(subject: Subject, **settings: Any) -> dict[str, RowArray]:
    audit = run(subject, list(EXPLAINED), settings)
    return {key: audit.arrays[key] for key in stored.KEYS if key in audit.arrays}


def test_by_default_what_the_audit_shows() -> None:
    around = context(network())
    under = shown(around.subject, Settings(), around)
    assert list(under.methods) == [
        "exact_shapley", "lime", "gradient", "input_x_gradient", "integrated_gradients", "smooth_grad", "deep_lift",
        "occlusion",
    ]  # fmt: skip
    audit = run(network(), ["explanation"])
    assert {one.slice["method"] for one in audit.exhibits if one.id == "explanation.shapley_values/method"} == {
        "exact_shapley"
    }
    saliency = {key.split("/")[1] for key in audit.arrays if key.startswith("explanation.saliency/")}
    assert saliency - {"rows", "class"} == set(list(under.methods)[2:])


def test_images_and_linear_models_get_theirs() -> None:
    around = context(pictures())
    assert {"guided_backpropagation", "grad_cam"} <= set(shown(around.subject, Settings(), around).methods)
    around = context(linear())
    assert next(iter(shown(around.subject, Settings(), around).methods)) == "linear_shapley"


@pytest.mark.parametrize("effort", EFFORTS)
def test_settings_are_those_of_the_explanations(effort: Any) -> None:
    """What explanation.lime draws is written down twice, because analyzers do not know one another."""
    for budget, draws in zip((lime.IMAGES, lime.TABLES, lime.ESTIMATORS), LIME_DRAWS[effort], strict=True):
        assert budget[effort][1] == draws


def test_a_method_that_does_not_exist_gets_the_nearest() -> None:
    with pytest.raises(SettingsError, match="Did you mean 'exact_shapley'"):
        answers(linear(), "trust.agreement", methods=("exact_shapely", "lime"))


def test_methods_that_do_not_fit_are_named_with_the_reason() -> None:
    found = answers(linear(), "trust.agreement", methods=("exact_shapley", "occlusion", "grad_cam"))
    assert "Left out: Grad-CAM (it is not for tabular rows)." in found.exhibit("pairs").summary


def test_values_of_the_run_are_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = network()
    held = arrays_of(subject)
    asked: list[int] = []
    for name in ("exact_shapley", "lime"):
        own = METHODS[name]

        def counted(case: Any, own: Any = own, **settings: Any) -> Any:
            asked.append(len(case))
            return own.attribute(case, **settings)

        monkeypatch.setitem(METHODS, name, replace(own, attribute=counted))
    chosen = Settings(methods=("exact_shapley", "lime"))
    alone, beside = context(subject), context(subject, consumed=held)
    computed = shown(subject, chosen, alone).each(alone)
    assert max(asked) == 25
    asked.clear()
    taken = shown(subject, chosen, beside).each(beside)
    assert asked == [1, 1]
    for name, one in computed.items():
        assert taken[name].values == pytest.approx(one.values, abs=1e-5)
        assert taken[name].output == pytest.approx(one.output, abs=1e-5)
        assert (taken[name].base is None) == (not METHODS[name].additive)
    assert taken["exact_shapley"].base == pytest.approx(computed["exact_shapley"].base, abs=1e-5)


@pytest.mark.parametrize(
    "settings",
    [
        {"explanation.shapley_values.background": 7, "explanation.lime.draws": 300},
        {"explanation.shapley_values.method": "kernel_shap", "explanation.shapley_values.masks": 20,
         "explanation.lime.discretizer": "quartile"},
        {"explanation.shapley_values.rows": 5, "explanation.lime.rows": 5},
        {"explanation.shapley_values.classes": "0", "explanation.lime.kernel_width": 0.5},
    ],
)  # fmt: skip
def test_other_settings_are_computed_anew(settings: dict[str, Any]) -> None:
    subject = network()
    held = arrays_of(subject, **settings)
    assert held
    chosen = Settings(methods=("exact_shapley", "lime"))
    alone, beside = context(subject), context(subject, consumed=held)
    computed, taken = shown(subject, chosen, alone).each(alone), shown(subject, chosen, beside).each(beside)
    for name, one in computed.items():
        assert np.array_equal(one.values, taken[name].values)


def test_alone_and_in_company_the_checks_say_the_same() -> None:
    subject = network()
    names = ["trust.completeness", "trust.faithfulness", "trust.agreement"]
    alone = {one.key: one.value for one in run(subject, names).measurements}
    company = {one.key: one.value for one in run(subject, [*names, *EXPLAINED]).measurements}
    assert len(alone) > 20
    for key, value in alone.items():
        assert company[key] == pytest.approx(value, abs=1e-5)


def test_rows_that_a_user_asks_about_get_numbers_from_every_check() -> None:
    audit = run(network(), ["explanation", "trust"], positions=[7])
    trust = [one for one in audit.measurements if one.id.startswith("trust.")]
    measured = {one.analyzer for one in trust if one.status == "measured"}
    assert measured == {"trust.completeness", "trust.faithfulness", "trust.stability", "trust.sanity"}
    assert all(one.reason for one in trust if one.status != "measured")
    for check in ("completeness", "faithfulness", "stability", "sanity", "agreement"):
        assert audit.arrays[f"trust.{check}/rows"].data.tolist() == [7]


def test_every_array_stands_beside_its_rows_and_methods() -> None:
    audit = run(network(), ["trust"], rows=12)
    for key, array in audit.arrays.items():
        if not key.startswith("trust.") or key.endswith("/rows"):
            continue
        assert array.dims == ("row", "method")
        assert array.data.shape == (12, len(array.coords["method"]))
        assert np.isfinite(array.data).all()
    assert {"trust.stability/rank_stability", "trust.sanity/randomization_similarity"} <= set(audit.arrays)


def test_costs_are_foretold_for_every_effort() -> None:
    for check in ("completeness", "faithfulness", "stability", "sanity", "agreement"):
        declared = load_catalog()[f"trust.{check}"]
        for subject in (network(), pictures()):
            audit = run(subject, [f"trust.{check}"], effort="quick")
            record = audit.record(f"trust.{check}")
            assert record is not None
            assert declared.cost is not None
            assert 0 < record.rows_forward <= declared.cost(subject, declared.settings(), "quick", None)

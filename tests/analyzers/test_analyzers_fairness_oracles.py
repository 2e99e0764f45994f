"""Our rates and disparities against fairlearn's, on random frames."""

from __future__ import annotations

import numpy as np
import pytest
from fairlearn import metrics
from fairness_cases import measured, subject
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, precision_score

from auditnn.analyzers.fairness.disparity import ANALYZER as DISPARITY
from auditnn.analyzers.fairness.group_rates import ANALYZER as GROUP_RATES
from auditnn.core.subject import Subject

REFERENCE = {
    "selection_rate": metrics.selection_rate,
    "true_positive_rate": metrics.true_positive_rate,
    "false_positive_rate": metrics.false_positive_rate,
    "false_negative_rate": metrics.false_negative_rate,
    "precision": precision_score,
}
GAPS = {
    "demographic_parity_difference": metrics.demographic_parity_difference,
    "demographic_parity_ratio": metrics.demographic_parity_ratio,
    "equalized_odds_difference": metrics.equalized_odds_difference,
    "equal_opportunity_difference": metrics.equal_opportunity_difference,
}


@st.composite
def frames(draw: st.DrawFn, classes: int = 2) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Labels, predictions and two attributes, about 20 to 60 rows for each combination, rates that differ."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    levels = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    n = levels[0] * levels[1] * draw(st.integers(20, 60))
    first, second = rng.integers(0, levels[0], n), rng.integers(0, levels[1], n)
    y = rng.integers(0, classes, n)
    wrong = rng.random(n) < rng.uniform(0.05, 0.6, levels[0])[first]
    return y, np.where(wrong, rng.integers(0, classes, n), y), first, second


def usable(event: np.ndarray, chosen: np.ndarray, groups: np.ndarray) -> bool:
    """Every group has ten rows, and every denominator is positive."""
    return all(
        (groups == level).sum() >= 10
        and 0 < event[groups == level].sum() < (groups == level).sum()
        and chosen[groups == level].sum() > 0
        for level in np.unique(groups)
    )


def check(
    case: Subject, event: np.ndarray, chosen: np.ndarray, name: str, groups: np.ndarray, more: tuple = ()
) -> None:
    """All rates of one attribute and outcome (given as 0/1 columns) against fairlearn."""
    frame = metrics.MetricFrame(metrics=REFERENCE, y_true=event, y_pred=chosen, sensitive_features=groups)
    rates, gaps = measured(GROUP_RATES, case), measured(DISPARITY, case)
    for rate in REFERENCE:
        assert rates[(rate, *more)].value == pytest.approx(frame.overall[rate], abs=1e-12)
        for level, value in frame.by_group[rate].items():
            assert rates[(rate, name, str(level), *more)].value == pytest.approx(value, abs=1e-12)
    for gap, reference in GAPS.items():
        ours = gaps[(gap, name, *more)]
        if len(np.unique(groups)) < 2:
            assert ours.status == "not_applicable"
        else:
            assert ours.value == pytest.approx(reference(event, chosen, sensitive_features=groups), abs=1e-12)
            assert ours.low <= ours.value <= ours.high
            assert ours.basis["left_out"] == []


@given(frame=frames())
@settings(max_examples=25, deadline=None)
def test_binary_rates_and_gaps_equal_fairlearn(frame):
    y, prediction, first, second = frame
    both = np.array([f"{a} & {b}" for a, b in zip(first, second, strict=True)])
    attributes = {"a": first, "b": second, "a & b": both}
    assume(all(usable(y, prediction, groups) for groups in attributes.values()))
    case = subject(y, prediction, {"a": first, "b": second}, intersections=(("a", "b"),))
    for name, groups in attributes.items():
        check(case, y, prediction, name, groups)
        accuracy = metrics.MetricFrame(metrics=accuracy_score, y_true=y, y_pred=prediction, sensitive_features=groups)
        rates, gaps = measured(GROUP_RATES, case), measured(DISPARITY, case)
        for level, value in accuracy.by_group.items():
            assert rates[("accuracy", name, str(level))].value == pytest.approx(value, abs=1e-12)
        assert gaps[("worst_group_accuracy", name)].value == pytest.approx(accuracy.group_min(), abs=1e-12)


@given(frame=frames())
@settings(max_examples=10, deadline=None)
def test_with_a_favorable_outcome_rates_are_fairlearns_with_favorable_coded_as_one(frame):
    y, prediction, first, _ = frame
    assume(usable(1 - y, 1 - prediction, first))
    check(subject(y, prediction, {"a": first}, favorable=(0,)), 1 - y, 1 - prediction, "a", first)


@given(frame=frames(classes=3), favorable=st.sampled_from([None, (2,), (0, 2)]))
@settings(max_examples=15, deadline=None)
def test_multiclass_rates_and_gaps_equal_fairlearn_one_against_the_rest(frame, favorable):
    y, prediction, first, _ = frame
    names = ("low", "middle", "high")
    case = subject(y, prediction, {"a": first}, task="multiclass", classes=names, favorable=favorable)
    events = {(names[code],): (code,) for code in favorable or (0, 1, 2)}
    if favorable == (0, 2):
        events[()] = favorable
    columns = {more: (np.isin(y, codes) + 0, np.isin(prediction, codes) + 0) for more, codes in events.items()}
    assume(all(usable(event, chosen, first) for event, chosen in columns.values()))
    for more, (event, chosen) in columns.items():
        check(case, event, chosen, "a", first, more)
    told = {key[-1] for key in measured(GROUP_RATES, case) if key[-1] in names}
    assert told == {name for (name,) in (more for more in events if more)}


@given(frame=frames())
@settings(max_examples=10, deadline=None)
def test_regression_means_equal_fairlearns_frame(frame):
    _, _, first, second = frame
    rng = np.random.default_rng(len(first))
    y = rng.normal(size=len(first)) + first
    prediction = y + rng.normal(size=len(first)) * (1 + second)
    assume(all((first == level).sum() >= 10 for level in np.unique(first)) and len(np.unique(first)) > 1)
    reference = metrics.MetricFrame(
        metrics={
            "mean_prediction": metrics.mean_prediction,
            "mean_error": lambda label, value: float(np.mean(value - label)),
            "mean_absolute_error": lambda label, value: float(np.mean(np.abs(value - label))),
        },
        y_true=y,
        y_pred=prediction,
        sensitive_features=first,
    )
    case = subject(y, prediction, {"a": first}, task="regression")
    rates, gaps = measured(GROUP_RATES, case), measured(DISPARITY, case)
    for mean, by_group in reference.by_group.items():
        assert rates[(mean,)].value == pytest.approx(reference.overall[mean])
        for level, value in by_group.items():
            assert rates[(mean, "a", str(level))].value == pytest.approx(value)
        assert gaps[(f"{mean}_difference", "a")].value == pytest.approx(reference.difference()[mean])

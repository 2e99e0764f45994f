"""Numbers read the same wherever they stand, and never say what is not so."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditnn.core.measurement import Measurement
from auditnn.core.numbers import interval, percent, plain, show
from auditnn.core.scale import Scale, scale_of, told, unit_shown


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.12345, "number", "0.123"),
        (-0.12345, "number", "−0.123"),
        (9.996, "number", "10.0"),
        (0.0, "number", "0"),
        (1234567, "count", "1,234,567"),
        (3.0, "number", "3"),
        (1.5e-9, "number", "1.5 × 10⁻⁹"),
        (2.0e12, "number", "2 × 10¹²"),
        (0.1283, "probability", "12.8%"),
        (1.0, "probability", "100%"),
        (0.0, "probability", "0%"),
        (0.99996, "probability", "99.996%"),
        (0.9951, "probability", "99.5%"),
        (0.00004, "probability", "0.004%"),
        (-0.021, "points", "−2.1 points"),
        (-0.00021, "points", "−0.021 points"),
        (0.0314, "probability", "3.1%"),
        (4.4e-8, "probability", "4.4 × 10⁻⁶%"),
        (1.25, "seconds", "1.25 s"),
        (math.inf, "number", "unbounded"),
        (None, "number", "–"),
    ],
)
def test_show(value: float | None, unit: str, said: str) -> None:
    assert show(value, unit) == said


def test_intervals() -> None:
    assert interval(0.121, 0.15, "probability") == "12.1% to 15.0%"
    assert interval(-0.1, 0.2, "points") == "−10.0 to 20.0 points"
    assert interval(None, None) == "unbounded"


@given(st.floats(min_value=1e-3, max_value=1e6))
def test_three_digits_are_close(value: float) -> None:
    said = plain(value).replace(",", "")
    assert float(said) == pytest.approx(value, rel=5.1e-3)


@given(st.floats(min_value=1e-6, max_value=1 - 1e-6))
def test_only_nothing_is_zero_and_only_all_is_all(value: float) -> None:
    said = percent(value).split("%")[0]
    assert float(said.split(" ")[0]) not in (0.0, 100.0)


def measured(id: str, value: float, low: float | None = None, high: float | None = None, **more: object) -> Measurement:
    sampled = {"interval_method": "wilson", "confidence": 0.95, "basis": {}} if (low, high) != (None, None) else {}
    return Measurement(id=id, value=value, low=low, high=high, **{"unit": "probability", **sampled, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "said", "unit"),
    [
        (measured("a.b/recall", 0.931, 0.845, 0.977), "93.1% (84.5% to 97.7%)", "probability"),
        (measured("a.b/error_gap", -0.179, -0.202, -0.156), "−17.9 points (−20.2 to −15.6)", "points"),
        (measured("a.b/accuracy_gain", 0.203), "20.3 points", "points"),
        (measured("a.b/bias", -0.02, better="zero"), "−2.0 points", "points"),
        (measured("a.b/roc_auc", 0.8061, 0.79, None, open="high"), "0.806 (from 0.790)", "number"),
        (measured("a.b/ratio", 0.5, None, 0.7, unit="ratio", open="low"), "0.50 (up to 0.70)", "ratio"),
        (measured("a.b/mae", 44.12, 41.0, 47.3, unit="target"), "44.1 (41.0 to 47.3)", "target"),
        (measured("a.b/batch_difference", 4.43e-8), "4.43 × 10⁻⁸", "points"),
        (Measurement(id="a.b/recall", status="undefined", reason="no rows"), "unknown", "number"),
    ],
)
def test_a_measurement_in_words(one: Measurement, said: str, unit: str) -> None:
    assert told(one) == said
    assert unit_shown(one) == unit


@given(st.floats(-1.0, 1.0))
def test_a_table_and_a_sentence_write_a_share_alike(value: float) -> None:
    one = measured("a.b/gap", value, better="zero")
    if abs(value) > 0.001:
        assert scale_of(one).full(value) == show(value, unit_shown(one))
        positive = replace(one, id="a.b/rate", value=abs(value), better="none")
        assert scale_of(positive).full(abs(value)) == show(abs(value), unit_shown(positive))


def test_limits_are_not_padded() -> None:
    assert Scale(1.0, 2).limit(-0.25) == "−0.25"
    assert Scale(1.0, 2).limit(1e-6) == "1 × 10⁻⁶"
    assert Scale(100.0, 1, " points").limit(0.1) == "10"

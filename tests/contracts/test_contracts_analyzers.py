"""What every analyzer in the catalog promises, on every kind of subject, unasked."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from contract_subjects import BUILDERS, built

from auditnn.analyzers.catalog import load_catalog
from auditnn.core.analyzer import EFFORTS, Analyzer
from auditnn.core.audit import Audit
from auditnn.core.exhibit import INLINE_ROWS
from auditnn.core.measurement import Measurement
from auditnn.core.subject import Subject
from auditnn.figures.draw import draw, drawable
from auditnn.kernels.inference import interval, p_value
from auditnn.runner import run

IDS = tuple(load_catalog())
ON_A_SAMPLE = ("subject.check", "performance.weak_slices", "explanation.", "trust.")  # on rows that the seed picks
METHODS = {
    "wilson", "clopper_pearson", "newcombe", "score", "simultaneous", "delong", "t", "bootstrap", "monte_carlo",
}  # fmt: skip
UNBOUNDED = {"none": (), "low": ("low",), "high": ("high",), "both": ("low", "high")}
MOST_MEASUREMENTS = 2000
DOCS = Path(__file__).resolve().parents[2] / "docs" / "analyzers.md"


@cache
def audit(subject: str, seed: int = 0) -> Audit:
    return run(built(subject), seed=seed)


def measured(subject: str, analyzer: str) -> list[Measurement]:
    return [one for one in audit(subject).measurements if one.analyzer == analyzer]


every_subject = pytest.mark.parametrize("subject", BUILDERS)
every_analyzer = pytest.mark.parametrize("analyzer", IDS)


@every_analyzer
def test_declared_and_documented(analyzer: str) -> None:
    one = load_catalog()[analyzer]
    assert one.id == analyzer
    assert one.area == analyzer.split(".")[0]
    assert one.title
    assert not one.title.endswith(".")
    assert one.question.endswith("?")
    assert any(character.isdigit() for character in one.reference), "a reference has a year"
    assert len((one.run.__doc__ or "").split()) >= 10, "run says what it measures"
    assert is_dataclass(one.settings)
    assert one.settings.__doc__
    assert all(field.metadata.get("help") for field in fields(one.settings))
    json.dumps(asdict(one.settings()), allow_nan=False)


@every_subject
def test_every_analyzer_is_on_the_record_and_none_fails(subject: str) -> None:
    found = audit(subject)
    assert [record.id for record in found.analyzers] == list(IDS)
    for record in found.analyzers:
        assert record.status in ("measured", "not_applicable"), f"{record.id}: {record.reason}"
        assert (record.status == "measured") == (record.reason is None)
    assert not [one for one in found.measurements if one.status == "failed"]


@every_subject
def test_silence_has_a_reason_and_an_answer_has_measurements(subject: str) -> None:
    for record in audit(subject).analyzers:
        if record.status == "measured":
            assert measured(subject, record.id), f"{record.id} says nothing"
        else:
            assert not measured(subject, record.id)
            assert len(record.reason or "") > 10


@every_subject
def test_ids_are_unique_and_under_their_own_analyzer(subject: str) -> None:
    found = audit(subject)
    keys = [one.key for one in found.measurements]
    assert len(set(keys)) == len(keys)
    assert len(keys) <= MOST_MEASUREMENTS
    shown = [(one.id, json.dumps(dict(one.slice), sort_keys=True)) for one in found.exhibits]
    assert len(set(shown)) == len(shown)
    assert {one.analyzer for one in [*found.measurements, *found.exhibits]} <= set(IDS)


@every_subject
def test_every_quantity_has_a_name_and_a_meaning(subject: str) -> None:
    found = audit(subject)
    for one in found.measurements:
        assert found.quantity(one.id).meaning, f"{one.id}: its analyzer declares no such quantity"


@every_subject
def test_slices_are_flat_texts(subject: str) -> None:
    for one in audit(subject).measurements:
        for name, value in one.slice.items():
            if name == "where":
                assert all(isinstance(text, str) for text in value.values())
            else:
                assert isinstance(value, str), f"{one.id}: slice {name} is {value!r}"


@every_subject
def test_a_sampled_number_has_an_interval_and_a_method(subject: str) -> None:
    for one in audit(subject).measurements:
        if one.status != "measured":
            assert one.reason
            assert one.value is one.low is one.high is None
            continue
        assert one.value is not None
        if one.interval_method == "exact":
            assert one.basis is None
            assert one.low == one.high == one.value
            continue
        assert one.interval_method in METHODS
        assert one.confidence == 0.95
        assert one.basis is not None
        assert one.n is not None
        assert one.n > 0
        assert {end for end in ("low", "high") if getattr(one, end) is None} == set(UNBOUNDED[one.open])
        tolerance = 1e-12 * max(1.0, abs(one.value))
        assert one.low is None or one.low <= one.value + tolerance, one.id
        assert one.high is None or one.high >= one.value - tolerance, one.id


@every_subject
def test_the_interval_is_a_function_of_the_basis(subject: str) -> None:
    """Also after the basis has been through JSON, and the p-value inverts the interval's own ends."""
    for one in audit(subject).measurements:
        if one.basis is None or one.interval_method is None or one.value is None:
            continue
        basis = json.loads(json.dumps(one.basis, allow_nan=False))
        again = interval(one.interval_method, one.value, basis, 0.95)
        assert (again.low, again.high, again.open) == (one.low, one.high, one.open), one.id
        for limit, side in ((one.low, "above"), (one.high, "below")):
            if limit is not None and one.low != one.high:
                p = p_value(one.interval_method, one.value, basis, limit=limit, side=side)  # type: ignore[arg-type]
                assert 0.0 <= p <= 1.0


@every_subject
def test_everything_survives_json(subject: str) -> None:
    found = audit(subject)
    for one in found.measurements:
        again = json.loads(json.dumps(asdict(one), allow_nan=False))
        assert again["value"] == one.value
        assert again["slice"] == dict(one.slice)
    for shown in found.exhibits:
        json.dumps(asdict(shown), allow_nan=False)


@every_subject
def test_exhibits_are_data_with_a_sentence(subject: str) -> None:
    ids = {one.id for one in audit(subject).measurements}
    for one in audit(subject).exhibits:
        lengths = {len(column) for column in one.columns.values()}
        assert len(lengths) == 1, f"{one.id}: columns of lengths {lengths}"
        assert lengths.pop() <= INLINE_ROWS
        assert one.title
        assert one.summary.endswith(".")
        assert "nan" not in one.summary.lower().split()
        assert set(one.measurements) <= ids, f"{one.id} shows what was not measured"
        named = [value for role, value in one.roles.items() if isinstance(value, str) and role != "reference"]
        assert set(named) <= set(one.columns), f"{one.id}: roles name columns that are not there"
        if one.kind != "table":
            assert drawable(one), one.id
            draw(one)


@every_subject
def test_the_same_seed_gives_the_same_bits(subject: str) -> None:
    again = run(built(subject), seed=0)
    assert again.measurements == audit(subject).measurements
    assert [asdict(one) for one in again.exhibits] == [asdict(one) for one in audit(subject).exhibits]
    assert again.arrays.keys() == audit(subject).arrays.keys()


@every_subject
def test_another_seed_moves_no_value_that_needs_no_sample(subject: str) -> None:
    """Values are exact functions of the rows; only sampled rows and resampled intervals may move."""
    other = {one.key: one for one in audit(subject, seed=1).measurements}
    for one in audit(subject).measurements:
        if not one.id.startswith(ON_A_SAMPLE):
            assert other[one.key].value == one.value, one.id


@every_subject
@every_analyzer
def test_model_calls_are_counted_and_foretold(subject: str, analyzer: str) -> None:
    """Without a model nothing is asked; with one, no more than `cost` said."""
    built_subject = built(subject)
    record = audit(subject).record(analyzer)
    assert record is not None
    declared = load_catalog()[analyzer]
    if built_subject.model is None or declared.cost is None:
        assert record.rows_forward == record.rows_backward == 0
    elif record.status == "measured":
        foretold = [declared.cost(built_subject, declared.settings(), effort, None) for effort in EFFORTS]
        assert 0 < record.rows_forward <= foretold[1]
        assert foretold == sorted(foretold)


@every_analyzer
def test_alone_it_measures_the_same(analyzer: str) -> None:
    """An analyzer gives the same numbers whether or not the others run."""
    alone = run(built("stored_predictions"), [analyzer], seed=0)
    assert [one for one in alone.measurements if one.analyzer == analyzer] == measured("stored_predictions", analyzer)


@pytest.mark.parametrize("analyzer", [id for id in IDS if id != "subject.check"])
def test_the_order_of_rows_does_not_matter(analyzer: str) -> None:
    """Rows in another order give the same values, up to rounding."""
    subject = built("stored_predictions")
    order = np.random.default_rng(9).permutation(len(subject.test))
    moved = {one.key: one.value for one in run(shuffled(subject, order), [analyzer]).measurements}
    for one in measured("stored_predictions", analyzer):
        value = moved[one.key]
        assert (value is None) == (one.value is None)
        assert value is None or one.value is None or math.isclose(value, one.value, rel_tol=1e-9, abs_tol=1e-12)


def shuffled(subject: Subject, order: np.ndarray) -> Subject:
    from dataclasses import replace

    from auditnn.core.subject import Group, Predictions, Split

    def moved(group: Group) -> Group:
        return replace(group, codes=group.codes[order])

    assert subject.stored is not None
    assert subject.stored.score is not None
    assert subject.test.y is not None
    stored = Predictions(prediction=subject.stored.prediction[order], score=subject.stored.score[order])
    test = Split(
        id=subject.test.id[order], y=subject.test.y[order], groups=tuple(moved(group) for group in subject.test.groups)
    )
    return replace(subject, test=test, stored=stored)


def numbers(value: Any) -> Iterator[float]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for one in value:
            yield from numbers(one)
    elif isinstance(value, (int, float)):
        yield value


@every_subject
def test_a_basis_holds_counts_that_fit_the_rows(subject: str) -> None:
    """Counts are whole, successes at most the rows they are of, and those at most the rows there are."""
    rows = len(built(subject).test)
    for one in audit(subject).measurements:
        if one.basis is None or "x" not in one.basis:
            continue
        x, n = list(numbers(one.basis["x"])), list(numbers(one.basis["n"]))
        assert all(float(count).is_integer() for count in [*x, *n]), one.id
        assert all(0 <= a <= b <= rows for a, b in zip(x, n, strict=True)), one.id


def test_the_catalog_is_not_empty() -> None:
    assert all(isinstance(one, Analyzer) for one in load_catalog().values())
    assert len(IDS) >= 8


@every_subject
def test_what_is_measured_is_documented(subject: str) -> None:
    told = {part.split("\n", 1)[0].strip("`"): part for part in DOCS.read_text(encoding="utf-8").split("\n## ")}
    for one in audit(subject).measurements:
        assert f"`{one.id.split('/')[1]}`" in told[one.analyzer], f"docs/analyzers.md does not tell of {one.id}"


@every_subject
def test_the_cap_on_rows_is_kept(subject: str) -> None:
    """With `rows=5` no analyzer asks for more than its share of five rows, beside the first predictions."""
    capped, n = run(built(subject), rows=5), len(built(subject).test)
    for record in capped.analyzers:
        whole = audit(subject).record(record.id)
        assert whole is not None
        assert record.rows_forward <= whole.rows_forward
        declared = load_catalog()[record.id]
        foretold = declared.cost(built(subject), declared.settings(), "standard", 5) if declared.cost else 0
        assert record.rows_forward <= max(n + 20, foretold)

"""The runner: order, isolation of failures, budget, the bill, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from auditnn.analyzers.catalog import Catalog
from auditnn.analyzers.measures import exact
from auditnn.core.analyzer import Analyzer, Need, Yield
from auditnn.core.audit import Audit, RowArray
from auditnn.core.errors import NotApplicable, SettingsError
from auditnn.core.measurement import Measurement
from auditnn.core.subject import Subject
from auditnn.runner import planning, run
from auditnn.runner.planning import plan
from auditnn.subjects.build import from_function, from_predictions

Run = Callable[[Subject, Any, Any], Iterator[Yield]]


@dataclass(frozen=True, slots=True)
class Settings:
    much: int = 3


def analyzer(id: str, body: Run, **keys: Any) -> Analyzer:
    return Analyzer(
        id=id, title=id, question=f"what of {id}?", run=body, reference="none", quantities={}, settings=Settings, **keys
    )


def one(id: str, value: float = 1.0) -> Run:
    def body(subject: Subject, settings: Any, context: Any) -> Iterator[Yield]:
        yield exact(f"{id}/value", value)

    return body


def asks(rows: int) -> Run:
    def body(subject: Subject, settings: Any, context: Any) -> Iterator[Yield]:
        assert subject.test.rows is not None
        context.calls.outputs(subject.test.rows.take(context.sample(rows)))
        yield exact("robustness.asks/value", rows)

    return body


@pytest.fixture
def subject() -> Subject:
    X = np.random.default_rng(0).normal(size=(40, 2))
    y = (X[:, 0] > 0).astype(int)
    return from_function(lambda x: 1 / (1 + np.exp(-np.asarray(x)[:, 0])), X, y, task="binary", output="probabilities")


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put these analyzers in place of the catalog; the subject check comes first, as always."""

    def put(*analyzers: Analyzer) -> None:
        catalog = Catalog({"subject.check": analyzer("subject.check", one("subject.check"))})
        catalog.update({each.id: each for each in analyzers})
        monkeypatch.setattr(planning, "load_catalog", lambda: catalog)

    return put


def statuses(audit: Audit) -> dict[str, str]:
    return {record.id: record.status for record in audit.analyzers}


def test_producers_run_before_consumers_and_hand_over(use: Callable[..., None], subject: Subject) -> None:
    def produce(subject: Subject, settings: Any, context: Any) -> Iterator[Yield]:
        yield RowArray(key="trust.maker/rows", data=np.arange(40.0), dims=("row",), rows="rows/id")

    def consume(subject: Subject, settings: Any, context: Any) -> Iterator[Yield]:
        yield exact("fairness.user/total", float(context.consumed["trust.maker/rows"].data.sum()))

    use(
        analyzer("fairness.user", consume, consumes=("trust.maker/rows",)),
        analyzer("trust.maker", produce, produces=("trust.maker/rows",)),
    )
    audit = run(subject)
    assert [record.id for record in audit.analyzers] == ["subject.check", "trust.maker", "fairness.user"]
    assert [one.value for one in audit.measurements if one.id == "fairness.user/total"] == [780.0]


def test_a_missing_producer_makes_the_consumer_not_applicable(use: Callable[..., None], subject: Subject) -> None:
    use(analyzer("fairness.user", one("fairness.user"), consumes=("trust.maker/rows",)))
    record = run(subject).record("fairness.user")
    assert record is not None
    assert (record.status, "trust.maker/rows" in (record.reason or "")) == ("not_applicable", True)


def test_one_failure_leaves_the_rest_and_what_was_already_measured(use: Callable[..., None], subject: Subject) -> None:
    def breaks(subject: Subject, settings: Any, context: Any) -> Iterator[Yield]:
        yield exact("data.breaks/value", 7.0)
        raise KeyError("gone")

    use(analyzer("data.breaks", breaks), analyzer("data.works", one("data.works")))
    audit = run(subject)
    assert statuses(audit) == {"subject.check": "measured", "data.breaks": "failed", "data.works": "measured"}
    assert audit.record("data.breaks").reason == "KeyError: 'gone'"  # type: ignore[union-attr]
    assert {one.id for one in audit.measurements} >= {"data.breaks/value", "data.works/value"}


def test_a_consumer_of_a_failed_producer_says_so(use: Callable[..., None], subject: Subject) -> None:
    def breaks(subject: Subject, settings: Any, context: Any) -> Iterator[Yield]:
        raise RuntimeError
        yield exact("trust.maker/value", 0.0)

    use(
        analyzer("trust.maker", breaks, produces=("trust.maker/rows",)),
        analyzer("fairness.user", one("fairness.user"), consumes=("trust.maker/rows",)),
    )
    assert statuses(run(subject)) == {
        "subject.check": "measured", "trust.maker": "failed", "fairness.user": "not_applicable",
    }  # fmt: skip


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_nan_is_a_failed_measurement_and_never_a_number(
    use: Callable[..., None], subject: Subject, value: float
) -> None:
    use(analyzer("data.nan", one("data.nan", value)))
    measured = next(one for one in run(subject).measurements if one.id == "data.nan/value")
    assert (measured.status, measured.value, measured.low) == ("failed", None, None)
    assert "the calculation gave" in str(measured.reason)


def _twice(subject: Subject, settings: Any, context: Any) -> Iterator[Yield]:
    yield exact("data.bad/value", 1.0)
    yield exact("data.bad/value", 2.0)


def _foreign(subject: Subject, settings: Any, context: Any) -> Iterator[Yield]:
    yield exact("data.other/value", 1.0)


def _short(subject: Subject, settings: Any, context: Any) -> Iterator[Yield]:
    yield RowArray(key="data.bad/rows", data=np.arange(3.0), dims=("row",), rows="rows/id")


def _lost(subject: Subject, settings: Any, context: Any) -> Iterator[Yield]:
    yield RowArray(key="data.bad/values", data=np.arange(3.0), dims=("row",), rows="data.bad/rows")


BROKEN = [
    (_twice, "measured twice"),
    (_foreign, "not under its own id"),
    (_short, "3 entries for 40 rows"),
    (_lost, "not produced before it"),
]


@pytest.mark.parametrize(("body", "words"), BROKEN)
def test_an_analyzer_that_breaks_its_promises_has_failed(
    use: Callable[..., None], subject: Subject, body: Run, words: str
) -> None:
    use(analyzer("data.bad", body))
    record = run(subject).record("data.bad")
    assert record is not None
    assert record.status == "failed"
    assert words in str(record.reason)


def test_not_applicable_by_raising(use: Callable[..., None], subject: Subject) -> None:
    def absent(subject: Subject, settings: Any, context: Any) -> Iterator[Yield]:
        raise NotApplicable("there is nothing to see")
        yield exact("data.absent/value", 0.0)

    use(analyzer("data.absent", absent))
    record = run(subject).record("data.absent")
    assert record is not None
    assert (record.status, record.reason) == ("not_applicable", "there is nothing to see")


@pytest.mark.parametrize("need", ["groups", "train", "gradients"])
def test_a_need_that_is_not_met_says_what_to_do(use: Callable[..., None], subject: Subject, need: Need) -> None:
    use(analyzer("data.needs", one("data.needs"), needs=(need,)))
    record = run(subject).record("data.needs")
    assert record is not None
    assert record.status == "not_applicable"
    assert record.reason


def test_stored_predictions_have_no_model(use: Callable[..., None]) -> None:
    use(analyzer("robustness.asks", asks(5), needs=("model",)))
    subject = from_predictions([0, 1, 1, 0], [0, 1, 0, 0], task="binary")
    assert statuses(run(subject))["robustness.asks"] == "not_applicable"


def test_every_model_row_is_on_the_bill_of_the_one_who_asked(use: Callable[..., None], subject: Subject) -> None:
    use(analyzer("robustness.asks", asks(17)), analyzer("data.free", one("data.free")))
    audit = run(subject)
    bills = {record.id: record.rows_forward for record in audit.analyzers}
    assert (bills["robustness.asks"], bills["data.free"]) == (17, 0)
    asked = audit.record("robustness.asks")
    assert asked is not None
    assert asked.overhead is not None
    assert asked.overhead >= 1.0
    assert [r.rows_forward for r in run(subject, rows=4).analyzers if r.id == "robustness.asks"] == [4]


def test_what_the_budget_leaves_out_is_skipped_and_said(use: Callable[..., None], subject: Subject) -> None:
    def slow(subject: Subject, settings: Any, context: Any) -> Iterator[Yield]:
        yield exact("data.slow/value", 1.0)
        while True:
            context.calls.outputs(subject.test.rows)

    use(analyzer("data.slow", slow), analyzer("data.later", one("data.later")))
    audit = run(subject, budget=0.2)
    assert statuses(audit) == {"subject.check": "measured", "data.slow": "skipped", "data.later": "skipped"}
    assert all("budget" in str(record.reason) for record in audit.analyzers[1:])
    assert any(one.id == "data.slow/value" for one in audit.measurements), "what was computed is kept"


def test_samples_are_nested_and_shared_between_analyzers(use: Callable[..., None], subject: Subject) -> None:
    seen: list[np.ndarray] = []

    def look(subject: Subject, settings: Any, context: Any) -> Iterator[Yield]:
        seen.append(context.sample(5 * (1 + len(seen))))
        yield Measurement(id=f"{context.analyzer}/x", status="undefined", reason="only looking")

    use(analyzer("data.a", look), analyzer("data.b", look))
    run(subject, seed=3)
    np.testing.assert_array_equal(seen[0], seen[1][:5])
    assert len(set(seen[1])) == 10


def test_the_plan_tells_order_obstacles_and_cost(use: Callable[..., None], subject: Subject) -> None:
    use(
        analyzer("robustness.asks", asks(9), cost=lambda subject, settings, effort, row_cap: 9 * settings.much),
        analyzer("fairness.none", one("fairness.none"), needs=("groups",)),
    )
    steps = plan(subject, settings={"robustness.asks.much": "2"})
    told = {step.analyzer.id: (step.model_rows, step.not_applicable is None) for step in steps}
    assert told == {"subject.check": (0, True), "robustness.asks": (18, True), "fairness.none": (0, False)}


def test_progress_is_told(use: Callable[..., None], subject: Subject) -> None:
    use(analyzer("data.a", one("data.a")))
    told: list[tuple[str, int, int]] = []
    run(subject, progress=lambda *event: told.append(event))
    assert ("data.a", 0, 1) in told
    assert told[-1] == ("data.a", 1, 1)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"analyzers": ["data.quality!"]}, "an analyzer or an area"),
        ({"settings": {"data.works.size": 3}}, "data.works"),
        ({"settings": {"data.works.much": "many"}}, "a whole number"),
        ({"effort": "huge"}, "effort"),
        ({"rows": 0}, "rows"),
        ({"budget": -1.0}, "budget"),
    ],
)
def test_bad_usage_is_refused_before_anything_runs(
    use: Callable[..., None], subject: Subject, keys: dict[str, Any], words: str
) -> None:
    use(analyzer("data.works", one("data.works")))
    with pytest.raises(SettingsError, match=words):
        run(subject, **keys)


def test_a_partial_array_is_not_taken_for_a_whole_one(use: Callable[..., None], subject: Subject) -> None:
    def breaks(subject: Subject, settings: Any, context: Any) -> Iterator[Yield]:
        yield RowArray(key="trust.maker/rows", data=np.arange(40.0), dims=("row",), rows="rows/id")
        raise RuntimeError("half way")

    use(
        analyzer("trust.maker", breaks, produces=("trust.maker/rows",)),
        analyzer("fairness.user", one("fairness.user"), consumes=("trust.maker/rows",)),
    )
    assert statuses(run(subject))["fairness.user"] == "not_applicable"


@pytest.mark.parametrize(("store_rows", "kept"), [("none", None), ("sample", 500), ("all", 600)])
def test_what_analyzers_produce_per_row_is_stored_as_the_rows_are(
    use: Callable[..., None], store_rows: Any, kept: int | None
) -> None:
    def produce(subject: Subject, settings: Any, context: Any) -> Iterator[Yield]:
        yield RowArray(key="trust.maker/values", data=np.arange(600.0), dims=("row",), rows="rows/id")

    use(analyzer("trust.maker", produce))
    y = np.arange(600) % 2
    arrays = run(from_predictions(y, y, task="binary", store_rows=store_rows)).arrays
    if kept is None:
        assert arrays == {}
        return
    ids = arrays["rows/stored"].data
    assert len(ids) == kept
    np.testing.assert_array_equal(arrays["trust.maker/values"].data, ids, "each value stays with its row")

"""Run analyzers over a subject: in order, within budget, each isolated, everything on the record."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from auditnn.analyzers.context import Context
from auditnn.core.analyzer import Analyzer, Effort, Yield
from auditnn.core.audit import AnalyzerRecord, Audit, RowArray
from auditnn.core.errors import BudgetSpent, NotApplicable, SettingsError
from auditnn.core.exhibit import Exhibit
from auditnn.core.measurement import Measurement
from auditnn.core.subject import Predictions, Subject
from auditnn.runner.environment import environment, version
from auditnn.runner.planning import ALWAYS, Step, plan
from auditnn.runner.row_table import IDS, row_table, stored_arrays, text_or_number
from auditnn.subjects.calls import Bill, Calls
from auditnn.subjects.card import card
from auditnn.subjects.check import first_predictions

log = logging.getLogger("auditnn")
Progress = Callable[[str, int, int], None]


def run(
    subject: Subject,
    analyzers: Sequence[str] | None = None,
    settings: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
    effort: Effort = "standard",
    rows: int | None = None,
    budget: float | None = None,
    positions: Sequence[int] | None = None,
    progress: Progress | None = None,
) -> Audit:
    """Measure what the analyzers (ids or areas; all by default) ask of the subject.

    `rows` caps the rows of model-heavy analyzers; `budget` is in seconds, and what it leaves out is `skipped`.
    `positions` are the test rows to look at where analyzers would otherwise look at a sample.
    Predicts every test row once; `plan` tells what else it will cost. Raises SubjectError where the audit would be
    meaningless and SettingsError for unknown names; an analyzer that raises is `failed` and the rest go on.
    """
    if rows is not None and rows < 1:
        raise SettingsError("rows to be at least 1", str(rows), "Leave --rows out to use what the effort allows.")
    if budget is not None and budget <= 0:
        raise SettingsError("a budget of more than 0 seconds", f"{budget:g}", "Leave --budget out for no limit.")
    if positions is not None and not all(0 <= position < len(subject.test) for position in positions):
        expected = f"positions of test rows from 0 to {len(subject.test) - 1}"
        raise SettingsError(expected, str(list(positions)), "Count rows from 0.")
    steps = plan(subject, analyzers, settings, effort, rows if positions is None else len(positions))
    deadline = None if budget is None else time.monotonic() + budget
    calls = None if subject.model is None else Calls(subject, deadline)
    predictions, first = _predict(subject, calls, budget)
    state = _Run(
        subject=subject,
        predictions=predictions,
        calls=calls,
        deadline=deadline,
        seed=seed,
        effort=effort,
        row_cap=rows,
        positions=None if positions is None else tuple(positions),
        progress=progress,
        first=first,
    )
    for step in steps:
        state.take(step)
    return Audit(
        auditnn=version(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        subject=card(subject),
        settings={
            "seed": seed,
            "effort": effort,
            "rows": rows,
            "budget": budget,
            "analyzers": analyzers,
            "set": dict(settings or {}),
        },
        analyzers=tuple(state.records),
        measurements=tuple(state.measurements.values()),
        exhibits=tuple(state.exhibits),
        arrays=stored_arrays(subject, row_table(subject, predictions, seed, positions), state.arrays),
        environment=environment(subject),
    )


def _predict(subject: Subject, calls: Calls | None, budget: float | None) -> tuple[Predictions, tuple[Bill, float]]:
    """The predictions of the test rows, with their bill and their wall seconds."""
    started = time.perf_counter()
    bill = Bill()
    try:
        with calls.billed() if calls else nullcontext(bill) as bill:
            predictions = first_predictions(subject, calls)
    except BudgetSpent:
        raise SettingsError(
            "a budget in which the model can predict the test rows once", f"{budget:g} s", "Give it more time."
        ) from None
    return predictions, (bill, time.perf_counter() - started)


@dataclass(slots=True, kw_only=True)
class _Run:
    """The state of one run: what has been measured so far, and how the next step is taken."""

    subject: Subject
    predictions: Predictions
    calls: Calls | None
    deadline: float | None
    seed: int
    effort: Effort
    row_cap: int | None
    positions: tuple[int, ...] | None
    progress: Progress | None
    first: tuple[Bill, float]  # cost of the first predictions, which the subject check answers for
    records: list[AnalyzerRecord] = field(default_factory=list)
    measurements: dict[Any, Measurement] = field(default_factory=dict)
    exhibits: list[Exhibit] = field(default_factory=list)
    arrays: dict[str, RowArray] = field(default_factory=dict)

    def take(self, step: Step) -> None:
        """Run one analyzer; whatever happens inside it ends up on its record and nowhere else."""
        id = step.analyzer.id
        if self.progress:
            self.progress(id, 0, 1)
        started = time.perf_counter()
        bill = Bill()
        status, reason = "measured", None
        try:
            if step.not_applicable is not None:
                raise NotApplicable(step.not_applicable)
            if self.deadline is not None and time.monotonic() > self.deadline:
                raise BudgetSpent("the time budget was spent before it began")
            with self.calls.billed() if self.calls else nullcontext(bill) as bill:
                if id == ALWAYS:
                    bill.add(self.first[0])
                    started -= self.first[1]
                self._collect(step)
        except NotApplicable as absence:
            status, reason = "not_applicable", absence.reason
        except BudgetSpent as spent:
            status, reason = "skipped", str(spent)
        except (Exception, SystemExit) as error:  # an analyzer, or a model in it, must never take the others down
            log.debug("analyzer %s failed", id, exc_info=True)
            status, reason = "failed", f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        self.records.append(
            AnalyzerRecord(
                id=id,
                title=step.analyzer.title,
                question=step.analyzer.question,
                quantities=step.analyzer.quantities,
                status=status,  # type: ignore[arg-type]
                reason=reason,
                seconds=time.perf_counter() - started,
                model_seconds=bill.seconds,
                rows_forward=bill.rows_forward,
                rows_backward=bill.rows_backward,
                batch_rows=self.calls.batch_rows if self.calls and bill.rows_forward else None,
                settings=asdict(step.settings),
            )
        )
        if self.progress:
            self.progress(id, 1, 1)

    def _collect(self, step: Step) -> None:
        for key in step.analyzer.consumes:
            if not self._whole(key):
                raise NotApplicable(f"it needs {key}, which was not produced whole")
        for item in step.analyzer.run(self.subject, step.settings, self._context(step.analyzer)):
            self._keep(step.analyzer, item)

    def _whole(self, key: str) -> bool:
        """Whether a row array is there, and the analyzer that produced it came to its end."""
        done = {record.id for record in self.records if record.status == "measured"}
        return key in self.arrays and key.split("/", 1)[0] in done

    def _context(self, analyzer: Analyzer) -> Context:
        report = self.progress
        context = Context(
            analyzer=analyzer.id,
            subject=self.subject,
            predictions=self.predictions,
            calls=self.calls,
            seed=self.seed,
            effort=self.effort,
            row_cap=self.row_cap,
            positions=self.positions,
            consumed={key: self.arrays[key] for key in (*analyzer.consumes, *analyzer.uses) if self._whole(key)},
        )
        if report is None:
            return context
        return replace(context, progress=lambda done, total: report(analyzer.id, done, total))

    def _keep(self, analyzer: Analyzer, item: Yield) -> None:
        name = item.key if isinstance(item, RowArray) else item.id
        if not name.startswith(analyzer.id + "/"):
            raise ValueError(f"{analyzer.id} yielded {name!r}, which is not under its own id")
        if isinstance(item, Measurement):
            item = _finite(item)
            if item.key in self.measurements:
                raise ValueError(f"{item.id} was measured twice for slice {dict(item.slice)}")
            self.measurements[item.key] = item
        elif isinstance(item, Exhibit):
            if any((one.id, one.slice) == (item.id, item.slice) for one in self.exhibits):
                raise ValueError(f"{item.id} was shown twice for slice {dict(item.slice)}")
            self.exhibits.append(item)
        else:
            if item.key in self.arrays:
                raise ValueError(f"{item.key} was produced twice")
            self._check_rows(item)
            self.arrays[item.key] = replace(item, data=text_or_number(item.data))

    def _check_rows(self, array: RowArray) -> None:
        """A per-row array has an entry for each of the rows that it points at."""
        if array.dims[:1] != ("row",) or array.rows == array.key:
            return
        if array.rows != IDS and array.rows not in self.arrays:
            raise ValueError(f"{array.key} points at the rows {array.rows!r}, which were not produced before it")
        rows = len(self.subject.test) if array.rows == IDS else len(self.arrays[str(array.rows)].data)
        if len(array.data) != rows:
            raise ValueError(f"{array.key} has {len(array.data)} entries for {rows} rows")


def _finite(measurement: Measurement) -> Measurement:
    """A measurement whose arithmetic gave NaN or infinity is `failed`, never a number."""
    numbers = (measurement.value, measurement.low, measurement.high)
    if all(number is None or math.isfinite(number) for number in numbers):
        return measurement
    reason = f"the calculation gave value {numbers[0]}, interval {numbers[1]} to {numbers[2]}"
    return replace(measurement, value=None, low=None, high=None, open="none", basis=None, status="failed",
                   interval_method=None, confidence=None, reason=reason)  # fmt: skip

"""`auditnn run --dry-run`: the plan, with the model rows and the time it may take."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import typer

from auditnn.cli.console import table

if TYPE_CHECKING:
    from auditnn.core.analyzer import Effort
    from auditnn.front import Subject

PROBE_ROWS = 256


def show_plan(
    subject: Subject,
    analyzers: Sequence[str] | None,
    settings: Mapping[str, Any],
    effort: Effort,
    rows: int | None,
    *,
    as_json: bool,
) -> None:
    """Print which analyzers would run, why others would not, and estimated model rows and seconds.

    Predicts 256 rows to learn the model's speed.
    """
    from auditnn.runner import plan

    steps = plan(subject.record, analyzers, settings, effort, rows)
    per_row = _seconds_per_row(subject)
    plan_rows: list[dict[str, Any]] = [
        {
            "id": step.analyzer.id,
            "question": step.analyzer.question,
            "model_rows": step.model_rows,
            "seconds": round(step.model_rows * per_row, 3),
            "not_applicable": step.not_applicable,
        }
        for step in steps
    ]
    total = sum(step.model_rows for step in steps)
    if as_json:
        content = {"analyzers": plan_rows, "model_rows": total, "model_seconds": round(total * per_row, 3)}
        typer.echo(json.dumps(content))
        return
    cells = [
        (
            row["id"],
            "-" if row["not_applicable"] else f"{row['model_rows']:,}",
            f"not applicable: {row['not_applicable']}" if row["not_applicable"] else row["question"],
        )
        for row in plan_rows
    ]
    table(("analyzer", "model rows", "question"), cells)
    probed = f"{2 * PROBE_ROWS} rows were predicted to learn its speed; " if per_row else ""
    typer.echo(
        f"\nabout {total:,} model rows, {total * per_row:.2g} s inside the model, beside loading and the report; "
        f"{probed}nothing was measured or written"
    )


def _seconds_per_row(subject: Subject) -> float:
    from auditnn.subjects.calls import Calls

    record = subject.record
    if record.model is None or record.test.rows is None:
        return 0.0
    probe = record.test.rows.take(np.arange(min(PROBE_ROWS, len(record.test))))
    calls = Calls(record)
    calls.outputs(probe)  # the first call pays for start-up
    started = time.perf_counter()
    calls.outputs(probe)
    return (time.perf_counter() - started) / len(probe)

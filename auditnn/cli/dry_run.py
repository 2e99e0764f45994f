"""`auditnn run --dry-run`: the plan, with the model rows and the time it may take."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from auditnn.front import Subject

PROBE_ROWS = 256


def show_plan(
    subject: Subject,
    analyzers: Sequence[str] | None,
    settings: Mapping[str, Any],
    effort: Literal["quick", "standard", "thorough"],
    *,
    as_json: bool,
) -> None:
    """Print which analyzers would run, why others would not, and estimated model rows and seconds.

    Predicts 256 rows to learn the model's speed.
    """
    from auditnn.runner import plan

    steps = plan(subject.record, analyzers, settings, effort)
    per_row = _seconds_per_row(subject)
    rows: list[dict[str, Any]] = [
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
        content = {"analyzers": rows, "model_rows": total, "model_seconds": round(total * per_row, 3)}
        typer.echo(json.dumps(content, ensure_ascii=False))
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name, justify in (("analyzer", "left"), ("model rows", "right"), ("question", "left")):
        table.add_column(name, justify=justify, style="dim" if name == "question" else None)  # type: ignore[arg-type]
    for row in rows:
        absent = row["not_applicable"]
        told = f"not applicable: {absent}" if absent else row["question"]
        table.add_row(row["id"], "-" if absent else f"{row['model_rows']:,}", told)
    console = Console(highlight=False)
    console.print(table)
    console.print(f"\nabout {total:,} model rows, {total * per_row:.2g} s inside the model. Nothing was run.")


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

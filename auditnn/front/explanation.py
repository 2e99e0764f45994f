"""`explain`: a small Audit of the explanations of one row, and the checks on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from auditnn.core.analyzer import Effort
from auditnn.core.errors import SubjectError
from auditnn.front.audit import Audit
from auditnn.front.subject import Subject

AREAS = ("explanation.shapley_values", "explanation.lime", "explanation.saliency", "trust")


def explain(
    subject: Subject,
    row: Any,
    settings: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
    effort: Effort = "standard",
    progress: Callable[[str, int, int], None] | None = None,
) -> Audit:
    """Explain one test row by every method that fits, and check the explanations on that row.

    `row` is its id, which without an id column is its position in the test data. The audit holds this row alone,
    whatever the subject's `store_rows` says; redacted columns stay out. Raises SubjectError where there is no such row.
    """
    from auditnn.runner import run

    position = position_of(subject, row)
    record = replace(subject.record, store_rows="sample")
    audit = run(record, AREAS, settings, seed=seed, effort=effort, positions=[position], progress=progress)
    return Audit(audit)


def position_of(subject: Subject, row: Any) -> int:
    """The position of the test row with this id."""
    ids = subject.record.test.id
    found = np.flatnonzero(ids.astype(str) == str(row))
    if len(found) == 1:
        return int(found[0])
    some = ", ".join(str(id) for id in ids[:3])
    if len(found):
        got = f"{row!r}, which {len(found)} rows have"
        raise SubjectError("an id that only one row has", got, "Give every row an id of its own.")
    raise SubjectError("the id of a test row", repr(row), f"There are {len(ids):,} rows: {some}, ... {ids[-1]}.")

"""What all analyzers of explanations share: which rows they look at, against which background, by which methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from auditnn.analyzers.context import Context
from auditnn.core.errors import NotApplicable
from auditnn.core.subject import Subject
from auditnn.methods.attribution.method import Method
from auditnn.methods.attribution.result import Attribution, as_arrays, from_arrays
from auditnn.methods.case import Case, Hiding
from auditnn.methods.games.background import choose_background

NO_SETTINGS: Mapping[str, Any] = {}


def class_names(subject: Subject) -> tuple[str, ...]:
    """Names of the explained outputs: the classes, or one value."""
    return subject.classes or ("value",)


def class_slice(subject: Subject, code: int) -> dict[str, str]:
    """The part of a slice that names a class; nothing for regression."""
    return {"class": subject.classes[code]} if subject.classes else {}


def stored_ids(case: Case) -> np.ndarray:
    """The ids of a case's rows as a file can hold them, (n,): the data of an analyzer's `rows` array."""
    return case.ids if case.ids.dtype != object else np.array([str(id) for id in case.ids], dtype=str)


def case_for(
    context: Context,
    positions: np.ndarray,
    *,
    background: int = 100,
    rule: str = "sample",
    hiding: Hiding | None = None,
) -> Case:
    """The test rows at `positions` as a case: the predicted class as target, and background rows chosen by `rule`
    from the training rows (the test rows where there are none)."""
    subject = context.subject
    if context.calls is None or subject.test.rows is None:
        raise NotApplicable("there is no model, only stored predictions")
    source = subject.train if subject.train is not None and subject.train.rows is not None else subject.test
    assert source.rows is not None
    chosen = choose_background(source.rows, background, rule, context.seed)
    codes = context.predictions.prediction[positions].astype(np.int64) if subject.classification else None
    return Case(
        calls=context.calls,
        rows=subject.test.rows.take(positions),
        ids=subject.test.id[positions],
        background=source.rows.take(chosen),
        targets=np.zeros(len(positions), dtype=np.int64) if codes is None else codes,
        seed=context.seed,
        hiding=hiding or Hiding(),
        facts={
            "background": len(chosen),
            "background_rule": "all" if len(chosen) == len(source) else rule,
            "background_from": "train" if source is subject.train else "test",
        },
    )


def attribute(
    context: Context, case: Case, method: Method, settings: Mapping[str, Any] = NO_SETTINGS, chunk: int = 25
) -> Attribution:
    """`method` over the rows of a case, in fixed chunks of rows."""

    whole = case.ready()

    def work(rows: np.ndarray) -> Mapping[str, np.ndarray]:
        return as_arrays(method.attribute(whole.take(rows), **settings))

    return from_arrays(context.map_rows(method.name, np.arange(len(case)), work, chunk))

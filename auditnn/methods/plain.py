"""A plain model and arrays as a Case, for use without an audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from auditnn.core.errors import SubjectError
from auditnn.core.subject import Subject
from auditnn.methods.case import Case
from auditnn.subjects.build import from_function, from_torch
from auditnn.subjects.calls import Calls


def case_of(
    model: Any,
    rows: Any,
    background: Any = None,
    target: int | np.ndarray | None = None,
    seed: int = 0,
    features: Sequence[str] | None = None,
) -> Case:
    """The case of `rows` (n, d), or images (n, c, h, w), or a data frame, for a torch module or a plain function.

    Outputs are explained as they are, one column per class. `background` rows stand in for what is hidden (the rows
    themselves where none are given). `target` is the class explained by methods that explain one, a code or one per
    row; the largest output's by default. Costs n model rows. SubjectError where the rows cannot be used.
    """
    if rows is None:
        raise SubjectError("rows to explain", "none", "Give an array of shape (n, d), images or a data frame.")
    subject = _subject(model, rows, features)
    stand_ins = subject.test.rows if background is None else _subject(model, background, features).test.rows
    assert subject.test.rows is not None
    assert stand_ins is not None
    calls = Calls(subject)
    if target is None:
        target = np.argmax(calls.outputs(subject.test.rows), axis=1)
    return Case(
        calls=calls,
        rows=subject.test.rows,
        ids=subject.test.id,
        background=stand_ins,
        targets=np.broadcast_to(np.asarray(target, dtype=np.int64), (len(subject.test),)),
        seed=seed,
    )


def _subject(model: Any, rows: Any, features: Sequence[str] | None) -> Subject:
    import torch

    image = getattr(rows, "ndim", 2) == 4
    keywords: dict[str, Any] = {"modality": "image" if image else "tabular"}
    if features is not None:
        keywords["features"] = list(features)
    build = from_torch if isinstance(model, torch.nn.Module) else from_function
    nobody = np.zeros(len(rows))  # labels are asked for, and no method looks at them
    subject = build(model, rows, nobody, task="regression", output="values", **keywords)
    k = _width(Calls(subject))
    if k == 1:
        return subject
    classes = tuple(str(code) for code in range(k))
    return replace(subject, task="multiclass", output="logits", classes=classes, labels=tuple(range(k)))


def _width(calls: Calls) -> int:
    """How many outputs the model has, asked of one row."""
    assert calls.subject.test.rows is not None
    with calls.prepared():
        raw = np.asarray(calls.model.forward(calls.encoder(calls.subject.test.rows.between(0, 1))))
    return 1 if raw.ndim < 2 else raw.shape[1]

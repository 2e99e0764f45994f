"""Subjects made of stored predictions, and measurements by name, for the tests of the fairness room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from auditnn.analyzers.context import Context
from auditnn.core.analyzer import Analyzer
from auditnn.core.exhibit import Exhibit
from auditnn.core.measurement import Measurement
from auditnn.core.subject import Group, Predictions, Split, Subject


def group(name: str, values: Sequence[Any], levels: Sequence[str] | None = None) -> Group:
    """An attribute from one value per row; `levels` may hold some that do not occur."""
    named = tuple(levels) if levels is not None else tuple(sorted({str(value) for value in values}))
    codes = np.array([named.index(str(value)) for value in values], dtype=np.int32)
    return Group(name=name, levels=named, codes=codes)


def subject(
    y: Sequence[Any] | np.ndarray | None,
    prediction: Sequence[Any] | np.ndarray,
    groups: Mapping[str, Sequence[Any]] | Sequence[Group],
    *,
    task: str = "binary",
    classes: Sequence[str] = ("no", "yes"),
    **more: Any,
) -> Subject:
    """A subject of stored predictions: class codes, or floats for regression."""
    made = tuple(group(*one) for one in groups.items()) if isinstance(groups, Mapping) else tuple(groups)
    kind = np.float64 if task == "regression" else np.int64
    split = Split(
        id=np.arange(len(prediction)),
        y=None if y is None else np.asarray(y, dtype=kind),
        groups=made,
    )
    return Subject(
        name="case",
        task=task,  # type: ignore[arg-type]
        modality="tabular",
        output="values" if task == "regression" else "labels",
        test=split,
        stored=Predictions(prediction=np.asarray(prediction, dtype=kind)),
        classes=() if task == "regression" else tuple(classes),
        labels=() if task == "regression" else tuple(range(len(classes))),
        positive=1 if task == "binary" else None,
        **more,
    )


def found(analyzer: Analyzer, case: Subject, **settings: Any) -> list[Any]:
    """All that an analyzer yields for a subject of stored predictions."""
    assert case.stored is not None
    context = Context(analyzer=analyzer.id, subject=case, predictions=case.stored)
    return list(analyzer.run(case, analyzer.settings(**settings), context))


def measured(analyzer: Analyzer, case: Subject, **settings: Any) -> dict[tuple[str, ...], Measurement]:
    """Measurements by (name, attribute, group, class), leaving out what a slice does not have."""
    result: dict[tuple[str, ...], Measurement] = {}
    for one in found(analyzer, case, **settings):
        if isinstance(one, Measurement):
            parts = [one.slice[part] for part in ("attribute", "group", "class") if part in one.slice]
            key = (one.id.rsplit("/", 1)[1], *parts)
            assert key not in result, f"{key} is measured twice"
            result[key] = one
    return result


def exhibits(analyzer: Analyzer, case: Subject, **settings: Any) -> list[Exhibit]:
    return [one for one in found(analyzer, case, **settings) if isinstance(one, Exhibit)]

"""The row table: what every per-row array of an audit points at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from auditnn.core.audit import RowArray
from auditnn.core.seeding import stream
from auditnn.core.subject import Predictions, Subject

SAMPLE = 500
IDS = "rows/id"
STORED = "rows/stored"


def row_table(
    subject: Subject, predictions: Predictions, seed: int, positions: Sequence[int] | None = None
) -> dict[str, RowArray]:
    """Test rows as arrays: id, split, y, prediction, score and groups of all rows; features of the stored ones.

    `store_rows = "none"` keeps nothing; redacted columns never enter. Stored features have their row ids under
    `rows/stored`: a seeded sample of 500 unless `store_rows = "all"`, or the `positions` that were asked about.
    """
    if subject.store_rows == "none":
        return {}
    test = subject.test
    columns: dict[str, np.ndarray] = {"split": np.full(len(test), "test")}
    if test.y is not None:
        columns["y"] = test.y
    columns["prediction"] = predictions.prediction
    arrays = [RowArray(key=IDS, data=text_or_number(test.id), dims=("row",), rows=IDS)]
    arrays += [RowArray(key=f"rows/{name}", data=data, dims=("row",), rows=IDS) for name, data in columns.items()]
    if predictions.score is not None:
        many = predictions.score.ndim == 2
        arrays.append(
            RowArray(
                key="rows/score",
                data=predictions.score,
                dims=("row", "class") if many else ("row",),
                rows=IDS,
                coords={"class": subject.classes} if many else {},
            )
        )
    for group in test.groups:
        if group.name not in subject.redact:
            levels = np.array(group.levels, dtype=str)
            arrays.append(RowArray(key=f"rows/group/{group.name}", data=levels[group.codes], dims=("row",), rows=IDS))
    return {array.key: array for array in [*arrays, *_stored_features(subject, seed, positions)]}


def stored_arrays(subject: Subject, table: dict[str, RowArray], produced: dict[str, RowArray]) -> dict[str, RowArray]:
    """The row table with the row arrays of analyzers, as far as `store_rows` lets them into the run folder: none of
    them, those of the stored rows, or all. Arrays whose first dimension is not the row are no rows, and stay."""
    kept = dict(table)
    for key, array in produced.items():
        if array.dims[:1] != ("row",) or subject.store_rows == "all":
            kept[key] = array
        elif subject.store_rows == "sample":
            ids = (table | produced).get(array.rows or key, array).data
            kept[key] = replace(array, data=array.data[np.isin(ids, table[STORED].data)])
    return kept


def _stored_features(subject: Subject, seed: int, positions: Sequence[int] | None) -> list[RowArray]:
    chosen = np.arange(len(subject.test))
    if subject.store_rows == "sample" and positions is not None:
        chosen = np.array(sorted(set(positions)), dtype=np.int64)
    elif subject.store_rows == "sample":
        chosen = np.sort(stream(seed, "rows").permutation(len(chosen))[:SAMPLE])
    arrays = [RowArray(key=STORED, data=text_or_number(subject.test.id[chosen]), dims=("row",), rows=STORED)]
    if subject.test.rows is None:
        return arrays
    kept = subject.test.rows.take(chosen)
    for key, dims, values in kept.stored_arrays(subject.redact):
        arrays.append(RowArray(key=f"rows/{key}", data=text_or_number(values), dims=dims, rows=STORED))
    return arrays


def text_or_number(values: np.ndarray) -> np.ndarray:
    """An array that a file can hold without pickling: objects become text, missing ones the empty text."""
    if values.dtype != object:
        return values
    return np.array(["" if value is None else str(value) for value in values], dtype=str)

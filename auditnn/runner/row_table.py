"""The row table: what every per-row array of an audit points at."""

from __future__ import annotations

import numpy as np

from auditnn.core.audit import RowArray
from auditnn.core.rows import Images, Table
from auditnn.core.seeding import stream
from auditnn.core.subject import Predictions, Subject

SAMPLE = 500
IDS = "rows/id"
STORED = "rows/stored"


def row_table(subject: Subject, predictions: Predictions, seed: int) -> dict[str, RowArray]:
    """Test rows as arrays: id, split, y, prediction, score and groups of all rows; features of the stored ones.

    `store_rows = "none"` keeps nothing; redacted columns never enter. Stored features have their row ids under
    `rows/stored`: a seeded sample of 500 unless `store_rows = "all"`.
    """
    if subject.store_rows == "none":
        return {}
    test = subject.test
    columns: dict[str, np.ndarray] = {"split": np.full(len(test), "test")}
    if test.y is not None:
        columns["y"] = test.y
    columns["prediction"] = predictions.prediction
    arrays = [RowArray(key=IDS, data=_text_or_number(test.id), dims=("row",), rows=IDS)]
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
    return {array.key: array for array in [*arrays, *_stored_features(subject, seed)]}


def _stored_features(subject: Subject, seed: int) -> list[RowArray]:
    rows = subject.test.rows
    if rows is None:
        return []
    chosen = np.arange(len(rows))
    if subject.store_rows == "sample":
        chosen = np.sort(stream(seed, "rows").permutation(len(rows))[:SAMPLE])
    kept = rows.take(chosen)
    arrays = [RowArray(key=STORED, data=_text_or_number(subject.test.id[chosen]), dims=("row",), rows=STORED)]
    if isinstance(kept, Images):
        dims = ("row", "channel", "height", "width")
        arrays.append(RowArray(key="rows/pixels", data=kept.pixels, dims=dims, rows=STORED))
    if isinstance(kept, Table):
        for feature in kept.features:
            if feature.name not in subject.redact:
                data = _text_or_number(kept.decoded(feature.name))
                arrays.append(RowArray(key=f"rows/feature/{feature.name}", data=data, dims=("row",), rows=STORED))
    return arrays


def _text_or_number(values: np.ndarray) -> np.ndarray:
    """An array that a file can hold without pickling: objects become text, missing ones the empty text."""
    if values.dtype != object:
        return values
    return np.array(["" if value is None else str(value) for value in values], dtype=str)

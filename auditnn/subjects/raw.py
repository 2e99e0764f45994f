"""The data as it was handed over: named columns, still in the user's own types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from auditnn.core.errors import SubjectError
from auditnn.core.nearest import nearest
from auditnn.subjects.arrays import from_nested, from_tensor, is_frame, is_tensor, utf8_name
from auditnn.subjects.labels import shown


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """Columns by name. `keys` are the names in the data frame as they were (numbers, for example), and `dtype` is
    that of the whole array where it was one."""

    form: Literal["array", "frame"]
    columns: dict[str, Any]
    keys: dict[str, Any]
    length: int
    dtype: str = "object"

    def only(self, names: Sequence[str], what: str) -> RawTable:
        """These columns in this order; SubjectError for names that are not there."""
        for name in names:
            if name not in self.columns:
                raise SubjectError(f"a column {name!r} in {what}", "no such column", nearest(name, self.columns))
        return RawTable(
            form=self.form,
            columns={name: self.columns[name] for name in names},
            keys={name: self.keys[name] for name in names},
            length=self.length,
            dtype=self.dtype,
        )


def raw_table(X: Any, names: Sequence[str] | None, what: str) -> RawTable:
    """A data frame or an (n, d) array as named columns; arrays without names get x0, x1, ..."""
    if is_frame(X):
        return _from_frame(X, what)
    array = from_tensor(X) if is_tensor(X) else X
    if isinstance(array, list | tuple):
        array = from_nested(array, what)
    if not isinstance(array, np.ndarray):
        raise SubjectError(
            f"an array, a tensor or a data frame as {what}", type(X).__name__, "Turn it into a pandas DataFrame first."
        )
    if array.ndim != 2:
        advice = "Give rows x features, or images as N x C x H x W."
        if array.ndim == 3:
            advice = "Images need a channel axis: X[:, None] makes N x 1 x H x W of N x H x W."
        raise SubjectError(f"two dimensions in {what} (rows x features)", f"shape {array.shape}", advice)
    names = [f"x{i}" for i in range(array.shape[1])] if names is None else [str(name) for name in names]
    if len(names) != array.shape[1]:
        raise SubjectError(
            f"{array.shape[1]} feature names, one for each column of {what}",
            f"{len(names)}",
            "List them in column order.",
        )
    _unique(names, "feature names")
    for name in names:
        utf8_name(name, "a feature name")
    not_empty(len(array), what)
    return RawTable(
        form="array",
        columns={name: array[:, i] for i, name in enumerate(names)},
        keys={name: name for name in names},
        length=len(array),
        dtype=str(array.dtype),
    )


def _from_frame(frame: Any, what: str) -> RawTable:
    keys = list(frame.columns)
    names = [str(key) for key in keys]
    _unique(names, f"column names in {what}")
    for name in names:
        utf8_name(name, f"a column name in {what}")
    not_empty(len(frame), what)
    return RawTable(
        form="frame",
        columns={name: frame.iloc[:, i].reset_index(drop=True) for i, name in enumerate(names)},
        keys=dict(zip(names, keys, strict=True)),
        length=len(frame),
    )


def not_empty(n: int, what: str) -> None:
    """SubjectError where there are no rows."""
    if n == 0:
        raise SubjectError(
            f"at least one row in {what}", "an empty table", "Check the file or the filter it came through."
        )


def _unique(names: Sequence[str], what: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise SubjectError(f"different {what}", f"duplicates: {shown(twice)}", "Rename or drop one of each.")

"""Encoders: rows in, model-ready inputs out, with the input columns of each unit where they are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from auditnn.core.errors import SubjectError
from auditnn.core.rows import Feature, Images, Table
from auditnn.subjects.arrays import from_tensor, is_frame, is_tensor
from auditnn.subjects.foreign import no_exit
from auditnn.subjects.frames import frame_of

Units = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixEncoder:
    """Identity: the feature columns side by side, shape (n, d); categories that are numbers or bools as such."""

    dtype: str = "float32"
    units: Units | None = None

    def __call__(self, rows: Any) -> np.ndarray:
        matrix = np.empty((len(rows), len(rows.features)), dtype=self.dtype)
        for position, feature in enumerate(rows.features):
            values = rows.columns[feature.name]
            if feature.coded:
                values = feature.decoded(values) if matrix.dtype == object else _numbers_of(feature, values)
            matrix[:, position] = values
        return matrix


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameEncoder:
    """Back to the data frame the estimator was fitted on: same names, order and dtypes."""

    keys: Mapping[str, Any]
    nones: frozenset[str] = frozenset()
    units: Units | None = None

    def __call__(self, rows: Any) -> Any:
        return frame_of(rows, self.keys, self.nones)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionEncoder:
    """The user's own function of a data frame (or of image pixels), or a fitted transformer's `transform`.

    It returns an array (n, p), or (array, {unit: [columns]}); fractions become `dtype`, where that is given.
    """

    function: Callable[[Any], Any]
    before: FrameEncoder | MatrixEncoder | ImageEncoder
    name: str
    dtype: str | None = None
    units: Units | None = None

    def __call__(self, rows: Any) -> Any:
        array, _ = self.parts(rows)
        return array

    def parts(self, rows: Any) -> tuple[np.ndarray, Units | None]:
        """The inputs, and the units where the function gives them."""
        with no_exit("encode"):
            result = self.function(self.before(rows))
        units = None
        if isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], Mapping):
            result, given = result
            units = {str(name): tuple(int(column) for column in columns) for name, columns in given.items()}
        array = _as_inputs(result, len(rows))
        if self.dtype is not None and array.dtype.kind == "f":
            array = array.astype(self.dtype, copy=False)
        return array, units


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageEncoder:
    """Identity on pixels (n, channels, height, width)."""

    units: Units | None = field(default=None)

    def __call__(self, rows: Images) -> np.ndarray:
        return rows.pixels


def identity_for_module(table: Table, dtype: str, units: Units) -> MatrixEncoder:
    """The identity for a torch module; SubjectError naming a column that holds text."""
    for feature in table.features:
        if feature.coded and any(isinstance(value, str) for value in feature.categories):
            raise SubjectError(
                f"numbers in column {feature.name!r}, which goes to the module as it is", "text",
                "Set encode to a function that turns the frame into a float32 array, "
                "or leave the column out of the model with inputs = [...].",
            )  # fmt: skip
    return MatrixEncoder(dtype=dtype, units=units)


def function_of(encode: Any) -> tuple[Callable[[Any], Any], str]:
    """What to call, and its name: a function as it is, a fitted transformer's `transform`."""
    if hasattr(encode, "transform"):
        return encode.transform, type(encode).__name__
    if callable(encode):
        return encode, getattr(encode, "__qualname__", type(encode).__name__)
    raise SubjectError(
        "encode as a function or a fitted transformer",
        type(encode).__name__,
        "Write def encode(frame) -> array (n, p).",
    )


def _numbers_of(feature: Feature, codes: np.ndarray) -> np.ndarray:
    lookup = np.array([float(value) for value in feature.categories] + [np.nan])
    return lookup[codes]


def _as_inputs(result: Any, n: int) -> np.ndarray:
    if is_tensor(result):
        result = from_tensor(result)
    elif is_frame(result):
        result = result.to_numpy()
    elif hasattr(result, "toarray"):
        result = result.toarray()
    if not isinstance(result, np.ndarray):
        raise SubjectError("an array from encode", type(result).__name__, "Return a float32 array of shape (n, p).")
    if result.ndim < 1 or len(result) != n:
        raise SubjectError(
            f"{n} rows from encode, one for each row of the frame", f"shape {result.shape}", "Keep every row."
        )
    if result.dtype == object:
        raise SubjectError("numbers from encode", "an array of objects", "Return a float32 array of shape (n, p).")
    return result

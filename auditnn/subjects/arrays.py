"""Plain numpy from whatever people hold: lists, tensors, Series, Index, arrays of objects."""

from __future__ import annotations

import re
import sys
from typing import Any

import numpy as np

from auditnn.core.errors import SubjectError

HALVES = re.compile("[\ud800-\udfff]")
UNKEPT = re.compile("[\0\ud800-\udfff]")  # a stored array loses a NUL at the end of a text


def is_frame(value: Any) -> bool:
    """Whether it is a pandas DataFrame, without importing pandas."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.DataFrame)


def is_series(value: Any) -> bool:
    """Whether it is a pandas Series, Index or extension array, without importing pandas."""
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return False
    return isinstance(value, pandas.Series | pandas.Index | pandas.api.extensions.ExtensionArray)


def is_tensor(value: Any) -> bool:
    """Whether it is a torch tensor, without importing torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def from_tensor(value: Any) -> np.ndarray:
    """A tensor as numpy, on the host; half precisions widen to float32."""
    value = value.detach().cpu()
    if value.is_floating_point() and value.element_size() < 4:
        value = value.float()
    array: np.ndarray = value.numpy()
    return array


def python_value(value: Any) -> Any:
    """A numpy scalar as the Python value it stands for; whole floats as ints, so that 1.0 and 1 are one label."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def utf8_name(name: str, what: str) -> None:
    """SubjectError for a name that no file can hold: with a NUL, or half of a surrogate pair."""
    if "\0" in name or not _is_utf8(name):
        raise SubjectError(
            f"{what} without a NUL and without half surrogates", ascii(name), "Rename it, or read the file as UTF-8."
        )


def utf8_texts(values: np.ndarray) -> np.ndarray:
    """Text values with every NUL and half surrogate, which files cannot hold, replaced by U+FFFD; all else as it is."""
    if values.dtype.kind not in "OU" or not UNKEPT.search("".join(value for value in values if isinstance(value, str))):
        return values
    replaced = [UNKEPT.sub("\ufffd", value) if isinstance(value, str) else value for value in values]
    objects = np.empty(len(values), dtype=object)
    objects[:] = replaced
    return objects


def _is_utf8(text: str) -> bool:
    return text.isascii() or HALVES.search(text) is None


def vector(values: Any, what: str, advice: str) -> np.ndarray:
    """One value per row as a 1-D numpy array; a single column is flattened. SubjectError for other shapes."""
    if is_frame(values):
        values = values.iloc[:, 0] if values.shape[1] == 1 else values.to_numpy()
    if is_series(values):
        values = _from_series(values)
    elif is_tensor(values):
        values = from_tensor(values)
    elif isinstance(values, list | tuple):
        values = _from_list(values)
    if isinstance(values, str | bytes) or not isinstance(values, np.ndarray):
        raise SubjectError(f"an array, Series or list for {what}", type(values).__name__, advice)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise SubjectError(f"one value per row in {what}", f"shape {values.shape}", advice)
    return utf8_texts(values)


def _from_series(values: Any) -> np.ndarray:
    """A Series as numpy; in pandas' own types a missing value becomes None."""
    if isinstance(values.dtype, np.dtype):
        array: np.ndarray = values.to_numpy()
        return array
    objects: np.ndarray = np.array(values.to_numpy(dtype=object))
    objects[np.asarray(values.isna())] = None
    return plain_array(objects)


def _from_list(values: list[Any] | tuple[Any, ...]) -> np.ndarray:
    """A list as an array that keeps every value as it came: numbers with strings do not turn into strings."""
    if values and isinstance(values[0], list | tuple | np.ndarray):
        return from_nested(values, "the list")
    objects = np.empty(len(values), dtype=object)
    objects[:] = values
    return plain_array(objects)


def from_nested(values: Any, what: str) -> np.ndarray:
    """A list of lists as an array; SubjectError where they differ in length."""
    try:
        return np.asarray(values)
    except ValueError as error:
        raise SubjectError(f"rows of equal length in {what}", "rows of different lengths", "Complete them.") from error


def plain_array(values: np.ndarray) -> np.ndarray:
    """bool, int, uint or float where all values are; else objects (strings as `str`)."""
    if values.dtype.kind == "U":
        return values.astype(object)
    if values.dtype != object:
        return values
    if all_text(values):
        return values
    kinds = {type(value.item() if isinstance(value, np.generic) else value) for value in values}
    if kinds == {bool}:
        return values.astype(bool)
    if kinds == {int}:
        return values.astype(np.int64)
    numbers = kinds - {type(None)}
    if numbers and numbers <= {int, float}:
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return values


def factorized(values: np.ndarray, what: str, sort: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Codes (n,) and the distinct values of an object array, -1 for missing; SubjectError for lists and the like."""
    import pandas

    try:
        codes, distinct = pandas.factorize(values, sort=sort)
    except TypeError as error:
        raise SubjectError(f"numbers, bools or text in {what}", str(error), "Convert the values first.") from error
    return codes, np.asarray(distinct, dtype=object)


def all_text(values: np.ndarray) -> bool:
    """Whether an object array holds strings and nothing else, missing values aside."""
    from pandas.api.types import infer_dtype

    return infer_dtype(values, skipna=True) == "string"


def missing_mask(values: np.ndarray) -> np.ndarray:
    """Which entries are NaN, None, NaT or NA, shape (n,)."""
    if values.dtype.kind == "f":
        return np.isnan(values)
    if values.dtype.kind in "mM":
        return np.isnat(values)
    if values.dtype != object:
        return np.zeros(len(values), dtype=bool)
    import pandas

    return np.asarray(pandas.isna(values))

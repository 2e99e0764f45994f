"""One column: which kind of feature it is, and its values as auditnn keeps them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

import numpy as np

from auditnn.core.errors import SubjectError
from auditnn.core.nearest import nearest
from auditnn.core.rows import CODED_KINDS, Feature, Kind
from auditnn.subjects.arrays import HALVES, missing_mask, python_value
from auditnn.subjects.labels import shown
from auditnn.subjects.options import DECLARED, one_of

LARGEST = 2.0**53  # beyond it, float64 no longer holds every integer
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?$")
NUMERIC_WORDS = {"integer": "integer", "floating": "numeric", "mixed-integer-float": "numeric", "decimal": "numeric",
                 "boolean": "boolean", "string": "categorical", "categorical": "categorical", "empty": "numeric",
                 "integer-na": "integer"}  # fmt: skip
DATE_WORDS = ("datetime64", "datetime", "date", "timedelta64", "timedelta", "time", "period", "interval")


def feature_of(name: str, parts: Sequence[Any], declared: Mapping[str, Any]) -> Feature:
    """The feature that these parts of one column (test, train) make, with what the user declared about it.

    Inferred from the type: floats are numeric, ints integer, bools boolean, text and unordered categories
    categorical, ordered categories ordinal. Dates are refused.
    """
    _check_declared(name, declared)
    found = _inferred_kind(name, parts, declared)
    kind: Kind = declared.get("kind") or ("categorical" if "values" in declared and found != "ordinal" else found)
    if kind in ("numeric", "integer") and found in ("categorical", "ordinal"):
        raise SubjectError(
            f"numbers in column {name!r}, declared {kind}", "text", "Declare kind = 'categorical', or convert it."
        )
    categories = _categories(name, kind, parts, declared) if kind in CODED_KINDS else ()
    for value in categories:
        if isinstance(value, str) and HALVES.search(value):
            raise SubjectError(f"text in column {name!r} that UTF-8 can hold", ascii(value), "Read the file as UTF-8.")
    bounds = declared.get("bounds")
    return Feature(
        name=name,
        kind=kind,
        categories=categories,
        bounds=None if bounds is None else (float(bounds[0]), float(bounds[1])),
        mutable=bool(declared.get("mutable", True)),
        unit=declared.get("unit"),
        dtype=str(parts[0].dtype),
    )


def stored(feature: Feature, values: Any, what: str) -> np.ndarray:
    """A column as core keeps it: float64 with NaN for missing, or int32 codes with -1 for missing."""
    if not feature.coded:
        numbers = _numbers(values)
        if values.dtype.kind in "iu" and (np.abs(numbers[~np.isnan(numbers)]) > LARGEST).any():
            raise SubjectError(
                f"integers of at most 2**53 in column {feature.name!r} of {what}", "larger ones",
                "If they are codes, declare kind = 'categorical'; if they are ids, leave the column out of inputs.",
            )  # fmt: skip
        if np.isinf(numbers).any():
            raise SubjectError(
                f"finite numbers or missing values in column {feature.name!r} of {what}",
                f"{int(np.isinf(numbers).sum())} infinite values", "Replace them by a bound, or mark them missing.",
            )  # fmt: skip
        return numbers
    import pandas

    objects = _objects(values)
    codes = pandas.Index(list(feature.categories), dtype=object).get_indexer(pandas.Index(objects, dtype=object))
    gaps = missing_mask(objects)
    codes[gaps] = -1
    strange = (codes < 0) & ~gaps
    if strange.any():
        raise SubjectError(
            f"column {feature.name!r} of {what} to hold only its declared values {shown(feature.categories)}",
            shown(sorted(set(map(python_value, objects[strange])), key=str)),
            "Add them to values, or correct the data.",
        )
    return np.asarray(codes, dtype=np.int32)


def _check_declared(name: str, declared: Mapping[str, Any]) -> None:
    where = f"features.{name}"
    if not isinstance(declared, Mapping):
        raise SubjectError(f"a table of keys for {where}", repr(declared), f"Known keys: {', '.join(DECLARED)}.")
    for key in declared:
        if key not in DECLARED:
            raise SubjectError(f"a key that {where} knows", repr(key), nearest(key, DECLARED))
    one_of(f"{where}.kind", declared.get("kind"), get_args(Kind))
    bounds = declared.get("bounds")
    if bounds is not None and not _is_range(bounds):
        raise SubjectError(f"{where}.bounds to be [low, high] with low < high", repr(bounds), "Give two numbers.")
    values = declared.get("values")
    if values is not None and len(set(values)) != len(values):
        raise SubjectError(f"different {where}.values", f"duplicates in {shown(list(values))}", "List each value once.")


def _is_range(bounds: Any) -> bool:
    if not isinstance(bounds, list | tuple | np.ndarray) or len(bounds) != 2:
        return False
    numbers = all(isinstance(one, int | float | np.number) and not isinstance(one, bool) for one in bounds)
    return numbers and bool(bounds[0] < bounds[1])


def _inferred_kind(name: str, parts: Sequence[Any], declared: Mapping[str, Any]) -> Kind:
    kinds = {_kind_of_type(name, part) for part in parts if len(part)}
    kinds = kinds - {"empty"} or {"numeric"}
    if kinds <= {"numeric", "integer"}:
        return "integer" if kinds == {"integer"} else "numeric"
    if kinds == {"boolean"}:
        return "boolean"
    if kinds <= {"categorical", "ordinal"}:
        found: Kind = "ordinal" if kinds == {"ordinal"} else "categorical"
        if "kind" not in declared:
            _no_dates(name, parts)
        return found
    raise SubjectError(
        f"one kind of value in column {name!r}", f"{' and '.join(sorted(kinds))} values in test and training data",
        "Give both tables the same types.",
    )  # fmt: skip


def _kind_of_type(name: str, values: Any) -> str:
    if getattr(values.dtype, "ordered", None) is not None:
        return "ordinal" if values.dtype.ordered else "categorical"
    kind = values.dtype.kind
    if kind in "fiub":
        return {"f": "numeric", "b": "boolean"}.get(kind, "integer")
    if kind in "mM":
        _refuse_date(name, str(values.dtype))
    from pandas.api.types import infer_dtype

    word = infer_dtype(values, skipna=True)
    if word in DATE_WORDS:
        _refuse_date(name, word)
    if word not in NUMERIC_WORDS:
        raise SubjectError(
            f"column {name!r} to hold one kind of value (numbers, bools or text)",
            f"{word} values",
            "Clean or drop the column.",
        )
    return "empty" if word == "empty" else NUMERIC_WORDS[word]


def _refuse_date(name: str, word: str) -> None:
    raise SubjectError(
        f"numbers, bools or text in column {name!r}", f"dates ({word})",
        "Turn dates into numbers, such as days since a fixed day, or leave the column out of inputs.",
    )  # fmt: skip


def _no_dates(name: str, parts: Sequence[Any]) -> None:
    for part in parts:
        head = [value for value in list(part[:50]) if isinstance(value, str)]
        if head and all(ISO_DATE.match(value) for value in head):
            _refuse_date(name, f"text such as {head[0]!r}")


def _categories(name: str, kind: Kind, parts: Sequence[Any], declared: Mapping[str, Any]) -> tuple[Any, ...]:
    if "values" in declared:
        return tuple(python_value(value) for value in declared["values"])
    if hasattr(parts[0].dtype, "categories"):
        merged = dict.fromkeys(value for part in parts for value in _category_list(part))
        return tuple(map(python_value, merged))
    import pandas

    found: set[Any] = set()
    for part in parts:
        found.update(map(python_value, pandas.unique(pandas.Series(_objects(part), dtype=object).dropna())))
    if kind == "boolean":
        if found <= {False, True}:
            return (0, 1) if any(type(value) is int for value in found) else (False, True)
        raise SubjectError(
            f"true and false in column {name!r}, declared boolean",
            shown(sorted(found, key=str)),
            "Declare another kind.",
        )
    if kind == "ordinal" and any(isinstance(value, str) for value in found):
        raise SubjectError(
            f"features.{name}.values, its categories in order", "none", "List them from lowest to highest."
        )
    return tuple(sorted(found))


def _category_list(part: Any) -> list[Any]:
    return list(part.dtype.categories) if hasattr(part.dtype, "categories") else list(part.dropna().unique())


def _numbers(values: Any) -> np.ndarray:
    if isinstance(values, np.ndarray) and values.dtype != object:
        return values.astype(np.float64)
    import pandas

    numbers: np.ndarray = pandas.Series(values).astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    return numbers


def _objects(values: Any) -> np.ndarray:
    return values.astype(object) if isinstance(values, np.ndarray) else values.to_numpy(dtype=object)

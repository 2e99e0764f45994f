"""Group attributes: levels and a code per row. A missing value is the level "unknown"; numbers need bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from auditnn.core.errors import SubjectError
from auditnn.core.nearest import nearest
from auditnn.core.subject import UNKNOWN, Group, occurring
from auditnn.subjects.arrays import factorized, missing_mask, plain_array, python_value, utf8_name, vector
from auditnn.subjects.labels import class_name, distinct_values, shown

MOST_NUMBERS = 20


def group_of(name: str, values: Any, bands: Sequence[float] | None, what: str) -> Group:
    """One attribute. Levels are the values that occur, in sorted order (bands from low to high), "unknown" last."""
    utf8_name(name, "a group name")
    order = list(values.dtype.categories) if hasattr(getattr(values, "dtype", None), "categories") else None
    dated = getattr(getattr(values, "dtype", None), "kind", "") in ("m", "M")
    values = plain_array(vector(values, what, "Give one value per row."))
    if dated:
        raise SubjectError(f"numbers, bools or text in {what}", "dates", "Turn them into bands of years, for example.")
    if values.dtype == object and bands is None:
        named, codes = _texts(name, values, order)
    else:
        gaps = missing_mask(values)
        named, codes = _leveled(name, values, gaps) if bands is None else _banded(name, values, bands, gaps)
        codes = np.where(gaps, len(named), codes) if gaps.any() else codes
    return _compressed(name, [*named, UNKNOWN], codes)


def band_names(edges: Sequence[float]) -> list[str]:
    """Names of the bands between edges; each contains its lower edge.

    >>> band_names([25, 40])
    ['under 25', '25 to <40', '40 and over']
    """
    text = [class_name(float(edge)) for edge in edges]
    inner = [f"{low} to <{high}" for low, high in pairwise(text)]
    return [f"under {text[0]}", *inner, f"{text[-1]} and over"]


def check_names(
    groups: Sequence[Group],
    intersections: Sequence[Sequence[str]],
    reference: Mapping[str, str],
    control: Sequence[str],
    bands: Mapping[str, Any],
) -> tuple[tuple[str, ...], ...]:
    """The intersections as tuples; SubjectError for attributes or levels that do not exist."""
    levels = {group.name: group.levels for group in groups}
    for key, attributes in (("bands", list(bands)), ("control", list(control)), ("reference", list(reference))):
        for name in attributes:
            if name not in levels and not (key == "reference" and " & " in name):
                raise SubjectError(f"{key} to name group attributes", repr(name), nearest(name, levels))
    crossed: list[tuple[str, ...]] = []
    for asked in intersections:
        names: Any = asked
        if isinstance(names, str) or len(set(names)) < 2 or len(set(names)) != len(list(names)):
            raise SubjectError(
                "intersections as lists of two attributes or more", repr(names), 'Write [["sex", "race"]].'
            )
        for name in names:
            if name not in levels:
                raise SubjectError("intersections to name group attributes", repr(name), nearest(name, levels))
        _check_new(tuple(names), crossed, levels)
        crossed.append(tuple(names))
    for name, level in reference.items():
        if name in levels and str(level) not in levels[name]:
            raise SubjectError(
                f"reference.{name} to be one of its levels", repr(level), f"Levels: {shown(levels[name])}."
            )
    return tuple(crossed)


def _check_new(names: tuple[str, ...], crossed: Sequence[tuple[str, ...]], levels: Mapping[str, Any]) -> None:
    """SubjectError for an intersection whose name an attribute or an earlier intersection already has."""
    name = " & ".join(names)
    if name in levels:
        raise SubjectError(
            "intersections with names of their own", f"{name!r}, which is a group attribute too", "Rename that group."
        )
    if any(set(names) == set(other) or name == " & ".join(other) for other in crossed):
        raise SubjectError("different intersections", f"{name!r} twice", "List each of them once.")


def _banded(name: str, values: np.ndarray, bands: Sequence[float], gaps: np.ndarray) -> tuple[list[str], np.ndarray]:
    if values.dtype.kind not in "iuf":
        raise SubjectError(f"numbers in group {name!r}, which has bands", "other values", "Leave its bands out.")
    edges = np.asarray(bands, dtype=float)
    if edges.ndim != 1 or not len(edges) or not np.all(np.isfinite(edges)) or np.any(np.diff(edges) <= 0):
        raise SubjectError(f"bands.{name} as rising numbers", repr(bands), f"Write bands = {{{name} = [25, 40, 60]}}.")
    return band_names(edges.tolist()), np.searchsorted(edges, np.where(gaps, edges[0], values), side="right")


def _leveled(name: str, values: np.ndarray, gaps: np.ndarray) -> tuple[list[str], np.ndarray]:
    distinct, codes = distinct_values(values)
    present = distinct_values(values[~gaps])[0]
    if values.dtype.kind != "b" and len(present) > MOST_NUMBERS:
        raise SubjectError(
            f"bands for the numeric group {name!r}", f"{len(present)} distinct numbers",
            f"Set bands = {{{name} = [..]}} with the edges between the groups that you mean.",
        )  # fmt: skip
    return [class_name(value) for value in distinct], codes


def _texts(name: str, values: np.ndarray, order: list[Any] | None) -> tuple[list[str], np.ndarray]:
    """Levels in sorted order, or in the declared one; missing values have the code after the last."""
    found, distinct = factorized(values, f"group {name!r}")
    texts = [class_name(python_value(value)) for value in distinct]
    rank = {class_name(value): i for i, value in enumerate(order or ())}
    levels = sorted(set(texts), key=lambda text: (rank.get(text, len(rank)), text))
    place = {text: i for i, text in enumerate(levels)}
    return levels, np.array([*(place[text] for text in texts), len(levels)], dtype=np.int32)[found]


def _compressed(name: str, named: Sequence[str], codes: np.ndarray) -> Group:
    """Only levels that occur, equal names merged ("unknown" as a value and as a gap are one level)."""
    merged = list(dict.fromkeys(named))
    if len(merged) < len(named):
        codes = np.array([merged.index(level) for level in named])[codes]
    present, packed = occurring(codes, len(merged))
    return Group(name=name, levels=tuple(merged[i] for i in present), codes=packed.astype(np.int32, copy=False))

"""Which input columns each unit of a table owns: declared, told by `encode`, or found out by asking it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from auditnn.core.errors import SubjectError
from auditnn.core.rows import Feature, Table
from auditnn.subjects.labels import shown

MOST_PROBED = 1000
DISTINCT = 32
Units = Mapping[str, tuple[int, ...]]


def units_of(features: Sequence[Feature]) -> dict[str, tuple[int, ...]]:
    """Each unit's positions among the features: its members, or the feature alone."""
    return joined({feature.name: (position,) for position, feature in enumerate(features)}, features)


def joined(columns: Units, features: Sequence[Feature]) -> dict[str, tuple[int, ...]]:
    """Input columns by unit, from input columns by feature or by unit."""
    owner = {feature.name: feature.unit or feature.name for feature in features}
    units: dict[str, list[int]] = {}
    for name, positions in columns.items():
        units.setdefault(owner.get(name, name), []).extend(positions)
    return {name: tuple(positions) for name, positions in units.items()}


def encoded_units(
    encode: Callable[[Any], np.ndarray], table: Table, shape: tuple[int, ...], told: Units | None
) -> Units | None:
    """The units of an encoder's output (n, p): as it told; one to one where p is the number of features; else as
    probing shows; None where no unit owns its columns alone."""
    features = table.features
    if told is not None:
        _check_told(told, features, shape)
        return joined(told, features)
    if len(shape) != 2:
        return None
    if shape[1] == len(features):
        return units_of(features)
    found = None
    with suppress(ValueError, TypeError, KeyError, IndexError):  # it may refuse rows that it has never seen
        found = _probed(encode, table)
    return None if found is None else joined(found, features)


def _probed(encode: Callable[[Any], np.ndarray], table: Table) -> dict[str, tuple[int, ...]] | None:
    """Columns by feature: those that vary when only this feature does, in copies of the first row."""
    owner: dict[int, str] = {}
    for feature in table.features:
        values = _values(feature, table.columns[feature.name])
        if len(values) > MOST_PROBED:
            return None
        copies = table.take(np.zeros(len(values), dtype=np.int64))
        probe = Table(features=table.features, columns={**copies.columns, feature.name: values}, length=len(values))
        array = encode(probe)
        first = array[:1]
        varies = ((array != first) & ~(np.isnan(array) & np.isnan(first))).any(axis=0)
        for column in np.flatnonzero(varies).tolist():
            if column in owner:
                return None
            owner[column] = feature.name
    found: dict[str, list[int]] = {feature.name: [] for feature in table.features}
    for column in sorted(owner):
        found[owner[column]].append(column)
    return {name: tuple(columns) for name, columns in found.items()}


def _values(feature: Feature, column: np.ndarray) -> np.ndarray:
    """Values to try: every category that occurs, or some distinct numbers."""
    distinct = np.unique(column)
    if feature.coded:
        return distinct
    return distinct[np.unique(np.linspace(0, len(distinct) - 1, min(DISTINCT, len(distinct))).astype(int))]


def _check_told(told: Units, features: Sequence[Feature], shape: tuple[int, ...]) -> None:
    width = shape[1] if len(shape) > 1 else 1
    known = {feature.name for feature in features} | {feature.unit for feature in features if feature.unit}
    strange = [name for name in told if name not in known]
    if strange:
        raise SubjectError(
            "units from encode to be features or declared units", shown(strange), f"Known: {shown(sorted(known))}."
        )
    columns = sorted(column for positions in told.values() for column in positions)
    if columns != list(range(width)):
        raise SubjectError(
            f"units from encode that share out its columns 0 to {width - 1}", f"columns {shown(columns)}",
            "Give each column to exactly one unit.",
        )  # fmt: skip

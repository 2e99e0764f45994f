"""Tables: features inferred over test and training rows together, columns in the form that core keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from auditnn.core.errors import SubjectError
from auditnn.core.nearest import nearest
from auditnn.core.rows import Feature, Table
from auditnn.subjects.columns import feature_of, stored
from auditnn.subjects.raw import RawTable


def features_of(
    raws: Sequence[RawTable], declared: Mapping[str, Mapping[str, Any]], units: Mapping[str, Sequence[str]]
) -> tuple[Feature, ...]:
    """The features of tables with the same columns (test first), with declarations and units laid over them."""
    names = list(raws[0].columns)
    for name in declared:
        if name not in raws[0].columns:
            raise SubjectError(f"a feature named {name!r}", "no such column among the inputs", nearest(name, names))
    member = _members(units, names)
    features = []
    for name in names:
        feature = feature_of(name, [raw.columns[name] for raw in raws], declared.get(name, {}))
        features.append(replace(feature, unit=member.get(name, feature.unit)))
    return tuple(features)


def table_of(raw: RawTable, features: Sequence[Feature], what: str) -> Table:
    """The columns of one table as core keeps them."""
    columns = {feature.name: stored(feature, raw.columns[feature.name], what) for feature in features}
    return Table(features=tuple(features), columns=columns, length=raw.length)


def outside_bounds(table: Table) -> list[str]:
    """A note for each feature with values outside its declared bounds."""
    notes = []
    for feature in table.features:
        if feature.bounds is not None and not feature.coded:
            values = table.columns[feature.name]
            count = int(np.sum((values < feature.bounds[0]) | (values > feature.bounds[1])))
            if count:
                notes.append(f"{count} test rows have {feature.name!r} outside its bounds {list(feature.bounds)}.")
    return notes


def _members(units: Mapping[str, Sequence[str]], names: Sequence[str]) -> dict[str, str]:
    member: dict[str, str] = {}
    for unit, columns in units.items():
        for column in [columns] if isinstance(columns, str) else columns:
            if column not in names:
                raise SubjectError(f"units.{unit} to list features", repr(column), nearest(column, names))
            if column in member:
                raise SubjectError("each feature in one unit", f"{column!r} in two", "Keep it in one of them.")
            member[column] = unit
    return member

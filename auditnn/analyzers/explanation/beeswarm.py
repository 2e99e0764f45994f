"""Pictures of all rows: a beeswarm of the values of the largest units, and how the value depends on the feature."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from auditnn.analyzers.explanation.explained_rows import Column, ExplainedRows, by_size
from auditnn.analyzers.explanation.shapley_measures import ID
from auditnn.core.exhibit import INLINE_ROWS, Exhibit
from auditnn.core.numbers import plain

UNITS = 12
DEPENDENCES = 3
POINTS = 500
DIGITS = 6


def beeswarms(one: ExplainedRows, columns: Sequence[Column]) -> Iterator[Exhibit]:
    """Per class a beeswarm of its twelve largest units, and for the first class how the value of the three largest
    depends on what the feature holds."""
    for column in columns:
        shown = column.places < one.shown
        if shown.sum() > 1:
            yield beeswarm(one, column, shown)
    for column in columns[:1]:
        shown = column.places < one.shown
        for at in by_size(np.abs(column.values).mean(axis=0))[:DEPENDENCES] if shown.sum() > 1 else ():
            found = dependence(one, column, shown, int(at))
            if found is not None:
                yield found


def beeswarm(one: ExplainedRows, column: Column, shown: np.ndarray) -> Exhibit:
    """One point per row and unit: how far the unit moved that row's output, colored by the unit's value."""
    order = by_size(np.abs(column.values).mean(axis=0))[:UNITS]
    rows = np.flatnonzero(shown)[: INLINE_ROWS // max(1, len(order))]
    columns: dict[str, list[object]] = {"Shapley value": [], "feature": [], "place of its value": [], "row": []}
    for at in order:
        places = one.units.places(one.names[at])
        columns["Shapley value"] += _rounded(column.values[rows, at])
        columns["feature"] += [one.names[at]] * len(rows)
        columns["place of its value"] += [places[column.places[row]] for row in rows]
        columns["row"] += [str(one.ids[column.places[row]]) for row in rows]
    about = f" for {column.name}" if column.name else ""
    return Exhibit(
        id=f"{ID}/beeswarm",
        kind="points",
        title=f"What moved each row's output{about}",
        summary=(
            f"The {len(order)} features with the largest values on average, {len(rows):,} rows each. Right of zero a "
            f"feature raised the output{about}; the color says whether its value is low or high among the rows."
        ),
        columns=columns,
        roles={"x": "Shapley value", "y": "feature", "color": "place of its value"},
        slice=one.slice(column),
    )


def dependence(one: ExplainedRows, column: Column, shown: np.ndarray, at: int) -> Exhibit | None:
    """The value of one feature against what the feature holds, row by row; None for what is no single feature, or is
    redacted."""
    name = one.names[at]
    along = one.units.along(name)
    if along is None:
        return None
    rows = [row for row in np.flatnonzero(shown)[:POINTS] if along[column.places[row]] is not None]
    if len(rows) < 2:
        return None
    values = _rounded(column.values[rows, at])
    about = f" for {column.name}" if column.name else ""
    return Exhibit(
        id=f"{ID}/dependence",
        kind="points",
        title=f"How {name} moves the output{about}",
        summary=(
            f"Each point is one of {len(rows):,} rows: its {name}, and how far that moved the output{about}, from "
            f"{plain(min(values))} to {plain(max(values))}. Rows with equal {name} differ where it acts together with "
            "others."
        ),
        columns={name: [along[column.places[row]] for row in rows], "Shapley value": values},
        roles={"x": name, "y": "Shapley value", "reference": 0.0},
        slice=one.slice(column, feature=name),
    )


def _rounded(values: np.ndarray) -> list[float]:
    """Numbers with as many digits as a picture needs."""
    return [float(f"{value:.{DIGITS}g}") for value in values.tolist()]

"""As much of an exhibit as one picture can show, and how many of its rows that leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from auditnn.core.exhibit import Exhibit
from auditnn.figures import beeswarm, waterfall
from auditnn.figures.draw import form_of
from auditnn.figures.reading import column_of
from auditnn.figures.values import is_number

CATEGORIES, CELLS, LANES, STEPS = 60, 2000, 20, 20


def fitting(exhibit: Exhibit) -> tuple[Exhibit, int]:
    """The exhibit with as many categories as a picture has room for, the first ones, and how many rows are left out.

    A waterfall keeps its sum: its smallest steps become one.
    """
    total = max((len(values) for values in exhibit.columns.values()), default=0)
    form = form_of(exhibit)
    if form is None:
        return exhibit, 0
    if form.draw is waterfall.draw:
        return _summed(exhibit), 0
    if form.draw is beeswarm.draw:
        kept = _of_first(exhibit, "y", LANES)
    elif exhibit.kind == "images" and column_of(exhibit, "row"):
        across = (
            len(set(map(str, exhibit.columns[str(exhibit.roles["column"])]))) if column_of(exhibit, "column") else 1
        )
        kept = _of_first(exhibit, "row", max(1, CATEGORIES // across))
    elif exhibit.kind in ("bars", "intervals") and column_of(exhibit, "series") and total > CATEGORIES:
        kept = _of_first(
            exhibit, next(role for role in ("label", "y", "x") if column_of(exhibit, role)), CATEGORIES // 2
        )
    elif exhibit.kind in ("bars", "intervals", "images", "heatmap"):
        kept = list(range(min(total, CELLS if exhibit.kind == "heatmap" else CATEGORIES)))
    else:
        return exhibit, 0
    return (exhibit, 0) if len(kept) == total else (_only(exhibit, kept), total - len(kept))


def _only(exhibit: Exhibit, rows: Sequence[int]) -> Exhibit:
    return replace(exhibit, columns={name: [values[row] for row in rows] for name, values in exhibit.columns.items()})


def _of_first(exhibit: Exhibit, role: str, most: int) -> list[int]:
    """The rows of the first `most` names that a role has."""
    names = exhibit.columns[column_of(exhibit, role) or role]
    kept = set(list(dict.fromkeys(map(str, names)))[:most])
    return [row for row, name in enumerate(names) if str(name) in kept]


def _summed(exhibit: Exhibit) -> Exhibit:
    """A waterfall whose smaller end is one step where it has more of them than fit."""
    label, start, end = (str(column_of(exhibit, role)) for role in ("label", "start", "end"))
    ends = list(zip(exhibit.columns[start], exhibit.columns[end], strict=True))
    sizes = [abs(b - a) if is_number(a) and is_number(b) else 0.0 for a, b in ends]
    if len(sizes) <= STEPS or not all(is_number(one) for pair in ends for one in pair):
        return exhibit
    smallest_first = sizes[0] < sizes[-1]
    hidden = range(len(sizes) - STEPS + 1) if smallest_first else range(STEPS - 1, len(sizes))
    rest: dict[str, Any] = dict.fromkeys(exhibit.columns)
    first, last = ends[hidden[0]], ends[hidden[-1]]
    rising = waterfall.meets(first[1], ends[hidden[1]][0])
    rest |= {label: f"{len(hidden)} others together"}
    rest |= {start: first[0], end: last[1]} if rising else {start: last[0], end: first[1]}
    columns = {}
    for name, values in exhibit.columns.items():
        shown = [value for row, value in enumerate(values) if row not in hidden]
        columns[name] = [rest[name], *shown] if smallest_first else [*shown, rest[name]]
    return replace(exhibit, columns=columns)

"""Reading an exhibit: which column plays which part, as plain rows under short safe names.

Roles are column names. `label` and `value` name a category and a quantity whichever way up they are drawn; where an
exhibit says `x` and `y` instead, the one that holds numbers is the quantity. `units` (column to unit) and
`reference` (a number, a column, or "diagonal") are optional.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditnn.core.exhibit import Exhibit
from auditnn.core.numbers import PERCENT_UNITS, POINTS, interval, show

Row = dict[str, Any]
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
LINE_ENDS = re.compile("[\n\r\u0085\u2028\u2029]+")
WIDTHLESS = "\u200b"
MANY_SERIES, MOST_SERIES = 2, 6
SHARE_WORDS = (
    "rate",
    "share",
    "probability",
    "accuracy",
    "recall",
    "precision",
    "frequency",
    "proportion",
    "coverage",
    "score",
)
NAMES = {
    "label": ("label", "group", "category", "feature", "name", "bar"),
    "value": ("value", "height", "size", "weight"),
    "low": ("low", "lower", "y_low", "x_low"),
    "high": ("high", "upper", "y_high", "x_high"),
    "series": ("series", "color", "by"),
    "image": ("image", "pixels"),
    "text": ("text", "token"),
    "row": ("row",),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """An exhibit's rows under role names, with a title and a unit for each role."""

    rows: list[Row]
    titles: Mapping[str, str]
    units: Mapping[str, str]
    reference: float | str | None = None

    def __contains__(self, role: str) -> bool:
        return role in self.titles

    def numeric(self, role: str) -> bool:
        """Whether every value that is there is a number, and at least one is."""
        values = [row[role] for row in self.rows if row[role] is not None]
        return bool(values) and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)

    def order(self, role: str) -> list[str]:
        """The distinct texts of a role in the order in which they come."""
        return list(dict.fromkeys(str(row[role]) for row in self.rows))


def drawable_text(text: str) -> str:
    r"""A text that every drawing engine can take: signs that XML forbids are shown as replaced, line ends as spaces.

    An engine written in another language may end the whole process over one forbidden sign.

    >>> drawable_text("a\x00b")
    'a\ufffdb'
    """
    return FORBIDDEN.sub("\ufffd", LINE_ENDS.sub(" ", text))


def words(name: str) -> str:
    """A column name as an axis title.

    >>> words("selection_rate")
    'Selection rate'
    """
    text = drawable_text(str(name)).replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def distinct(names: Sequence[str]) -> list[str]:
    r"""The names, told apart by signs without width where two are the same, so that each keeps a place of its own.

    >>> distinct(["a", "b", "a"])
    ['a', 'b', 'a\u200b']
    """
    seen: dict[str, int] = {}
    apart = []
    for name in names:
        seen[name] = seen.get(name, -1) + 1
        apart.append(name + WIDTHLESS * seen[name])
    return apart


def turned(reading: Reading) -> Reading:
    """The same rows with label and series in each other's place, where that puts what is compared side by side:
    many measures of a few groups read better as the groups under each measure."""
    few = len(reading.order("label")) <= MOST_SERIES if "label" in reading else False
    if "series" not in reading or not few or len(reading.order("series")) <= MANY_SERIES:
        return reading
    rows = [{**row, "label": row["series"], "series": row["label"]} for row in reading.rows]
    titles = {**reading.titles, "label": reading.titles["series"], "series": reading.titles["label"]}
    return Reading(rows=rows, titles=titles, units=reading.units, reference=reading.reference)


def column_of(exhibit: Exhibit, role: str) -> str | None:
    """The column that plays a role, or None."""
    for name in (role, *NAMES.get(role, ())):
        column = exhibit.roles.get(name)
        if isinstance(column, str) and column in exhibit.columns:
            return column
    return None


def unit_of(exhibit: Exhibit, column: str) -> str:
    """The unit of a column: as stated in `units`, else a share where its name says so and its values allow it."""
    stated = exhibit.roles.get("units")
    if isinstance(stated, Mapping) and column in stated:
        own = set(map(str, exhibit.columns.get(stated[column], [stated[column]])))
        return own.pop() if len(own) == 1 else "number"
    values = [value for value in exhibit.columns[column] if isinstance(value, (int, float))]
    within = bool(values) and all(-1.0 <= value <= 1.0 for value in values if math.isfinite(value))
    if within and any(word in column.lower() for word in SHARE_WORDS):
        return POINTS if any(word in column.lower() for word in ("difference", "gap")) else "probability"
    return "number"


def read(exhibit: Exhibit, roles: Sequence[str], *, told: bool = True) -> Reading:
    """The exhibit's rows under the names in `roles`; a role that no column plays is left out. `told` puts each row in
    words too, which takes most of the time."""
    found = {role: column for role in roles if (column := column_of(exhibit, role)) is not None}
    return gather(exhibit, found, told=told)


def read_categories(
    exhibit: Exhibit, roles: Sequence[str] = ("low", "high", "series"), *, told: bool = True
) -> Reading:
    """Rows with a `label` and a `value`, from roles `label` and `value` or from whichever of `x` and `y` is numbers."""
    found: dict[str, str] = {}
    label, value = column_of(exhibit, "label"), column_of(exhibit, "value")
    across, up = column_of(exhibit, "x"), column_of(exhibit, "y")
    if label is None or value is None:
        pair = [column for column in (across, up) if column is not None and column not in (label, value)]
        pair.sort(key=lambda column: _numbers(exhibit.columns[column]))
        label = label if label is not None else (pair.pop(0) if pair else None)
        value = value if value is not None else (pair.pop() if pair else None)
    if label is not None:
        found["label"] = label
    if value is not None:
        found["value"] = value
    found.update({role: column for role in roles if (column := column_of(exhibit, role)) is not None})
    return gather(exhibit, found, told=told)


def gather(exhibit: Exhibit, found: Mapping[str, str], *, told: bool = True) -> Reading:
    """Rows of the columns in `found` (role to column), as plain values with a `tip` that says the row in words."""
    columns = {role: [_value(value) for value in exhibit.columns[column]] for role, column in found.items()}
    length = max((len(values) for values in columns.values()), default=0)
    rows = [{role: values[index] for role, values in columns.items()} for index in range(length)]
    units = {role: unit_of(exhibit, column) for role, column in found.items()}
    middle = units.get("value", units.get("y", "number"))
    units.update({end: middle for end in ("low", "high") if end in units})
    reading = Reading(
        rows=rows,
        titles={role: "" if column == "value" else words(column) for role, column in found.items()},
        units=units,
        reference=_reference(exhibit),
    )
    for row in rows if told else ():
        row["tip"] = tip(row, reading)
    return reading


def tip(row: Row, reading: Reading) -> str:
    """One row in words: its names, then its quantities, the interval in brackets."""
    names = [str(row[role]) for role in ("label", "series", "text") if row.get(role) is not None]
    facts = []
    for role in ("x", "y", "value"):
        if role not in row:
            continue
        fact = show(row[role], reading.units[role]) if _is_number(row[role]) else str(row[role])
        facts.append(fact if role == "value" and len(reading.titles) <= 2 else f"{reading.titles[role]} {fact}".strip())
    text = ", ".join([*names, *facts])
    if row.get("low") is not None or row.get("high") is not None:
        text += f" ({interval(row.get('low'), row.get('high'), reading.units.get('low', 'number'))})"
    return text


def axis_format(reading: Reading, role: str) -> str:
    """How an axis prints its numbers (d3 format): shares as percentages, millions with a letter."""
    unit = reading.units.get(role, "number")
    if unit in PERCENT_UNITS or unit == POINTS:
        return "~%"
    sizes = [abs(row[role]) for row in reading.rows if _is_number(row.get(role)) and row[role]]
    if not sizes or 1e-3 <= max(sizes) < 1e6:
        return ",.4~r"
    return ".3~s" if max(sizes) >= 1e6 else ".2~e"


def _reference(exhibit: Exhibit) -> float | str | None:
    given = exhibit.roles.get("reference")
    if isinstance(given, str) and given in exhibit.columns:
        values = [_value(value) for value in exhibit.columns[given]]
        given = next((value for value in values if _is_number(value)), None)
    if isinstance(given, str):
        return given if given == "diagonal" else None
    return float(given) if _is_number(given) and given is not None else None


def _value(value: Any) -> Any:
    """JSON as a figure takes it: numbers finite, everything that is no number a text."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if value is None or isinstance(value, bool):
        return value if value is None else str(value).lower()
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, list) else drawable_text(str(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _numbers(values: Sequence[Any]) -> bool:
    return any(_is_number(value) for value in values) and all(value is None or _is_number(value) for value in values)

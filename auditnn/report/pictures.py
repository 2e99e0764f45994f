"""An exhibit on the page: its still picture, its live spec, and the rows behind it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from auditnn.core.audit import Audit
from auditnn.core.exhibit import Exhibit
from auditnn.core.numbers import show
from auditnn.core.png import DATA_ADDRESS
from auditnn.core.scale import unit_shown
from auditnn.figures.draw import draw, drawable
from auditnn.figures.fitting import fitting
from auditnn.figures.reading import unit_of, words
from auditnn.figures.theme import WIDTH
from auditnn.report.names import slice_words
from auditnn.report.traced import as_json
from auditnn.report.trust import Trust
from auditnn.report.writable import writable_json

TABLE_ROWS = 60
LONGEST_CELL = 200
BADGES = 3


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the rows behind a figure: a number with its exact value, or a text."""

    text: str
    raw: str | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """An exhibit ready for the page. `svg` is empty where there is only a table to show, `spec` where the still picture
    is all there is (images would else be there twice). `trust` is what stands beside an explanation."""

    exhibit: Exhibit
    index: int
    where: str
    slice: str
    svg: Markup
    spec: Markup
    columns: tuple[tuple[str, str, bool], ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: int
    undrawn: int
    broad: bool = False
    trust: tuple[Trust, ...] = ()

    @property
    def tabled(self) -> bool:
        """Whether it is about so many methods that what the checks found is a table."""
        return len(self.trust) > BADGES

    @property
    def wide(self) -> bool:
        """Whether it needs the width of the page: for its drawing, or for that table."""
        return self.broad or self.tabled

    @property
    def more(self) -> int:
        """Rows that are not listed here."""
        return self.total - len(self.rows)


def pictures(audit: Audit) -> list[Picture]:
    """Every exhibit of the audit, in its order."""
    units = _units(audit)
    names = {last: one.name for record in audit.analyzers for last, one in record.quantities.items()}
    return [
        picture(_with_names(_with_units(exhibit, units), names), index) for index, exhibit in enumerate(audit.exhibits)
    ]


def picture(exhibit: Exhibit, index: int) -> Picture:
    """One exhibit; `index` keeps the ids of several figures on one page apart."""
    svg, spec, undrawn, broad = Markup(), Markup(), 0, False
    if drawable(exhibit):
        from auditnn.figures.static import svg as still

        shortened, undrawn = fitting(exhibit)
        drawn = draw(shortened)
        svg = Markup(still(drawn, prefix=f"f{index}", said=f"{exhibit.title}. {exhibit.summary}"))
        if exhibit.kind != "images":
            spec = script_json({key: part for key, part in drawn.items() if key != "config"})
        broad = drawn["width"] > WIDTH
    total = max((len(values) for values in exhibit.columns.values()), default=0)
    return Picture(
        exhibit=exhibit,
        index=index,
        where=slice_words(exhibit.slice),
        slice=as_json(exhibit.slice),
        svg=svg,
        spec=spec,
        columns=tuple((name, words(name), _numeric(values)) for name, values in exhibit.columns.items()),
        rows=_rows(exhibit, min(total, TABLE_ROWS)),
        total=total,
        undrawn=undrawn,
        broad=broad,
    )


def script_json(content: Any) -> Markup:
    """JSON that cannot end the script element it stands in, whatever the names inside hold."""
    text = writable_json(json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def _units(audit: Audit) -> Mapping[str, set[str]]:
    units: dict[str, set[str]] = defaultdict(set)
    for one in audit.measurements:
        if one.status == "measured":
            units[one.id].add(unit_shown(one))
    return units


def _with_units(exhibit: Exhibit, units: Mapping[str, set[str]]) -> Exhibit:
    """The exhibit with the unit of the measurements that it shows, where these agree and it states none itself."""
    shown = set().union(*(units.get(id, set()) for id in exhibit.measurements))
    if len(shown) != 1 or "units" in exhibit.roles or exhibit.kind not in ("intervals", "bars"):
        return exhibit
    named = {role: exhibit.roles.get(role) for role in ("value", "x", "low", "high")}
    stated = {str(name): next(iter(shown)) for name in named.values() if name in exhibit.columns}
    stated = {name: unit for name, unit in stated.items() if _within_reach(exhibit.columns[name], unit)}
    return replace(exhibit, roles={**exhibit.roles, "units": stated})


def _with_names(exhibit: Exhibit, names: Mapping[str, str]) -> Exhibit:
    """The exhibit with measures called by their names where a whole column holds nothing but their ids."""
    columns = {
        name: [names[value] for value in values]
        if values and all(isinstance(value, str) and value in names for value in values)
        else values
        for name, values in exhibit.columns.items()
    }
    return replace(exhibit, columns=columns)


def _within_reach(values: Sequence[Any], unit: str) -> bool:
    """Whether these are numbers that can be in this unit: shares stay between minus one and one."""
    numbers = [value for value in values if value is not None]
    if not all(isinstance(value, (int, float)) for value in numbers):
        return False
    return unit not in ("probability", "points") or all(-1.0 <= value <= 1.0 for value in numbers)


def _numeric(values: Sequence[Any]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in known)


def _rows(exhibit: Exhibit, total: int) -> tuple[tuple[Cell, ...], ...]:
    units = [_row_units(exhibit, name, total) for name in exhibit.columns]
    columns = list(exhibit.columns.values())
    return tuple(
        tuple(_cell(values[row], unit[row]) for values, unit in zip(columns, units, strict=True))
        for row in range(total)
    )


def _row_units(exhibit: Exhibit, column: str, total: int) -> list[str]:
    """The unit of each of a column's rows, where `units` names the column that holds them."""
    stated = exhibit.roles.get("units")
    own = exhibit.columns.get(stated.get(column, "")) if isinstance(stated, Mapping) else None
    return [unit_of(exhibit, column)] * total if own is None else [str(unit) for unit in own[:total]]


def _cell(value: Any, unit: str) -> Cell:
    if value is None:
        return Cell("–")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Cell(show(value, unit), json.dumps(value))
    if isinstance(value, (list, tuple)):
        return Cell("picture")
    text = str(value)
    if text.startswith(DATA_ADDRESS):
        return Cell("picture")
    return Cell(text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…")

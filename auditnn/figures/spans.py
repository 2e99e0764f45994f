"""Spans: a text in pieces, each shaded by its weight."""

from __future__ import annotations

from typing import Any

from auditnn.core.exhibit import Exhibit
from auditnn.figures.layers import finish, in_words
from auditnn.figures.reading import Row, read
from auditnn.figures.theme import CELL_TEXT, DIVERGING, WIDTH, Theme, pick

LINE = 28
LETTER = 7.3
GAP = 7
LONGEST = 40


def draw(exhibit: Exhibit, theme: Theme = "light") -> dict[str, Any]:
    """Roles `text` and `value`, optional `row` (a new line begins where it changes). Weights are even about zero."""
    import altair as alt

    rows = _placed(read(exhibit, ("text", "value", "row")).rows)
    tall = LINE * (1 + max((row["line"] for row in rows), default=0))
    reach = max((abs(row["value"]) for row in rows if row["value"] is not None), default=0.0) or 1.0
    for row in rows:
        row["step"] = 3 if row["value"] is None else max(0, min(6, int(7 * (row["value"] + reach) / (2 * reach))))
    base = alt.Chart().encode(
        y=alt.Y("top:Q", axis=None, scale=alt.Scale(domain=[tall, 0], nice=False, zero=False)),
    )
    across = alt.X("left:Q", axis=None, scale=alt.Scale(domain=[0, WIDTH], nice=False, zero=False))
    colors = alt.Scale(type="ordinal", domain=list(range(7)), range=[pick(color, theme) for color in DIVERGING])
    boxes = base.mark_rect(cornerRadius=3).encode(
        x=across,
        x2=alt.X2("right:Q"),
        y2=alt.Y2("bottom:Q"),
        color=alt.Color("step:O", scale=colors, legend=None),
        **in_words(),
    )
    ink = alt.condition(
        "abs(datum.step - 3) >= 3",
        alt.value(pick(CELL_TEXT[1], theme)),
        alt.value(pick(CELL_TEXT[0], theme)),
    )
    words = base.mark_text(align="left", dx=4, dy=12, fontSize=12, font="ui-monospace, monospace").encode(
        x=across, text=alt.Text("shown:N"), color=ink
    )
    return finish([boxes, words], rows, theme=theme, said=exhibit.summary, height=tall)


def _placed(rows: list[Row]) -> list[Row]:
    """Each piece with its place on a page of fixed-width letters."""
    placed: list[Row] = []
    left, line, before = 0.0, 0, rows[0].get("row") if rows else None
    for row in rows:
        text = str(row.get("text") or "")
        shown = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
        width = LETTER * len(shown) + 8
        if left and (left + width > WIDTH or row.get("row") != before):
            left, line = 0.0, line + 1
        before = row.get("row")
        place = {"left": left, "right": left + width, "top": line * LINE, "bottom": line * LINE + LINE - 5}
        placed.append({**row, "value": row.get("value"), **place, "line": line, "shown": shown})
        left += width + GAP
    return placed

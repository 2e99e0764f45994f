"""Images: a sheet of small pictures, each with what a method saw in it, in rows and columns with headings."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from auditnn.core.exhibit import Exhibit
from auditnn.core.png import pixels_of
from auditnn.figures.layers import finish, in_words
from auditnn.figures.overlays import has_negative, heat_key, heat_layer, image_address, outline_layer, pale_address
from auditnn.figures.reading import Reading, Row, read
from auditnn.figures.theme import SURFACES, WIDE, WIDTH, Theme, pick

ACROSS, NARROW, MOST_ACROSS = 5, 4, 10
SIDE, GAP = 92, 7
LINE, LETTER = 13, 6.1
MARGIN = 108  # for the headings of rows
KEY, RAMP = 34, 90
HEAD_LINES, SIDE_LINES, CAPTION_LINES = 4, 6, 2
ITSELF = "Image"


@dataclass(frozen=True, slots=True)
class Sheet:
    """Where things stand, in pixels: `columns` and `rows` are the headings, none where pictures only follow each
    other; `caption` is the room under each picture."""

    columns: tuple[str, ...]
    rows: tuple[str, ...]
    width: int
    left: int
    top: int
    side: int
    caption: int

    def middle(self, column: int) -> float:
        """The middle of a column."""
        return self.left + (self.side + GAP) * column + self.side / 2

    def upper(self, row: int) -> float:
        """The upper edge of a row's pictures."""
        return self.top + (self.side + GAP + self.caption) * row


def draw(exhibit: Exhibit, theme: Theme = "light") -> dict[str, Any]:
    """Roles `image` (pixels in [0, 1], h x w, h x w x 3 or x 4, or a PNG data address), optional `heat` (h x w signed
    numbers in [-1, 1], or their address) and `outline` (a 0/1 mask), `label`, and `row` and `column`: texts that make
    a grid, each in the order in which they come; a tall grid lies down where the page is wide enough."""
    reading = read(exhibit, ("image", "label", "heat", "outline", "row", "column"), told=False)
    reading = _turned(_with_images(reading))
    sheet, places = _sheet(reading)
    cells = [_cell(row, sheet, *place) for row, place in zip(reading.rows, places, strict=True)]
    signs = [has_negative(row["heat"]) for row in reading.rows if row.get("heat") is not None]
    down = 1 + max((row for _, row in places), default=0)
    tall = sheet.upper(down) - GAP + (KEY if signs else 0)
    layers = _pictures(cells, sheet, tall, _fine(reading.rows, sheet.side))
    layers += _words(cells, sheet, tall, theme)
    if signs:
        layers += _key(any(signs), sheet, tall, theme)
    spec = finish(layers, cells, theme=theme, said=exhibit.summary, height=tall)
    return {**spec, "width": sheet.width, "autosize": {"type": "none"}, "padding": 0}


def _with_images(reading: Reading) -> Reading:
    """The cells of a grid with the images themselves first, in a column or a row of their own, where all others have
    heat over theirs and each row or column is about one image."""
    grid = "row" in reading and "column" in reading and "heat" in reading
    if not grid or any(row["heat"] is None for row in reading.rows):
        return reading
    for heading, other in (("row", "column"), ("column", "row")):
        images: dict[str, Row] = {}
        for row in reading.rows:
            images.setdefault(str(row[heading]), row)
        if all(images[str(row[heading])]["image"] == row["image"] for row in reading.rows):
            own = [
                dict.fromkeys(row) | {"image": row["image"], heading: row[heading], other: ITSELF}
                for row in images.values()
            ]
            return replace(reading, rows=[*own, *reading.rows])
    return reading


def _turned(reading: Reading) -> Reading:
    """A grid that is taller than wide lying down, where a page is wide enough for it."""
    if "row" not in reading or "column" not in reading:
        return reading
    across, down = len(reading.order("column")), len(reading.order("row"))
    if not (across < down and NARROW < down <= MOST_ACROSS):
        return reading
    return replace(reading, rows=[{**row, "row": row["column"], "column": row["row"]} for row in reading.rows])


def _sheet(reading: Reading) -> tuple[Sheet, list[tuple[int, int]]]:
    """The page, and each picture's column and row on it."""
    columns = tuple(reading.order("column")) if "column" in reading else ()
    rows = tuple(reading.order("row")) if "row" in reading else ()
    places = [
        (columns.index(str(row["column"])) if columns else 0, rows.index(str(row["row"])) if rows else 0)
        for row in reading.rows
    ]
    if len(set(places)) < len(places):  # one heading or none: what shares a place stands side by side
        columns, rows = (), ()
        places = [(index % ACROSS, index // ACROSS) for index in range(len(reading.rows))]
    across = 1 + max((column for column, _ in places), default=0)
    left = MARGIN if rows else 0
    width = WIDE if across > (NARROW if rows else ACROSS) else WIDTH
    side = min(SIDE, int((width - left - GAP * (across - 1)) / across))
    lines = max((len(_lines(name, side + GAP, HEAD_LINES)) for name in columns), default=0)
    labels = [str(row.get("label") or "") for row in reading.rows]
    caption = LINE * max(len(_lines(label, side, CAPTION_LINES)) for label in labels) + 4 if any(labels) else 0
    sheet = Sheet(columns, rows, width, left, LINE * lines + 6 * bool(lines), side, caption)
    return sheet, places


def _cell(row: Row, sheet: Sheet, column: int, down: int) -> Row:
    """One picture with its layers; no picture at all where there is no image."""
    heat, outline = row.get("heat"), row.get("outline")
    shown = None if row["image"] is None else (image_address if heat is None else pale_address)(row["image"])
    label = str(row.get("label") or "")
    heads = [names[at] for names, at in ((sheet.rows, down), (sheet.columns, column)) if names]
    return {
        "url": shown,
        "heat": None if heat is None else heat_layer(heat),
        "outline": None if outline is None else outline_layer(outline),
        "label": label,
        "caption": "\n".join(_lines(label, sheet.side, CAPTION_LINES)),
        "tip": ", ".join(word for word in (*heads, label) if word),
        "across": sheet.middle(column),
        "down": sheet.upper(down) + sheet.side / 2,
    }


def _pictures(cells: Sequence[Row], sheet: Sheet, tall: float, fine: bool) -> list[Any]:
    """The images, the heat over them, the outlines over that; `fine` ones have more pixels than they are shown with."""
    import altair as alt

    layers = []
    for field, smooth in (("url", fine), ("heat", fine), ("outline", True)):
        if any(cell[field] for cell in cells):
            mark = _placed(sheet.width, tall).transform_filter(f"datum.{field} != null")
            picture = mark.mark_image(width=sheet.side, height=sheet.side, aspect=True, smooth=smooth)
            layers.append(picture.encode(url=alt.Url(f"{field}:N"), **in_words()))
    return layers


def _placed(width: int, tall: float, data: Sequence[Row] | None = None) -> Any:
    """A chart of things at `across` and `down`, in pixels from the upper left corner."""
    import altair as alt

    chart = alt.Chart() if data is None else alt.Chart(alt.Data(values=list(data)))
    plain: dict[str, Any] = {"nice": False, "zero": False}
    return chart.encode(
        x=alt.X("across:Q", axis=None, scale=alt.Scale(domain=[0, width], **plain)),
        y=alt.Y("down:Q", axis=None, scale=alt.Scale(domain=[tall, 0], **plain)),
    )


def _words(cells: Sequence[Row], sheet: Sheet, tall: float, theme: Theme) -> list[Any]:
    """The headings of columns and rows, and the caption under each picture."""
    import altair as alt

    ink, soft = pick(SURFACES["ink"], theme), pick(SURFACES["ink_soft"], theme)
    text = alt.Text("text:N")
    heads = [_heading(sheet.middle(at), sheet.top - 6, name, sheet.side + GAP) for at, name in enumerate(sheet.columns)]
    beside = [
        _heading(0, sheet.upper(at) + sheet.side / 2, name, MARGIN - 8, middle=True)
        for at, name in enumerate(sheet.rows)
    ]
    layers = [
        _placed(sheet.width, tall, texts)
        .mark_text(
            fontSize=11.5, lineBreak="\n", lineHeight=LINE, baseline=baseline, align=align, color=ink, aria=False
        )
        .encode(text=text)
        for texts, baseline, align in ((heads, "bottom", "center"), (beside, "middle", "left"))
        if texts
    ]
    if sheet.caption:
        captions = _placed(sheet.width, tall).mark_text(
            dy=sheet.side / 2 + 10, fontSize=11, lineBreak="\n", lineHeight=LINE, color=soft, aria=False
        )
        layers.append(captions.encode(text=alt.Text("caption:N")))
    return layers


def _heading(across: float, down: float, name: str, room: float, *, middle: bool = False) -> Row:
    """A heading whose last line stands at `down`, or whose middle does."""
    lines = _lines(name, room, SIDE_LINES if middle else HEAD_LINES)
    above = LINE * (len(lines) - 1) * (0.5 if middle else 1.0)
    return {"across": across, "down": down - above, "text": "\n".join(lines)}


def _key(below: bool, sheet: Sheet, tall: float, theme: Theme) -> list[Any]:
    """What the colors of the heat mean, under the pictures."""
    import altair as alt

    down, ink = tall - KEY / 2 + 4, pick(SURFACES["ink_soft"], theme)
    before = "lowers the output" if below else "no effect"
    start = LETTER * len(before)
    strip = _placed(sheet.width, tall, [{"across": start + 8 + RAMP / 2, "down": down, "url": heat_key(below)}])
    ends: list[Row] = [
        {"across": 0, "down": down, "text": before},
        {"across": start + RAMP + 16, "down": down, "text": "raises the output" if below else "strong"},
    ]
    return [
        strip.mark_image(width=RAMP, height=10, aspect=False, smooth=True, aria=False).encode(url=alt.Url("url:N")),
        _placed(sheet.width, tall, ends)
        .mark_text(fontSize=11.5, align="left", baseline="middle", color=ink, aria=False)
        .encode(text=alt.Text("text:N")),
    ]


def _lines(name: str, room: float, most: int) -> list[str]:
    """A text in as many lines as it needs and may have."""
    letters = max(6, int(room / LETTER))
    return textwrap.wrap(name, letters, max_lines=most, placeholder="…") or [""]


def _fine(rows: Sequence[Row], side: int) -> bool:
    """Whether the images have more pixels than they are shown with, so that these must be averaged, not picked."""
    known = next((row["image"] for row in rows if row["image"] is not None), None)
    if isinstance(known, str):
        try:
            return int(max(pixels_of(known).shape[:2])) > side
        except ValueError:
            return True
    return known is not None and bool(max(len(known), len(known[0])) > side)

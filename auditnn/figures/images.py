"""Images: a sheet of small pictures with a caption each."""

from __future__ import annotations

from typing import Any

from auditnn.core.exhibit import Exhibit
from auditnn.core.png import address
from auditnn.figures.layers import finish, in_words
from auditnn.figures.reading import read
from auditnn.figures.theme import SURFACES, WIDTH, Theme, pick

ACROSS = 5
SIDE = 76
CAPTION = 18


def draw(exhibit: Exhibit, theme: Theme = "light") -> dict[str, Any]:
    """Roles `image` (pixels in [0, 1], h x w or h x w x 3, or a PNG data address) and optional `label`."""
    import altair as alt

    reading = read(exhibit, ("image", "label"))
    rows = [
        {
            "url": address(row["image"]),
            "label": str(row.get("label") or ""),
            "tip": str(row.get("label") or ""),
            "across": (index % ACROSS + 0.5) * WIDTH / ACROSS,
            "down": (index // ACROSS) * (SIDE + CAPTION) + SIDE / 2,
        }
        for index, row in enumerate(reading.rows)
    ]
    tall = (SIDE + CAPTION) * ((len(rows) + ACROSS - 1) // ACROSS or 1)
    place = alt.Scale(domain=[0, WIDTH], nice=False, zero=False)
    base = alt.Chart().encode(
        x=alt.X("across:Q", axis=None, scale=place),
        y=alt.Y("down:Q", axis=None, scale=alt.Scale(domain=[tall, 0], nice=False, zero=False)),
    )
    pictures = base.mark_image(width=SIDE, height=SIDE, aspect=True, smooth=False).encode(
        url=alt.Url("url:N"), **in_words()
    )
    ink = pick(SURFACES["ink_soft"], theme)
    captions = base.mark_text(dy=SIDE / 2 + 10, fontSize=11, limit=WIDTH / ACROSS - 6, color=ink).encode(
        text=alt.Text("label:N")
    )
    return finish([pictures, captions], rows, theme=theme, said=exhibit.summary, height=tall)

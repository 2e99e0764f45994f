"""Images: a sheet of small pictures with a caption each."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence
from typing import Any

from auditnn.core.exhibit import Exhibit
from auditnn.figures.layers import finish, in_words
from auditnn.figures.reading import read
from auditnn.figures.theme import SURFACES, WIDTH, Theme, pick

ACROSS = 5
SIDE = 76
CAPTION = 18
PNG = b"\x89PNG\r\n\x1a\n"
DATA_ADDRESS = "data:image/png;base64,"


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


def address(image: Any) -> str:
    """A picture as a data address. Anything else than pixels or a PNG data address is a ValueError."""
    if isinstance(image, str):
        if not image.startswith(DATA_ADDRESS):
            raise ValueError("an image is pixels or a PNG data address")
        return image
    return DATA_ADDRESS + base64.b64encode(png(image)).decode()


def png(pixels: Sequence[Sequence[Any]]) -> bytes:
    """Pixels in [0, 1], (h, w) or (h, w, 3), as an 8-bit PNG."""
    colored = isinstance(pixels[0][0], Sequence)
    lines = b"".join(b"\x00" + bytes(_byte(part) for cell in line for part in _parts(cell)) for line in pixels)
    header = struct.pack(">IIBBBBB", len(pixels[0]), len(pixels), 8, 2 if colored else 0, 0, 0, 0)
    return PNG + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(lines, 9)) + _chunk(b"IEND", b"")


def _parts(cell: Any) -> Sequence[float]:
    return cell if isinstance(cell, Sequence) else (cell,)


def _byte(part: float) -> int:
    return min(255, max(0, round(255 * float(part))))


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

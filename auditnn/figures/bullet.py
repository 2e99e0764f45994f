"""Bullet: one interval against its limit, small enough to stand beside a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from auditnn.figures.theme import STATUS, SURFACES, TINTS

WIDTH, HEIGHT, TOP, TRACK = 300, 46, 20, 18
MARGIN = 0.14
INSET = 6


@dataclass(frozen=True, slots=True)
class Scale:
    """Values to places on the track."""

    start: float
    stop: float

    def __call__(self, value: float) -> float:
        share = (value - self.start) / (self.stop - self.start)
        return round(INSET + (WIDTH - 2 * INSET) * min(1.0, max(0.0, share)), 1)


def bullet(
    value: float,
    low: float | None,
    high: float | None,
    limits: tuple[float | None, float | None],
    *,
    status: str,
    said: str,
    labels: tuple[str | None, str | None] = (None, None),
    within: tuple[float | None, float | None] = (None, None),
    reach: tuple[float | None, float | None] = (None, None),
    small: bool = False,
) -> str:
    """The interval from `low` to `high` about `value` on a track whose part beyond `limits` is tinted.

    `limits` are the lowest and the highest value allowed, `labels` the words over their lines. An end that is None is
    unbounded and runs off the track. `within` is the range that the quantity can have at all; `reach` is shown too,
    so that several tracks can share one scale. `small` leaves no room for labels.
    """
    scale = _scale([value, low, high, *limits, *reach], within)
    color, tint = STATUS[status].light, TINTS["fail"].light
    parts = [_rect(0, WIDTH, TINTS["pass"].light, TRACK, TOP)]
    lowest, highest = limits
    if lowest is not None:
        parts.append(_rect(0, scale(lowest), tint, TRACK, TOP))
    if highest is not None:
        parts.append(_rect(scale(highest), WIDTH, tint, TRACK, TOP))
    for limit, label in zip(limits, labels, strict=True):
        if limit is not None:
            parts.append(_limit(scale(limit), label))
    left = 0.0 if low is None else scale(low)
    right = float(WIDTH) if high is None else scale(high)
    middle = TOP + TRACK / 2
    if right - left > 0.5:
        parts.append(
            f'<line x1="{left}" y1="{middle}" x2="{right}" y2="{middle}" stroke="{color}" stroke-width="3.5"'
            ' stroke-linecap="round"/>'
        )
    parts.append(
        f'<circle cx="{scale(value)}" cy="{middle}" r="5.5" fill="{color}" stroke="{SURFACES["surface"].light}"'
        ' stroke-width="1.5"/>'
    )
    name = escape(said, quote=True)
    start = TOP - 6 if small else 0
    return (
        f'<svg class="bullet" viewBox="0 {start} {WIDTH} {HEIGHT - start}" role="img" aria-label="{name}">'
        f"<title>{escape(said)}</title>{''.join(parts)}</svg>"
    )


def _scale(points: list[float | None], within: tuple[float | None, float | None]) -> Scale:
    """A track that shows every point with room at both ends, and nothing that cannot be."""
    known = [point for point in points if point is not None]
    start, stop = min(known), max(known)
    room = MARGIN * (stop - start) or 0.1 * abs(stop) or 1.0
    start, stop = start - room, stop + room
    if within[0] is not None:
        start = max(start, within[0])
    if within[1] is not None:
        stop = min(stop, within[1])
    return Scale(start, stop if stop > start else start + 1.0)


def _rect(left: float, right: float, fill: str, height: float, top: float) -> str:
    return f'<rect x="{left}" y="{top}" width="{max(0.0, right - left):.1f}" height="{height}" fill="{fill}"/>'


def _limit(at: float, label: str | None) -> str:
    ink = SURFACES["ink"].light
    line = f'<line x1="{at}" y1="{TOP - 4}" x2="{at}" y2="{TOP + TRACK + 4}" stroke="{ink}" stroke-width="1.5"/>'
    if not label:
        return line
    anchor = "start" if at < 0.25 * WIDTH else "end" if at > 0.75 * WIDTH else "middle"
    return (
        line + f'<text x="{at}" y="{TOP - 8}" text-anchor="{anchor}" font-size="11.5"'
        f' fill="{SURFACES["ink_soft"].light}">{label}</text>'
    )

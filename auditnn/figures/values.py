"""The color of a point by how large a value is: seven steps from low to high, with a legend that says its ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from auditnn.figures.theme import MUTED, VALUES, Theme, pick

TITLE_LIMIT = 320
STEPS = len(VALUES)
ABSENT = STEPS  # the step of a row without a value


def is_number(value: Any) -> bool:
    """Whether this is a number; true and false are not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def span(values: Sequence[Any]) -> tuple[float, float]:
    """The smallest and the largest of the numbers among these; places in [0, 1] span it whole."""
    numbers = [float(value) for value in values if is_number(value)]
    low, high = min(numbers, default=0.0), max(numbers, default=1.0)
    return (0.0, 1.0) if low >= 0.0 and high <= 1.0 else (low, high)


def step(value: Any, ends: tuple[float, float]) -> int:
    """Which of the seven equal steps between the ends a value falls into.

    >>> [step(value, (0.0, 1.0)) for value in (0.0, 0.5, 1.0, None)]
    [0, 3, 6, 7]
    """
    low, high = ends
    if not is_number(value):
        return ABSENT
    share = 0.5 if high <= low else (float(value) - low) / (high - low)
    return max(0, min(STEPS - 1, int(STEPS * share)))


def stepped(steps: Sequence[int], title: str, said: tuple[str, str], theme: Theme) -> Any:
    """The color channel over a field `step`, its legend naming what the ends are; grey where nothing has a value."""
    import altair as alt

    if all(one == ABSENT for one in steps):
        return alt.ColorValue(pick(MUTED, theme))
    shown = list(range(STEPS + 1)) if ABSENT in steps else list(range(STEPS))
    colors = [*(pick(color, theme) for color in VALUES), pick(MUTED, theme)][: len(shown)]
    legend = alt.Legend(
        title=f"{title}, from {said[0]} to {said[1]}",
        values=shown,
        labelExpr=f"datum.value == {ABSENT} ? 'no value' : ''",
        symbolType="square",
        symbolStrokeWidth=0,
        symbolSize=130,
        columns=len(shown),
        columnPadding=1,
        labelOffset=3,
        titlePadding=4,
        titleLimit=TITLE_LIMIT,
    )
    return alt.Color("step:O", scale=alt.Scale(domain=shown, range=colors), legend=legend)

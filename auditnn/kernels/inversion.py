"""From the end of an interval to a p-value: the tail probability at which that end meets the limit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

Side = Literal["above", "below"]
FURTHEST_Z = 20.0  # a tail of 3e-89; the inverse incomplete beta function loses its way near 1e-130
ORDINARY_TAIL = 0.025


class Ends(NamedTuple):
    """The two ends of an interval; infinite where nothing bounds it."""

    low: Any
    high: Any


def solve_z(end: Callable[[float], Any], limit: float, low: float = -FURTHEST_Z, high: float = FURTHEST_Z) -> float:
    """The z at which the monotone function `end` reaches `limit` (clipped to [low, high]), by bisection."""
    rising = float(end(high)) >= float(end(low))
    while high - low > 1e-10:
        middle = (low + high) / 2.0
        if (float(end(middle)) < limit) == rising:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def careful(own: float, exact: float) -> float:
    """The p-value of an approximate interval, held up in the far tail by a more exact one.

    Wilson's and Newcombe's bounds are good at 1.96 and too sure at 4. So below 0.025 the p-value does not fall
    faster than `exact` does, while "p is below 0.025" still says the same as "the 95% interval is wholly beyond".
    """
    return max(own, min(exact, ORDINARY_TAIL))

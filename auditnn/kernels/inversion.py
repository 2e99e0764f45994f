"""From the end of an interval to a p-value: the tail probability at which that end meets the limit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np

Side = Literal["above", "below"]
FURTHEST_Z = 20.0  # a tail of 3e-89; the inverse incomplete beta function loses its way near 1e-130
ORDINARY_TAIL = 0.025
PRECISION = 1e-10
PATIENCE, MOST_STEPS = 30, 90  # steps before it only halves, and in all


class Ends(NamedTuple):
    """The two ends of an interval; infinite where nothing bounds it."""

    low: Any
    high: Any


def solve_z(end: Callable[[float], Any], limit: float, low: float = -FURTHEST_Z, high: float = FURTHEST_Z) -> float:
    """The z at which the monotone function `end` reaches `limit`, to 1e-10; an edge of [low, high] where it does not.

    Inverse quadratic interpolation where three points allow it, else bisection: about a dozen steps where `end` is
    smooth. Chandrupatla (1997), Advances in Engineering Software 28.
    """
    first, last = float(end(low)), float(end(high))
    rising = last >= first
    if (last < limit) == rising:
        return high
    if (first < limit) != rising:
        return low
    a, at_a, b, at_b, t = high, last - limit, low, first - limit, 0.5
    for step in range(MOST_STEPS):
        z = a + t * (b - a)
        value = float(end(z))
        # of the two ends of the bracket, z replaces the one on its side of the limit
        replaces = ((value < limit) == rising) == (a < b)
        c, at_c = (a, at_a) if replaces else (b, at_b)
        if not replaces:
            b, at_b = a, at_a
        a, at_a = z, value - limit
        width = abs(b - a)
        if width <= PRECISION:
            break
        t = _interpolated(a, at_a, b, at_b, c, at_c) if step < PATIENCE else 0.5
        least = PRECISION / 2.0 / width
        t = min(max(t, least), 1.0 - least)
    return (a + b) / 2.0


def _interpolated(a: float, at_a: float, b: float, at_b: float, c: float, at_c: float) -> float:
    """Where between a and b the parabola through three points is zero, as a share; a half where it cannot be told."""
    if not np.isfinite([at_a, at_b, at_c]).all() or at_c in (at_a, at_b) or 0.0 in (at_a, at_b):
        return 0.5
    xi, phi = (a - b) / (c - b), (at_a - at_b) / (at_c - at_b)
    if not (phi * phi < xi and (1.0 - phi) ** 2 < 1.0 - xi):
        return 0.5
    return at_a / (at_b - at_a) * at_c / (at_b - at_c) + (c - a) / (b - a) * at_a / (at_c - at_a) * at_b / (at_c - at_b)


def careful(own: float, exact: Callable[[], float]) -> float:
    """The p-value of an approximate interval, held up in the far tail by a more exact one.

    Wilson's and Newcombe's bounds are good at 1.96 and too sure at 4. So below 0.025 the p-value does not fall
    faster than `exact` does, while "p is below 0.025" still says the same as "the 95% interval is wholly beyond".
    """
    return own if own >= ORDINARY_TAIL else max(own, min(exact(), ORDINARY_TAIL))

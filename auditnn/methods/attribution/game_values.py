"""Values of the units that move, row by row, as an Attribution over all units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from auditnn.methods.attribution.result import Attribution
from auditnn.methods.case import Case


def in_units(
    case: Case,
    method: str,
    moving: Sequence[np.ndarray],
    solved: Sequence[tuple[np.ndarray, np.ndarray | None]],
    *,
    ends: tuple[np.ndarray, np.ndarray],
    facts: Mapping[str, Any],
    notes: tuple[str, ...] = (),
) -> Attribution:
    """The Attribution of rows of which units `moving[row]` (d,) have values and errors `solved[row]`, (a, k) each; all
    others have none. `ends` are the values of the empty and the full coalition, (n, k) each."""
    games, n = case.games, len(case)
    base, full = ends
    counts = np.array([len(one) for one in moving], dtype=np.int64)
    d = int(counts.max(initial=0))
    values = np.zeros((n, d, base.shape[1]))
    error = np.zeros_like(values) if solved and solved[0][1] is not None else None
    for row, (phi, spread) in enumerate(solved):
        present = np.flatnonzero(moving[row])
        values[row, present] = phi
        if error is not None and spread is not None:
            error[row, present] = spread
    return Attribution(
        method=method,
        units=games.units(int(np.argmax(counts))) if n else (),
        values=values,
        base=base,
        output=full,
        error=error,
        counts=None if (counts == d).all() else counts,
        segments=getattr(games, "segments", None),
        facts={**facts, "background": len(case.background)},
        notes=notes,
    )

"""Exact Shapley values: every coalition is asked for."""

from __future__ import annotations

import numpy as np

from auditnn.core.errors import NotApplicable
from auditnn.kernels.coalitions import all_coalitions, shapley_from_all
from auditnn.methods.attribution.method import attribution_method
from auditnn.methods.attribution.result import Attribution
from auditnn.methods.case import Case

MOST_UNITS = 16


@attribution_method("Exact Shapley values", "game", "Shapley (1953)", additive=True)
def exact_shapley(case: Case) -> Attribution:
    """Shapley values of every row by enumerating all 2^d coalitions of its d units.

    Returns values (n, d, k). Costs n x 2^d x b model rows for b background rows. NotApplicable beyond 16 units.
    """
    games = case.games
    d = max((len(games.units(row)) for row in range(len(case))), default=0)
    if d > MOST_UNITS:
        raise NotApplicable(f"{d} units have {2**d:,} coalitions; at most {MOST_UNITS} units are enumerated")
    counts = np.array([len(games.units(row)) for row in range(len(case))])
    tables = games.evaluate_all([(row, all_coalitions(counts[row])) for row in range(len(case))])
    values = np.zeros((len(case), d, tables[0].shape[1]))
    for row, table in enumerate(tables):
        values[row, : counts[row]] = shapley_from_all(table)
    widest = int(np.argmax(counts))
    return Attribution(
        method="exact_shapley",
        units=games.units(widest),
        values=values,
        base=np.stack([table[0] for table in tables]),
        output=np.stack([table[-1] for table in tables]),
        counts=None if (counts == d).all() else counts,
        segments=getattr(games, "segments", None),
        facts={"coalitions": 2**d, "background": len(case.background)},
    )

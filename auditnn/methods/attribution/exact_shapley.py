"""Exact Shapley values: every coalition is asked for."""

from __future__ import annotations

from typing import Literal

import numpy as np

from auditnn.core.errors import NotApplicable
from auditnn.kernels.coalitions import all_coalitions, shapley_from_all
from auditnn.methods.attribution.game_values import in_units
from auditnn.methods.attribution.method import attribution_method
from auditnn.methods.attribution.result import Attribution
from auditnn.methods.case import Case
from auditnn.methods.games.moving import expanded, moving_units

MOST_UNITS = 16


@attribution_method("Exact Shapley values", "game", "Shapley (1953)", additive=True)
def exact_shapley(case: Case, *, engine: Literal["fast", "reference"] = "fast") -> Attribution:
    """Shapley values of every row by enumerating all 2^a coalitions of the a of its d units that move, that is differ
    from some background row.

    Returns values (n, d, k). Costs n x 2^a x b model rows for b background rows. NotApplicable beyond 16 such units.
    `engine="reference"` has shap.ExactExplainer do the work.
    """
    if engine == "reference":
        from auditnn.methods.attribution.shap_reference import reference

        return reference(case, "exact_shapley")
    games = case.games
    moving = [moving_units(games, row) for row in range(len(case))]
    most = max((int(one.sum()) for one in moving), default=0)
    if most > MOST_UNITS:
        raise NotApplicable(f"{most} units have {2**most:,} coalitions; at most {MOST_UNITS} units are enumerated")
    requests = [(row, expanded(all_coalitions(int(one.sum())), one)) for row, one in enumerate(moving)]
    tables = games.evaluate_all(requests)
    solved = [(shapley_from_all(table), None) for table in tables]
    ends = np.stack([table[0] for table in tables]), np.stack([table[-1] for table in tables])
    return in_units(case, "exact_shapley", moving, solved, ends=ends, facts={"coalitions": f"all, up to {2**most:,}"})

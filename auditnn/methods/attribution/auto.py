"""Which method computes Shapley values where nobody chose one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from auditnn.methods.attribution.linear_shapley import linear_effects
from auditnn.methods.case import Case
from auditnn.methods.games.grouping import grouped
from auditnn.methods.games.moving import moving_units

FEWEST_PER_UNIT = 4  # coalitions; with fewer, units can hardly be told apart
ENUMERATED = 2  # times the budget: what exact values may cost
MOST_ENUMERATED = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A method with its settings, why it is this one (shown to readers), and the case with the units it speaks of."""

    method: str
    settings: dict[str, Any]
    why: str
    case: Case


def choose(case: Case, masks: int) -> tuple[str, dict[str, Any], str]:
    """Method, settings and a sentence, as `chosen` without the case."""
    choice = chosen(case, masks)
    return choice.method, choice.settings, choice.why


def chosen(case: Case, masks: int) -> Choice:
    """The closed form where the model is linear; else all coalitions where they are at most twice the budget of `masks`
    for a row; else KernelSHAP, with units that are more than a quarter of `masks` hidden in groups.

    Costs at most n x (d + 34) x b model rows, to see whether the model is linear (`linear_shapley`).
    """
    found = linear_effects(case)
    if found is not None:
        return Choice(method="linear_shapley", settings={}, why=f"{_linear(found.tried)}", case=case)
    units, moving = _units(case)
    if moving <= MOST_ENUMERATED and 1 << moving <= ENUMERATED * masks:
        about = f"{moving} units" if moving == units else f"{moving} units that differ from the background"
        why = f"{about[0].upper()}{about[1:]} have {1 << moving:,} coalitions: few enough to ask for all of them."
        return Choice(method="exact_shapley", settings={}, why=why, case=case)
    fewer = grouped(case, max(2, masks // FEWEST_PER_UNIT)) if masks < FEWEST_PER_UNIT * units else case
    told = str(fewer.facts.get("grouping", "")) if fewer is not case else ""
    why = (
        f"{_units(fewer)[0]} units have too many coalitions to ask for all of them; a sample of {masks:,} for each row "
        "estimates the values, with a standard error for each."
    )
    settings = {"masks": masks, "sampler": "leverage"}
    return Choice(method="kernel_shap", settings=settings, why=f"{told} {why}".strip(), case=fewer)


def _linear(tried: int) -> str:
    if not tried:
        return "The model is linear, as its structure shows, so the values are known in closed form."
    return (
        f"The model behaves as a linear one in all of {tried:,} coalitions that were tried (evidence, not proof), so "
        "the values are known in closed form."
    )


def _units(case: Case) -> tuple[int, int]:
    """The most units of any row, and the most that move."""
    games = case.games
    moving = [moving_units(games, row) for row in range(len(case))]
    return max(map(len, moving), default=0), int(max((np.sum(one) for one in moving), default=0))

"""KernelSHAP: Shapley values from a sample of coalitions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from auditnn.core.errors import SettingsError
from auditnn.kernels.coalitions import shapley_from_all
from auditnn.kernels.shapley_regression import regressed, sampled_error
from auditnn.kernels.surrogate import estimated, odd_values
from auditnn.kernels.surrogate_rest import corrected
from auditnn.methods.attribution.coalition_draws import Draw, Draws, Enumerated, Library, Paired, Sampler, drawn
from auditnn.methods.attribution.game_values import in_units
from auditnn.methods.attribution.method import attribution_method
from auditnn.methods.attribution.result import Attribution
from auditnn.methods.case import Case
from auditnn.methods.games.moving import expanded, moving_units

SHARED = "All rows were asked for the same coalitions, so the Monte-Carlo errors of a unit go together over rows."
FEW = "There are fewer pairs of coalitions than units: what these do not tell apart is shared equally among units."
Solved = tuple[np.ndarray, np.ndarray]  # Shapley values and standard errors, (d, k) each


@attribution_method("KernelSHAP", "game", "Lundberg & Lee (2017), Musco & Witter (2025)", additive=True, drawn=True)
def kernel_shap(
    case: Case,
    *,
    masks: int = 2048,
    sampler: Sampler = "leverage",
    draws: Draws = "per_row",
    engine: Literal["fast", "reference"] = "fast",
) -> Attribution:
    """Shapley values of every row from at most `masks` coalitions beside the empty and the full one.

    `sampler="shap"` draws and weighs coalitions as shap.KernelExplainer does (without its selection of features) and
    solves the same regression. `sampler="leverage"` draws pairs by leverage without replacement and passes a surrogate
    through all of them (`kernels.surrogate`); at the same number of model calls its mean squared error on the samples
    is a quarter of the library's from few coalitions and under a hundredth from many (`benchmarks/`). Where `masks`
    reaches 2^d - 2, all are asked for and the values are exact. `draws="shared"` asks every row for the same
    coalitions. `engine="reference"` has shap do the work.

    Returns values (n, d, k) that add up to the output exactly, and their Monte-Carlo standard errors, 0 where nothing
    was drawn. Costs n x `masks` x b model rows for b background rows, and n + b for the ends. SettingsError below two
    masks.
    """
    if masks < 2:
        raise SettingsError("two coalitions or more for KernelSHAP", str(masks), "Use masks=2048, for example.")
    if engine == "reference":
        from auditnn.methods.attribution.shap_reference import reference

        return reference(case, "kernel_shap", masks=masks, sampler=sampler, draws=draws)
    games = case.games
    moving = [moving_units(games, row) for row in range(len(case))]
    plans = [drawn(case, row, int(moving[row].sum()), masks, sampler, draws) for row in range(len(case))]
    base, full = games.ends()
    values = games.evaluate_all([(row, expanded(plans[row].masks, moving[row])) for row in range(len(case))])
    solved = solutions(plans, values, base, full)
    return in_units(
        case,
        "kernel_shap",
        moving,
        solved,
        ends=(base, full),
        facts=facts_of(plans, masks, sampler, draws),
        notes=notes_of(plans, draws),
    )


def solutions(plans: Sequence[Draw], values: Sequence[np.ndarray], base: np.ndarray, full: np.ndarray) -> list[Solved]:
    """Shapley values and errors of each row's moving units, from the values of its coalitions and its ends (n, k).

    Rows of one design are solved together.
    """
    solved: list[Solved | None] = [None] * len(plans)
    together: dict[int, list[int]] = {}
    for row, plan in enumerate(plans):
        if isinstance(plan, Paired):
            together.setdefault(id(plan.design), []).append(row)
        else:
            solved[row] = _alone(plan, values[row], base[row], full[row])
    for rows in together.values():
        for row, result in zip(rows, _paired(rows, plans, values, base, full), strict=True):
            solved[row] = result
    return [one for one in solved if one is not None]


def _alone(plan: Enumerated | Library, values: np.ndarray, base: np.ndarray, full: np.ndarray) -> Solved:
    if isinstance(plan, Library):
        phi, solve, residual = regressed(plan.masks, plan.sample.weights, values, base, full)
        return phi, sampled_error(plan.sample, solve, residual)
    d = plan.masks.shape[1]
    if d == 0:
        return np.zeros((0, len(base))), np.zeros((0, len(base)))
    phi = shapley_from_all(np.concatenate([base[None], values, full[None]]))
    return phi, np.zeros_like(phi)


def _paired(
    rows: Sequence[int], plans: Sequence[Draw], values: Sequence[np.ndarray], base: np.ndarray, full: np.ndarray
) -> list[Solved]:
    first = plans[rows[0]]
    assert isinstance(first, Paired)
    design, k = first.design, base.shape[1]
    odd = np.concatenate([odd_values(values[row], base[row], full[row]) for row in rows], axis=1)
    seen, others = odd[: design.fit + 1], odd[design.fit + 1 :]
    if design.rest is None:
        phi, error = estimated(design.surrogate, seen)
    else:
        phi, error = corrected(design.rest, design.surrogate, seen, others)
    result = []
    for place, row in enumerate(rows):
        plan = plans[row]
        assert isinstance(plan, Paired)
        own = slice(place * k, (place + 1) * k)
        result.append((phi[plan.order, own], error[plan.order, own]))
    return result


def facts_of(plans: Sequence[Draw], masks: int, sampler: Sampler, draws: Draws) -> dict[str, object]:
    """The settings that held, for whoever computes a row again."""
    asked = "all" if all(isinstance(plan, Enumerated) for plan in plans) else f"{masks:,}"
    return {"coalitions": asked, "masks": masks, "sampler": sampler, "draws": draws}


def notes_of(plans: Sequence[Draw], draws: Draws) -> tuple[str, ...]:
    """What a reader of values from these draws must know."""
    sampled = [plan for plan in plans if not isinstance(plan, Enumerated)]
    few = any(len(plan.masks) < 2 * plan.masks.shape[1] for plan in sampled)
    return (SHARED,) * bool(sampled and draws == "shared") + (FEW,) * few

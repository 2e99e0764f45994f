"""Shapley values from random orders of the units, each forwards and backwards."""

from __future__ import annotations

from typing import Literal

import numpy as np
import scipy.special

from auditnn.core.errors import SettingsError
from auditnn.methods.attribution.game_values import in_units
from auditnn.methods.attribution.kernel_shap import SHARED
from auditnn.methods.attribution.method import attribution_method
from auditnn.methods.attribution.result import Attribution
from auditnn.methods.case import Case
from auditnn.methods.games.moving import expanded, moving_units

Draws = Literal["per_row", "shared"]
FEWEST = 2  # orders, without which there is no error to tell


@attribution_method(
    "Permutation Shapley values",
    "game",
    "Castro, Gómez & Tejada (2009), Mitchell et al. (2022)",
    additive=True,
    drawn=True,
)
def permutation_shapley(
    case: Case,
    *,
    masks: int = 2048,
    permutations: int | None = None,
    draws: Draws = "per_row",
    engine: Literal["fast", "reference"] = "fast",
) -> Attribution:
    """Shapley values of every row: a unit's mean gain when it joins in a random order, each order taken both ways.

    As many orders as `masks` coalitions allow, 2 (d - 1) for each, at least two; or `permutations` of them. With two
    moving units or fewer one order is exact. Given the same orders the values are those of shap.PermutationExplainer
    (`engine="reference"` has it do the work).

    Returns values (n, d, k) that add up to the output exactly, and standard errors from the spread over orders, widened
    for few orders as Student's t asks. Costs n x 2 (d - 1) x b model rows for each order, for b background rows.
    """
    if permutations is not None and permutations < FEWEST:
        raise SettingsError("two permutations or more", str(permutations), "Their spread gives the error.")
    if engine == "reference":
        from auditnn.methods.attribution.shap_reference import reference

        return reference(case, "permutation_shapley", masks=masks, permutations=permutations, draws=draws)
    games = case.games
    moving = [moving_units(games, row) for row in range(len(case))]
    orders = [orders_of(case, row, int(one.sum()), masks, permutations, draws)[0] for row, one in enumerate(moving)]
    base, full = games.ends()
    values = games.evaluate_all([(row, expanded(joining(orders[row]), moving[row])) for row in range(len(case))])
    solved = [_solved(orders[row], values[row], base[row], full[row]) for row in range(len(case))]
    return in_units(
        case,
        "permutation_shapley",
        moving,
        solved,
        ends=(base, full),
        facts={"masks": masks, "permutations": permutations, "draws": draws},
        notes=(SHARED,) * (draws == "shared"),
    )


def orders_of(
    case: Case, row: int, d: int, masks: int, permutations: int | None, draws: Draws
) -> tuple[np.ndarray, int]:
    """The orders (r, d) in which the d moving units of a row join, and the seed of np.random from which
    shap.PermutationExplainer draws the same."""
    seed = int(case.rng("permutation_shapley", None if draws == "shared" else row).integers(1 << 32))
    count = permutations or max(FEWEST, masks // max(1, 2 * (d - 1)))
    random, order, drawn = np.random.RandomState(seed), np.arange(d), []
    for _ in range(count if d > 2 else 1):
        random.shuffle(order)
        drawn.append(order.copy())
    return np.array(drawn, dtype=np.intp).reshape(len(drawn), d), seed


def joining(orders: np.ndarray) -> np.ndarray:
    """The coalitions of orders (r, d): the first 1 to d - 1 units of each, then all complements; (2 r (d - 1), d)."""
    count, d = orders.shape
    place = np.argsort(orders, axis=1)
    first = (place[:, None] < np.arange(1, d)[:, None]).reshape(count * max(d - 1, 0), d)
    return np.concatenate([first, ~first])


def _solved(
    orders: np.ndarray, values: np.ndarray, base: np.ndarray, full: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean gains and their standard errors, (d, k) each. Forwards and backwards together a unit gains what the odd
    value u(S) = (v(S) - v(S^c)) / 2 gains when it joins."""
    count, d = orders.shape
    if d == 0:
        return np.zeros((0, len(base))), np.zeros((0, len(base)))
    half = len(values) // 2
    inner = ((values[:half] - values[half:]) / 2.0).reshape(count, d - 1, len(base))
    ends = np.broadcast_to((full - base) / 2.0, (count, 1, len(base)))
    gains = np.diff(np.concatenate([-ends, inner, ends], axis=1), axis=1)
    of_unit = np.take_along_axis(gains, np.argsort(orders, axis=1)[:, :, None], axis=1)
    phi = of_unit.mean(axis=0)
    if d <= 2:
        return phi, np.zeros_like(phi)
    widened = float(scipy.special.stdtrit(count - 1, 0.975) / scipy.special.ndtri(0.975))
    return phi, widened * of_unit.std(axis=0, ddof=1) / np.sqrt(count)

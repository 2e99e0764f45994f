"""Shapley values by the shap library, on the same background and through the counted path: what ours must equal.

The library plays the game of a row in units: 1 for present, 0 for hidden. What hiding means is written out here once
more, plainly, without the batched path of `games`. Our own values are never compared with themselves.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from auditnn.core.rows import Table
from auditnn.kernels.surrogate import REMAINDER
from auditnn.methods.attribution.coalition_draws import Enumerated, Library, Paired, drawn
from auditnn.methods.attribution.game_values import in_units
from auditnn.methods.attribution.permutation_shapley import orders_of
from auditnn.methods.attribution.result import Attribution
from auditnn.methods.case import Case
from auditnn.methods.games.game import Games
from auditnn.methods.games.image import ImageGames
from auditnn.methods.games.moving import expanded, moving_units
from auditnn.methods.games.tabular import InputGames, RowGames
from auditnn.subjects import outputs

Game = Callable[[np.ndarray], np.ndarray]
MOST_ENUMERATED = 12
BLOCK = 20_000  # model rows made at once

LIBRARY: Mapping[str, str] = {
    "linear_shapley": "shap.PermutationExplainer, which one order and its reverse make exact where nothing interacts",
    "exact_shapley": "shap.ExactExplainer",
    "permutation_shapley": "shap.PermutationExplainer, with the same orders",
    "kernel_shap": "shap.KernelExplainer on the same coalitions and weights (sampler shap), or shap.ExactExplainer on "
    "the surrogate through the same coalitions (sampler leverage)",
}


def reference_difference(case: Case, attribution: Attribution, rows: np.ndarray | list[int]) -> float | None:
    """Largest |value - library's value| over these rows (positions in the case), all units and classes, in the unit of
    the output; None for methods of which the library has no second implementation.

    `attribution` is what a method of ours gave for the whole case; its `facts` tell its settings. Costs what these rows
    cost.
    """
    if attribution.method not in LIBRARY or not len(rows):
        return None
    index = np.asarray(rows)
    settings = {name: attribution.facts.get(name) for name in ("masks", "sampler", "draws", "permutations")}
    again = reference(case.take(index), attribution.method, **settings)
    return float(np.abs(again.values - attribution.values[index][:, : again.values.shape[1]]).max(initial=0.0))


def reference(case: Case, method: str, **settings: Any) -> Attribution:
    """All rows by the library, with the settings and draws of `method`; values (n, d, k) as the method's own."""
    games = case.games
    moving = [moving_units(games, row) for row in range(len(case))]
    solved, ends = [], []
    for row, own in enumerate(moving):
        game = plain_game(games, row, own)
        both = game(np.stack([np.zeros(own.sum()), np.ones(own.sum())]))
        ends.append(both)
        with _library():
            found = _values(case, row, game, int(own.sum()), both, method, settings)
        solved.append((found.reshape(own.sum(), both.shape[1]), None))
    base, full = np.stack([both[0] for both in ends]), np.stack([both[1] for both in ends])
    facts = {"engine": f"reference: {LIBRARY[method]}", **settings}
    return in_units(case, method, moving, solved, ends=(base, full), facts=facts)


def plain_game(games: Games, row: int, moving: np.ndarray) -> Game:
    """The value (m, k) of coalitions of the moving units, given as 0 and 1 (m, a)."""

    def value(units: np.ndarray) -> np.ndarray:
        masks = expanded(np.asarray(units) > 0.5, moving)
        step = max(1, BLOCK // games.copies)
        parts = [_hidden(games, row, masks[start : start + step]) for start in range(0, len(masks), step)]
        return np.concatenate(parts)

    return value


def _hidden(games: Games, row: int, masks: np.ndarray) -> np.ndarray:
    """Mean outputs (m, k) over the background with every absent unit taken from it."""
    calls = games.calls
    if isinstance(games, InputGames):
        filled = []
        for mask in masks:
            block = games.background.copy()
            for column, unit in enumerate(games.owner):
                if unit < 0 or mask[unit]:
                    block[:, column] = games.rows[row, column]
            filled.append(block)
        raw = calls.forward(np.concatenate(filled))
    elif isinstance(games, RowGames):
        raw = calls.outputs(_filled_table(games, row, masks))
    elif isinstance(games, ImageGames):
        pixels = []
        for mask in masks:
            for fill in games.fills[:, min(row, games.fills.shape[1] - 1)]:
                pixels.append(np.where(mask[games.segments[row]], games.pixels[row], fill))
        from auditnn.core.rows import Images

        raw = calls.outputs(Images(pixels=np.stack(pixels)))
    else:
        return games.evaluate(row, masks)
    return outputs.explained(raw.reshape(len(masks), games.copies, -1).mean(axis=1), calls.subject)


def _filled_table(games: RowGames, row: int, masks: np.ndarray) -> Table:
    present = {position: unit for unit, owned in enumerate(games.positions.values()) for position in owned}
    columns = {}
    for position, feature in enumerate(games.rows.features):
        own, other = games.rows.columns[feature.name][row], games.background.columns[feature.name]
        unit = present.get(position)
        parts = [np.full_like(other, own) if unit is None or mask[unit] else other for mask in masks]
        columns[feature.name] = np.concatenate(parts)
    return Table(features=games.rows.features, columns=columns, length=games.copies * len(masks))


def _values(
    case: Case, row: int, game: Game, d: int, ends: np.ndarray, method: str, settings: Mapping[str, Any]
) -> np.ndarray:
    """The library's values (d, k) of one row's game."""
    import shap

    if d < 2:
        return np.repeat((ends[1] - ends[0])[None], d, axis=0)
    hidden, shown = np.zeros((1, d)), np.ones((1, d))
    if method == "exact_shapley":
        return np.asarray(shap.ExactExplainer(game, hidden)(shown, max_evals=1 << d, silent=True).values[0])
    if method == "linear_shapley":
        explainer = shap.PermutationExplainer(game, hidden, seed=0)
        return np.asarray(explainer(shown, max_evals=2 * d + 1, silent=True).values[0])
    if method == "permutation_shapley":
        masks, count = settings.get("masks") or 2048, settings.get("permutations")
        orders, seed = orders_of(case, row, d, masks, count, settings.get("draws") or "per_row")
        explainer = shap.PermutationExplainer(game, hidden, seed=seed)
        return np.asarray(explainer(shown, max_evals=len(orders) * (2 * d + 1), silent=True).values[0])
    draw = drawn(case, row, d, settings["masks"], settings["sampler"], settings["draws"])
    if isinstance(draw, Paired):
        return _through_surrogate(draw, game(draw.masks), ends)
    np.random.seed(draw.seed if isinstance(draw, Library) else 0)
    size = len(draw.masks) if isinstance(draw, Enumerated) else settings["masks"]
    return np.asarray(shap.KernelExplainer(game, hidden).shap_values(shown, nsamples=size, l1_reg=0, silent=True)[0])


def _through_surrogate(draw: Paired, values: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Shapley values (d, k) of the surrogate through the values of a row's pairs, the surrogate fitted anew."""
    pairs, d = len(values) // 2, draw.masks.shape[1]
    odd = (values[:pairs] - values[pairs:]) / 2.0
    parts = []
    for start, stop, _ in draw.design.parts:
        seen = np.concatenate([np.ones((1, d), dtype=bool), draw.masks[start:stop]])
        known = np.concatenate([(ends[1:] - ends[:1]) / 2.0, odd[start:stop]])
        parts.append(_surrogate_values(seen, known))
    return np.mean(parts, axis=0)


def _surrogate_values(seen: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The field's conditional mean, found as the solution of the kriging equations, and its Shapley values: by the
    library where units are few, else by Shapley's sum, coalitions of one kind counted together."""
    import shap

    m, d = seen.shape
    signs = np.where(seen, 0.5, -0.5)
    system = np.block([[_covariance(seen, seen), signs], [signs.T, np.zeros((d, d))]])
    sides = np.concatenate([known, np.zeros((d, known.shape[1]))])
    told_apart = np.linalg.matrix_rank(signs) == d
    found = np.linalg.solve(system, sides) if told_apart else np.linalg.lstsq(system, sides, rcond=1e-13)[0]
    at, slope = found[:m], found[m:]
    if d > MOST_ENUMERATED:
        return slope + _counted(seen) @ at

    def surrogate(units: np.ndarray) -> np.ndarray:
        masks = np.asarray(units) > 0.5
        return np.where(masks, 0.5, -0.5) @ slope + _covariance(masks, seen) @ at

    explainer = shap.ExactExplainer(surrogate, np.zeros((1, d)))
    return np.asarray(explainer(np.ones((1, d)), max_evals=1 << d, silent=True).values[0])


def _smooth(d: int) -> np.ndarray:
    """Covariance of odd values by how many units two coalitions differ in, (d + 1,): the sum over odd orders j >= 3 of
    (1 / d)^j K_j, with Krawtchouk's polynomials K_j, divided by its value at 0."""
    from numpy.polynomial import Polynomial

    whole = np.zeros(d + 1)
    for apart in range(d + 1):
        product = Polynomial([1.0, -1.0 / d]) ** apart * Polynomial([1.0, 1.0 / d]) ** (d - apart)
        whole[apart] = product.coef[3::2].sum()
    return whole / whole[0]


def _covariance(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Covariance (m, p) of the odd values of coalitions (m, d) and (p, d): smooth, and the remainder of equal pairs."""
    d = one.shape[1]
    apart = np.stack([np.count_nonzero(one != mask, axis=1) for mask in other], axis=1)
    result: np.ndarray = _smooth(d)[apart] + REMAINDER * ((apart == 0) * 1.0 - (apart == d))
    return result


def _counted(seen: np.ndarray) -> np.ndarray:
    """Shapley values (d, p) of the games covariance(., S) of each S in `seen` (p, d), by Shapley's sum: coalitions with
    as many units in S and as many outside of it are counted together."""
    from scipy.special import gammaln

    d = seen.shape[1]
    smooth, result = _smooth(d), np.zeros((d + 1, 2))
    for size in range(d + 1):
        for inside in (0, 1):
            most_in, most_out = size - inside, d - size - 1 + inside
            if most_in < 0 or most_out < 0:
                continue
            a, b = np.arange(most_in + 1)[:, None], np.arange(most_out + 1)
            chosen = _log_choose(most_in, a, gammaln) + _log_choose(most_out, b, gammaln)
            weight = np.exp(chosen - _log_choose(d - 1, a + b, gammaln)) / d
            apart = most_in - a + b
            result[size, inside] = (weight * (smooth[apart + 1 - inside] - smooth[apart + inside])).sum()
    sizes = seen.sum(axis=1)
    joined = np.where(seen.T, result[sizes, 1], result[sizes, 0])
    weight = np.exp(-_log_choose(d - 1, np.arange(d), gammaln)) / d
    both = np.append(weight + weight[::-1], 0.0)
    return joined + REMAINDER * np.where(seen.T, both[sizes - 1], -both[sizes])


def _log_choose(n: int, k: np.ndarray, gammaln: Callable[[Any], Any]) -> np.ndarray:
    result: np.ndarray = gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)
    return result


@contextmanager
def _library() -> Iterator[None]:
    """Shap without its warnings, and the state of np.random, which it sets, back as it was."""
    state = np.random.get_state()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        np.random.set_state(state)

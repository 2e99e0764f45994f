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
from auditnn.methods.attribution.coalition_draws import Enumerated, Library, Paired, drawn
from auditnn.methods.attribution.game_values import in_units
from auditnn.methods.attribution.permutation_shapley import orders_of
from auditnn.methods.attribution.result import Attribution
from auditnn.methods.attribution.surrogate_reference import through_surrogate
from auditnn.methods.case import Case
from auditnn.methods.games.game import Games
from auditnn.methods.games.image import ImageGames
from auditnn.methods.games.moving import expanded, moving_units
from auditnn.methods.games.tabular import InputGames, RowGames
from auditnn.subjects import outputs

Game = Callable[[np.ndarray], np.ndarray]
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
        return through_surrogate(draw.masks, draw.design.fit, game(draw.masks), ends)
    np.random.seed(draw.seed if isinstance(draw, Library) else 0)
    size = len(draw.masks) if isinstance(draw, Enumerated) else settings["masks"]
    return np.asarray(shap.KernelExplainer(game, hidden).shap_values(shown, nsamples=size, l1_reg=0, silent=True)[0])


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

"""Shapley values in closed form, where nothing interacts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from auditnn.core.errors import NotApplicable
from auditnn.methods.attribution.affine_modules import affine_weights
from auditnn.methods.attribution.game_values import in_units
from auditnn.methods.attribution.method import attribution_method
from auditnn.methods.attribution.result import Attribution
from auditnn.methods.case import Case
from auditnn.methods.games.game import Games
from auditnn.methods.games.image import ImageGames
from auditnn.methods.games.moving import moving_units
from auditnn.methods.games.tabular import InputGames
from auditnn.subjects import outputs
from auditnn.subjects.encoding import ImageEncoder

TRIED = 32
ROUNDING = 32 * float(np.finfo(np.float32).eps)
TELLING = 1e-3
NOT_LINEAR = "the model is not linear in its inputs over these rows and their background"


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """Effects of units that do not interact: `effects` (n, d, k), and how that is known."""

    effects: list[np.ndarray]
    proof: str
    tried: int = 0


@attribution_method("Linear Shapley values", "game", "Strumbelj & Kononenko (2014)", additive=True)
def linear_shapley(case: Case) -> Attribution:
    """Shapley values of every row of a linear model: weight times the input's distance from the background's mean,
    summed over the inputs of a unit.

    The structure of a torch module may show that it is linear (Linear, BatchNorm, Flatten, Dropout and Identity in
    sequence); then its own weights are used, in float64. Any other model is probed: every unit alone and 32 random
    coalitions of every row, which must be what the single units add up to, within 32 units of float32 rounding. That is
    evidence, not proof, and `facts` says how many coalitions were tried. A coalition's value is all that Shapley values
    are made of, so an additive model passes too, and rightly.

    Returns values (n, d, k). Costs n + b model rows, and n x (d + 32) x b where the model is probed, for b background
    rows. NotApplicable where the model is not linear.
    """
    found = linear_effects(case)
    if found is None:
        raise NotApplicable(NOT_LINEAR)
    ends = case.games.ends()
    moving = [np.ones(len(effects), dtype=bool) for effects in found.effects]
    facts = {"proof": found.proof, "coalitions_tried": found.tried}
    return in_units(case, "linear_shapley", moving, [(one, None) for one in found.effects], ends=ends, facts=facts)


def linear_effects(case: Case) -> Linear | None:
    """What each unit adds for each row, (d, k) each, where the model is linear; None where it is not. Costs nothing
    where the structure tells, else up to n x (d + 34) x b model rows; a model that is not linear mostly shows it on the
    first row."""
    known = by_structure(case)
    if known is not None:
        return Linear(effects=known, proof="the structure of the module")
    games, n = case.games, len(case)
    effects: list[np.ndarray] = []
    tried = 0
    for rows in (range(min(n, 1)), range(1, n)):
        requests = [(row, _probes(case, games, row)) for row in rows]
        for (row, masks), values in zip(requests, games.evaluate_all(requests), strict=True):
            own = _additive(masks, values)
            if own is None:
                return None
            own[~moving_units(games, row)] = 0.0
            effects.append(own)
            tried += len(masks)
    return Linear(effects=effects, proof=f"probed with {tried:,} coalitions, evidence and not proof", tried=tried)


def by_structure(case: Case) -> list[np.ndarray] | None:
    """Effects (d, k) of each row where the module's structure shows that it is linear. No model calls."""
    from auditnn.subjects.torch_model import TorchModel

    games, calls = case.games, case.calls
    plain = isinstance(games, InputGames) or (isinstance(games, ImageGames) and isinstance(calls.encoder, ImageEncoder))
    if not plain or not isinstance(calls.model, TorchModel) or calls.subject.output == "labels":
        return None
    assert isinstance(games, InputGames | ImageGames)
    shape = games.rows.shape[1:] if isinstance(games, InputGames) else games.pixels.shape[1:]
    weights = affine_weights(calls.model.module, shape)
    if weights is None:
        return None
    raw = [_raw_effects(games, row, weights) for row in range(len(case))]
    nothing = np.zeros((1, len(weights)))
    return [outputs.explained(one, calls.subject) - outputs.explained(nothing, calls.subject) for one in raw]


def _raw_effects(games: InputGames | ImageGames, row: int, weights: np.ndarray) -> np.ndarray:
    """Weight times distance from the background's mean, summed by unit: (d, raw outputs)."""
    if isinstance(games, InputGames):
        away = games.rows[row] - games.background.mean(axis=0, dtype=np.float64)
        owner = games.owner
    else:
        fills = games.fills[:, min(row, games.fills.shape[1] - 1)]
        away = games.pixels[row] - fills.mean(axis=0, dtype=np.float64)
        owner = np.broadcast_to(games.segments[row], away.shape)
    effects = np.zeros((len(games.units(row)), len(weights)))
    owned = owner.ravel() >= 0
    np.add.at(effects, owner.ravel()[owned], (weights * away.ravel()).T[owned])
    return effects


def _probes(case: Case, games: Games, row: int) -> np.ndarray:
    """Nothing, every unit alone, everything, and random coalitions: bool (d + 2 + 32, d)."""
    d = len(games.units(row))
    rng = case.rng("linear_shapley", row)
    random = rng.random((TRIED, d)) < rng.random((TRIED, 1))
    return np.concatenate([np.zeros((1, d), dtype=bool), np.eye(d, dtype=bool), np.ones((1, d), dtype=bool), random])


def _additive(masks: np.ndarray, values: np.ndarray) -> np.ndarray | None:
    """What each unit adds, (d, k), where all coalitions are worth what their units add; None where they are not, or
    where rounding could hide it."""
    d = masks.shape[1]
    gains = values - values[0]
    effects = gains[1 : d + 1]
    tolerance = ROUNDING * float(np.abs(values).max())
    if tolerance > TELLING * float(np.abs(gains).max()) and np.abs(gains).max() > 0.0:
        return None
    return effects.copy() if np.abs(gains - masks @ effects).max() <= tolerance else None

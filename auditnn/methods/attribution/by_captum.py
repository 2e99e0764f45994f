"""The same values once more, from captum alone: no batches, no folding, no path of ours but the plain module."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from auditnn.methods.attribution.baselines import baseline_inputs
from auditnn.methods.attribution.gradients import differentiable, quiet
from auditnn.methods.attribution.smooth_grad import noisy_copies
from auditnn.methods.attribution.unit_sums import UnitSums
from auditnn.methods.case import Case
from auditnn.methods.games.image import ImageGames
from auditnn.methods.games.tabular import InputGames
from auditnn.subjects import outputs

Recomputed = Callable[[Case, Mapping[str, Any]], np.ndarray]


def reference_difference(case: Case, method: str, values: np.ndarray, settings: Mapping[str, Any]) -> float | None:
    """Largest |ours - captum's| over the rows and units of a case, in parts of captum's largest |value|; `values`
    (n, d) are ours, of the target classes. None where ours is captum itself, or captum cannot be asked.

    Recomputed are integrated gradients and SmoothGrad (on the same noise) from the gradients of the unfolded module,
    and occlusion as captum's feature ablation against every fill-in.
    """
    by_captum = RECOMPUTED.get(method)
    if by_captum is None or (method == "occlusion" and not _ablatable(case, settings)):
        return None
    theirs = by_captum(case, settings)
    largest = float(np.abs(theirs).max(initial=0.0))
    apart = float(np.abs(values[:, : theirs.shape[1]] - theirs).max(initial=0.0))
    return apart / largest if largest > 0.0 else apart


def _integrated_gradients(case: Case, settings: Mapping[str, Any]) -> np.ndarray:
    from captum.attr import IntegratedGradients

    start, _ = baseline_inputs(case, settings.get("baseline", "auto"))
    with differentiable(case) as path, quiet():
        values = IntegratedGradients(path.module).attribute(
            path.tensor(case.inputs),
            baselines=path.tensor(start),
            target=path.targets(case.targets),
            n_steps=settings.get("steps", 50),
        )
        return UnitSums(case).of(np.arange(len(case)), path.array(values))


def _smooth_grad(case: Case, settings: Mapping[str, Any]) -> np.ndarray:
    from captum.attr import Saliency

    samples, noise = settings.get("samples", 50), settings.get("noise", 0.15)
    rows = np.repeat(np.arange(len(case)), samples)
    noisy = np.concatenate([noisy_copies(case, row, samples, noise) for row in range(len(case))])
    with differentiable(case) as path, quiet():
        values = Saliency(path.module).attribute(path.tensor(noisy), path.targets(case.targets[rows]), abs=False)
        mean = path.array(values).reshape(len(case), samples, *noisy.shape[1:]).mean(axis=1)
    return UnitSums(case).of(np.arange(len(case)), mean)


def _occlusion(case: Case, settings: Mapping[str, Any]) -> np.ndarray:
    import torch
    from captum.attr import FeatureAblation

    games = case.games
    assert isinstance(games, InputGames | ImageGames)
    ablation = FeatureAblation(lambda inputs: torch.from_numpy(_explained(case, inputs.numpy())))
    values = np.zeros((len(case), max(len(games.units(row)) for row in range(len(case)))))
    for row in range(len(case)):
        own, fills, owner = _parts(games, row)
        single = torch.from_numpy(np.repeat(own[None], len(fills), axis=0))
        mask = torch.from_numpy(np.broadcast_to(owner, own.shape).copy())[None]
        falls = ablation.attribute(
            single, baselines=torch.from_numpy(fills), target=int(case.targets[row]), feature_mask=mask
        ).numpy()
        for unit in range(len(games.units(row))):
            columns = np.broadcast_to(owner == unit, own.shape)
            values[row, unit] = falls.mean(axis=0)[columns].mean()
    return values


def _parts(games: InputGames | ImageGames, row: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A row as it is (...), what may stand in for it (b, ...), and the unit of each of its numbers."""
    if isinstance(games, InputGames):
        return games.rows[row], games.background, games.owner
    fills = games.fills[:, min(row, games.fills.shape[1] - 1)]
    return games.pixels[row], np.ascontiguousarray(fills), games.segments[row].astype(np.int64)


def _explained(case: Case, inputs: np.ndarray) -> np.ndarray:
    from auditnn.core.rows import Images

    given = case.calls.encoder(Images(pixels=inputs)) if isinstance(case.rows, Images) else inputs
    return outputs.explained(case.calls.forward(given), case.calls.subject)


def _ablatable(case: Case, settings: Mapping[str, Any]) -> bool:
    """Whether captum can hide the units: numbers of an array that all have owners, one part at a time."""
    games = case.games
    if settings.get("window") is not None or not isinstance(games, InputGames | ImageGames):
        return False
    return isinstance(games, ImageGames) or bool((games.owner >= 0).all() and games.rows.dtype.kind == "f")


RECOMPUTED: Mapping[str, Recomputed] = {
    "integrated_gradients": _integrated_gradients,
    "smooth_grad": _smooth_grad,
    "occlusion": _occlusion,
}

"""Which coalitions KernelSHAP asks of a row, and how their values become Shapley values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from auditnn.kernels.coalitions import all_coalitions
from auditnn.kernels.leverage import drawn_pairs
from auditnn.kernels.shap_sampling import Sample, library_sample
from auditnn.kernels.surrogate import Surrogate, fitted
from auditnn.kernels.surrogate_rest import Rest, rest_of
from auditnn.methods.case import Case

Sampler = Literal["leverage", "shap"]
Draws = Literal["per_row", "shared"]
MOST_PAIRS = 2048  # that a surrogate is fitted to, because the cost grows with the third power


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Pairs for rows of d units, `pairs` (p, d), one coalition of each, with the surrogate through the first `fit` of
    them, and the others to put it right where there are more."""

    pairs: np.ndarray
    fit: int
    surrogate: Surrogate
    rest: Rest | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enumerated:
    """All coalitions of few units."""

    masks: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """A design whose unit `order[j]` is this row's unit j: `masks` (2 p, d), coalitions first, then complements."""

    masks: np.ndarray
    design: Design
    order: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """What shap.KernelExplainer asks after np.random.seed(seed)."""

    masks: np.ndarray
    sample: Sample
    seed: int


Draw = Enumerated | Paired | Library


def drawn(case: Case, row: int, d: int, masks: int, sampler: Sampler, draws: Draws) -> Draw:
    """The coalitions, at most `masks`, asked of a row with d moving units: all of them where that is enough.

    Leverage: one design for all rows of d units, in which every row has its units in an order of its own (of the
    design where draws are shared). That is as random as a design for each, and one factorisation serves all rows.
    """
    if d <= 1 or (d < 63 and (1 << d) - 2 <= masks):
        return Enumerated(masks=all_coalitions(d)[1:-1])
    rng = case.rng("kernel_shap", None if draws == "shared" else row)
    if sampler == "shap":
        seed = int(rng.integers(1 << 32))
        sample = library_sample(d, masks, np.random.RandomState(seed))
        return Library(masks=sample.masks, sample=sample, seed=seed)
    found = design(d, masks // 2, int(case.rng("kernel_shap").integers(1 << 62)))
    order = np.arange(d) if draws == "shared" else rng.permutation(d)
    pairs = found.pairs[:, order]
    return Paired(masks=np.concatenate([pairs, ~pairs]), design=found, order=order)


@lru_cache(maxsize=4)
def design(d: int, pairs: int, seed: int) -> Design:
    """A leverage sample of pairs of d units, and its surrogate; a function of its arguments alone."""
    rng = np.random.default_rng(seed)
    masks, chances = drawn_pairs(d, pairs, rng)
    fit = min(len(masks), MOST_PAIRS)
    if fit < len(masks):
        alone = np.isin(masks.sum(axis=1), (1, d - 1))  # these first, so that the surrogate tells all units apart
        mixed = np.concatenate([np.flatnonzero(alone), rng.permutation(np.flatnonzero(~alone))])
        masks, chances = masks[mixed], chances[mixed] * fit / len(masks)
    surrogate = fitted(masks[:fit], chances[:fit])
    rest = rest_of(surrogate, masks[:fit], masks[fit:]) if fit < len(masks) else None
    return Design(pairs=masks, fit=fit, surrogate=surrogate, rest=rest)

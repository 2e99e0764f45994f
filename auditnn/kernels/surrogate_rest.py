"""A surrogate fitted to some of the pairs, put right by all the others: for samples too large for one factorisation.

What the surrogate leaves over is a game like any other, known to be nothing at the pairs it was fitted to. Its Shapley
values are estimated by KernelSHAP's regression over all pairs, in which each of the others stands for those of its size
that were not drawn (Witter, Liu & Musco 2025, "Regression-adjusted Monte Carlo estimators for Shapley values").
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np

from auditnn.kernels.leverage import pair_strata
from auditnn.kernels.surrogate import Surrogate, apart, interaction_kernel


@dataclass(frozen=True, slots=True)
class Rest:
    """Linear maps for q pairs beside the p of a surrogate: `predicted` (q, p + 1) gives what the surrogate says of them
    from its odd values, `weights` (d, q) what their residuals add to the Shapley values, and `spread` (d, q) what the
    squares of these add to the variance."""

    predicted: np.ndarray
    weights: np.ndarray
    spread: np.ndarray


def rest_of(surrogate: Surrogate, fit: np.ndarray, rest: np.ndarray) -> Rest:
    """The maps for pairs `rest` (q, d) beside those that the surrogate was fitted to, `fit` (p, d)."""
    d = fit.shape[1]
    seen = np.vstack([np.ones((1, d), dtype=bool), fit])
    smooth = interaction_kernel(d)[apart(rest, seen)]
    predicted = smooth @ surrogate.precision + (rest - 0.5) @ surrogate.linear
    weight, chances = _weighed(fit, rest)
    whole = np.concatenate([fit, rest]) - np.concatenate([fit, rest]).mean(axis=1, keepdims=True)
    inverse = np.linalg.pinv((whole.T * weight) @ whole, rcond=1e-10, hermitian=True)
    weights = inverse @ (whole[len(fit) :].T * weight[len(fit) :])
    weights -= weights.mean(axis=0)
    return Rest(predicted, weights, weights**2 * (1.0 - chances))


def corrected(rest: Rest, surrogate: Surrogate, odd: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shapley values and their standard errors, both (d, k), from the odd values of the surrogate's pairs (p + 1, k)
    and of the other pairs (q, k)."""
    residual = others - rest.predicted @ odd
    return surrogate.weights @ odd + rest.weights @ residual, np.sqrt(rest.spread @ residual**2)


def _weighed(fit: np.ndarray, rest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The weight of each pair in the regression (p + q,), up to a factor, the rest standing for the pairs of their size
    that were not drawn; and how likely each of the rest was to be drawn, (q,)."""
    d = fit.shape[1]
    fit_sizes, sizes = (np.minimum(masks.sum(axis=1), d - masks.sum(axis=1)) for masks in (fit, rest))
    weight, chances = np.zeros(len(fit) + len(rest)), np.ones(len(rest))
    for size, total in pair_strata(d):
        seen, drawn = fit_sizes == size, sizes == size
        one, left = comb(d, size) * size * (d - size), total - int(seen.sum())  # may be beyond any float
        weight[: len(fit)][seen] = comb(d, 1) * (d - 1) / one
        if drawn.any():
            weight[len(fit) :][drawn] = comb(d, 1) * (d - 1) * left / (one * int(drawn.sum()))
            chances[drawn] = int(drawn.sum()) / left
    return weight, chances

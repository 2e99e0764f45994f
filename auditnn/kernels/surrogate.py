"""Shapley values from a sample of complementary pairs, by a surrogate of the game that passes through all of them.

Of a game only its odd part u(S) = (v(S) - v(S^c)) / 2 has Shapley values; pairs show it alone, so interactions of two
units are gone without being fitted. What remains is a linear part, which is free, and interactions of three, five, ...
units. These are taken as a random field: an interaction of j units has variance rho^j with rho = 1 / d, and a small
remainder is different for every pair. Given the sample, the surrogate is the field's conditional mean (kriging). Its
Shapley values are weights times the values seen, with the same weights whatever the values: exact where the odd part is
linear, adding up exactly, and the Shapley values themselves when all pairs are seen.

After Fumagalli, Witter & Musco (2026) "PolySHAP", where paired KernelSHAP is shown to be the fit of second order, and
Witter, Liu & Musco (2025) "Regression-adjusted Monte Carlo estimators for Shapley values"; the closed form is Owen's
(1972) integral of the multilinear extension.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
import scipy.linalg
import scipy.special

from auditnn.kernels.coalitions import join_weights

REMAINDER = 0.03  # of the smooth field's variance; with it, games without structure lose little (benchmarks/)
NODES = 32  # of the quadrature: exact up to 62 units, and beyond any rounding, as the integrand is much like exp
FREE = 1e-9


@dataclass(frozen=True, slots=True)
class Surrogate:
    """Linear maps from odd values (p + 1, k) of p pairs, the full coalition first, for one set of coalitions.

    `weights` (d, p + 1) gives Shapley values, `linear` (d, p + 1) the linear part alone. `precision` (p + 1, p + 1)
    gives residuals of each pair when predicted from all others, as `precision @ u / diagonal`. `spread` (d, p + 1): the
    squares of those residuals times these add up to the variance of the Shapley values.
    """

    weights: np.ndarray
    linear: np.ndarray
    precision: np.ndarray
    spread: np.ndarray


def fitted(masks: np.ndarray, chances: np.ndarray) -> Surrogate:
    """The surrogate for pairs given by one coalition each, bool (p, d), d of 3 or more, none of them full or empty.

    `chances` (p,) is how likely each pair was to be drawn. Costs about p^3 operations, once for all games of d units.
    """
    d = masks.shape[1]
    seen = np.vstack([np.ones((1, d), dtype=bool), masks])
    signs = seen - 0.5
    covariance = interaction_kernel(d)[apart(seen, seen)]
    covariance[np.diag_indices(len(seen))] += REMAINDER
    inverse = _inverse(covariance)
    own = kernel_shapley(d)[seen.sum(axis=1)]
    true = pair_weights(seen)
    shapley = np.where(seen.T, own[:, 1], own[:, 0]) + REMAINDER * true
    generalized = inverse @ signs
    linear = np.linalg.pinv(signs.T @ generalized, rcond=1e-10, hermitian=True) @ generalized.T
    weights = shapley @ inverse
    weights = _adding_up(weights + linear - (weights @ signs) @ linear)
    precision = inverse - generalized @ linear
    spread = (weights - true) ** 2 + true**2 * (1.0 / np.concatenate([[1.0], chances]) - 1.0)
    gap = np.einsum("dp,dp->d", weights @ covariance - 2.0 * shapley, weights) + field_variance(d)
    return Surrogate(weights, linear, precision, spread * _calibration(spread, gap, precision)[:, None])


def estimated(surrogate: Surrogate, odd: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shapley values and their standard errors, both (d, k), from odd values (p + 1, k).

    The standard error comes from how far each pair lies from what the others say, so it follows the game; its level is
    right on average for games drawn from the field, and widened for few pairs as Student's t asks.
    """
    known, own = _predicted(surrogate.precision)
    residual = np.where(known[:, None], surrogate.precision @ odd / own[:, None], odd)
    freedom = max(1, len(odd) - len(surrogate.weights))
    widened = float(scipy.special.stdtrit(freedom, 0.975) / scipy.special.ndtri(0.975))
    return surrogate.weights @ odd, widened * np.sqrt(surrogate.spread @ residual**2)


def odd_values(values: np.ndarray, base: np.ndarray, full: np.ndarray) -> np.ndarray:
    """Odd values (p + 1, k), the full coalition first, from values (2 p, k) of p coalitions and then their complements,
    and those of the empty and the full coalition, (k,)."""
    pairs = len(values) // 2
    odd: np.ndarray = np.concatenate([(full - base)[None], values[:pairs] - values[pairs:]]) / 2.0
    return odd


def apart(masks: np.ndarray, others: np.ndarray) -> np.ndarray:
    """In how many units coalitions (m, d) and (p, d) differ, (m, p)."""
    differ = masks.shape[1] / 2.0 - 2.0 * ((masks - 0.5) @ (others - 0.5).T)
    result: np.ndarray = np.rint(differ).astype(np.intp)
    return result


def interaction_kernel(d: int) -> np.ndarray:
    """Covariance of odd values due to interactions of three and more units, by how many units two coalitions differ in,
    (d + 1,); 1 at 0."""
    rho, apart = 1.0 / d, np.arange(d + 1)
    both = (1.0 + rho) ** (d - apart) * (1.0 - rho) ** apart
    odd: np.ndarray = ((both - both[::-1]) / 2.0 - rho * (d - 2.0 * apart)) / _scale(d)
    return odd


def kernel_shapley(d: int) -> np.ndarray:
    """Shapley values of the games `interaction_kernel(|. xor S|)`, (d + 1, 2): by the size of S, for units outside of S
    and in it; 0 where there are no such units."""
    rho = 1.0 / d
    x, weight = np.polynomial.legendre.leggauss(min(d // 2 + 1, NODES))
    result = np.zeros((d + 1, 2))
    for size in range(d + 1):
        for inside in (0, 1):
            others_in, others_out = size - inside, d - size - (1 - inside)
            if others_in >= 0 and others_out >= 0:
                product = (1.0 + rho * x) ** others_in * (1.0 - rho * x) ** others_out
                result[size, inside] = (2 * inside - 1) * rho * (weight @ product - 2.0) / _scale(d)
    return result


def field_variance(d: int) -> float:
    """Variance of a unit's Shapley value over the field."""
    rho = 1.0 / d
    x, weight = np.polynomial.legendre.leggauss(min(d // 2 + 1, NODES))
    smooth = rho * (weight @ (1.0 + rho * np.outer(x, x)) ** (d - 1) @ weight - 4.0) / _scale(d)
    remainder = 1.0  # of all pairs, each weighs 2 / (d C) where there are C of its kind
    for size in range(1, d // 2 + 1):
        share = 1.0 if 2 * size < d else 0.5
        remainder += share * (1 / comb(d - 1, size - 1) + 1 / comb(d - 1, size))
    return float(smooth + REMAINDER * (2.0 / d) ** 2 * remainder)


def pair_weights(masks: np.ndarray) -> np.ndarray:
    """What each pair weighs in the Shapley values when all pairs are seen, (d, m), for the odd values of `masks`."""
    inside, outside = _weights_by_size(masks.shape[1])
    sizes = masks.sum(axis=1)
    result: np.ndarray = np.where(masks.T, inside[sizes], -outside[sizes])
    return result


def _weights_by_size(d: int) -> tuple[np.ndarray, np.ndarray]:
    """Pair weights by the size of a coalition, (d + 1,), for units in it and, negated, outside of it."""
    join = np.array([*join_weights(d), 0.0])
    inside = np.concatenate([[0.0], join[:d] + join[:d][::-1]])
    outside = np.concatenate([join[:d] + join[:d][::-1], [0.0]])
    return inside, outside


def _scale(d: int) -> float:
    """The variance of the smooth field before it is set to 1."""
    rho = 1.0 / d
    return ((1.0 + rho) ** d - (1.0 - rho) ** d) / 2.0 - rho * d


def _inverse(covariance: np.ndarray) -> np.ndarray:
    """The inverse of a positive definite matrix."""
    half = scipy.linalg.lapack.dpotri(np.linalg.cholesky(covariance).T, lower=0, overwrite_c=1)[0]
    whole: np.ndarray = half + half.T
    whole[np.diag_indices(len(whole))] /= 2.0
    return whole


def _adding_up(weights: np.ndarray) -> np.ndarray:
    """`weights` with what rounding took from their sums, 2 for the full coalition and 0 for pairs, shared out."""
    total = np.zeros(weights.shape[1])
    total[0] = 2.0
    result: np.ndarray = weights + (total - weights.sum(axis=0)) / len(weights)
    return result


def _predicted(precision: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which pairs the others say anything about, and the inverse variances of those predictions; 1 elsewhere."""
    own = np.diag(precision)
    known = own > FREE * max(1.0, float(own.max(initial=0.0)))
    return known, np.where(known, own, 1.0)


def _calibration(spread: np.ndarray, gap: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """By how much the variances that `spread` would give on average for games drawn from the field differ from the
    true ones `gap`, (d,); 1 where too few pairs can be predicted to tell."""
    known, own = _predicted(precision)
    said = spread @ np.where(known, 1.0 / own, 0.0)
    usable = known.mean() > 0.5
    return np.where((said > 0) & usable, np.maximum(gap, 0.0) / np.where(said > 0, said, 1.0), 1.0)

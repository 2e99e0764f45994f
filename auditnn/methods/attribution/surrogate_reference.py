"""The surrogate of `kernels.surrogate` found once more, plainly, and its Shapley values by the shap library."""

from __future__ import annotations

from collections.abc import Callable
from math import comb

import numpy as np
from scipy.special import gammaln

from auditnn.kernels.surrogate import REMAINDER

MOST_ENUMERATED = 12


def through_surrogate(masks: np.ndarray, fit: int, values: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Shapley values (d, k) of the surrogate through the first `fit` pairs of `masks` (2 p, d), coalitions and then
    their complements, with `values` (2 p, k) and those of the empty and the full coalition, `ends` (2, k); and of what
    it leaves of further pairs, by the regression.

    Shapley values of the surrogate come from shap.ExactExplainer up to twelve units, beyond from Shapley's sum.
    """
    pairs, d = len(values) // 2, masks.shape[1]
    seen = np.concatenate([np.ones((1, d), dtype=bool), masks[:pairs]])
    odd = np.concatenate([ends[1:] - ends[:1], values[:pairs] - values[pairs:]]) / 2.0
    at, slope = _solved(seen[: fit + 1], odd[: fit + 1])

    def surrogate(units: np.ndarray) -> np.ndarray:
        masks = np.asarray(units) > 0.5
        result: np.ndarray = _signs(masks) @ slope + _covariance(masks, seen[: fit + 1]) @ at
        return result

    phi = _enumerated(surrogate, d) if d <= MOST_ENUMERATED else slope + _counted(seen[: fit + 1]) @ at
    return phi if fit == pairs else phi + _put_right(seen[1:], fit, odd[fit + 1 :] - surrogate(seen[fit + 1 :]))


def _signs(masks: np.ndarray) -> np.ndarray:
    return np.where(masks, 0.5, -0.5)


def _solved(seen: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The field's conditional mean as the solution of the kriging equations: weights of the covariances with what was
    seen (p, k), and the slopes of the linear part (d, k)."""
    m, d = seen.shape
    signs = _signs(seen)
    system = np.block([[_covariance(seen, seen), signs], [signs.T, np.zeros((d, d))]])
    sides = np.concatenate([known, np.zeros((d, known.shape[1]))])
    told_apart = np.linalg.matrix_rank(signs) == d
    found = np.linalg.solve(system, sides) if told_apart else np.linalg.lstsq(system, sides, rcond=1e-13)[0]
    return found[:m], found[m:]


def _enumerated(game: Callable[[np.ndarray], np.ndarray], d: int) -> np.ndarray:
    """Shapley values (d, k) of a game of 0 and 1 by the library."""
    import shap

    explainer = shap.ExactExplainer(game, np.zeros((1, d)))
    return np.asarray(explainer(np.ones((1, d)), max_evals=1 << d, silent=True).values[0]).reshape(d, -1)


def _put_right(masks: np.ndarray, fit: int, left: np.ndarray) -> np.ndarray:
    """Shapley values (d, k) of a game that is nothing at the first `fit` of the pairs `masks` (p, d) and `left` (q, k)
    at the others: KernelSHAP's regression, in which one unit is eliminated so that the values add up to nothing."""
    d = masks.shape[1]
    sizes = np.minimum(masks.sum(axis=1), d - masks.sum(axis=1))
    weight = np.zeros(len(masks))
    for size in np.unique(sizes).tolist():
        held, later = sizes == size, np.arange(len(masks)) >= fit
        total = comb(d, size) // (2 if 2 * size == d else 1)
        drawn = int(np.count_nonzero(held & later))
        unseen, scale = total - int(np.count_nonzero(held & ~later)), comb(d, size) * size * (d - size)
        weight[held] = np.where(later[held], unseen / (scale * max(1, drawn)), 1 / scale)
    root = np.sqrt(weight)[:, None]
    signs = _signs(masks)
    target = np.concatenate([np.zeros((fit, left.shape[1])), left])
    phi = np.linalg.lstsq(root * (signs[:, :-1] - signs[:, -1:]), root * target, rcond=None)[0]
    return np.concatenate([phi, -phi.sum(axis=0, keepdims=True)])


def _smooth(d: int) -> np.ndarray:
    """Covariance of odd values by how many units two coalitions differ in, (d + 1,): the sum over odd orders j >= 3 of
    (1 / d)^j K_j, with Krawtchouk's polynomials K_j, divided by its value at 0."""
    from numpy.polynomial.polynomial import polymul, polypow

    whole = np.zeros(d + 1)
    for apart in range(d + 1):
        falling, rising = polypow([1.0, -1.0 / d], apart, d + 1), polypow([1.0, 1.0 / d], d - apart, d + 1)
        whole[apart] = polymul(falling, rising)[3::2].sum()
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
    d = seen.shape[1]
    smooth, result = _smooth(d), np.zeros((d + 1, 2))
    for size in range(d + 1):
        for inside in (0, 1):
            most_in, most_out = size - inside, d - size - 1 + inside
            if most_in < 0 or most_out < 0:
                continue
            a, b = np.arange(most_in + 1)[:, None], np.arange(most_out + 1)
            chosen = _log_choose(most_in, a) + _log_choose(most_out, b)
            weight = np.exp(chosen - _log_choose(d - 1, a + b)) / d
            apart = most_in - a + b
            result[size, inside] = (weight * (smooth[apart + 1 - inside] - smooth[apart + inside])).sum()
    sizes = seen.sum(axis=1)
    joined = np.where(seen.T, result[sizes, 1], result[sizes, 0])
    weight = np.exp(-_log_choose(d - 1, np.arange(d))) / d
    both = np.append(weight + weight[::-1], 0.0)
    return joined + REMAINDER * np.where(seen.T, both[sizes - 1], -both[sizes])


def _log_choose(n: int, k: np.ndarray) -> np.ndarray:
    result: np.ndarray = gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)
    return result

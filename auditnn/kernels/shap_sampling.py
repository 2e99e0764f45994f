"""The coalitions and weights of shap.KernelExplainer, draw by draw."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Coalitions `masks` (m, d) and their `weights` (m,) in the regression, which sum to 1.

    `draw` (m,) tells which coalitions came together (one and its complement) by a number, `times` (m,) how often that
    happened; both are 0 for those that are there for sure.
    """

    masks: np.ndarray
    weights: np.ndarray
    draw: np.ndarray
    times: np.ndarray


def library_sample(d: int, masks: int, random: np.random.RandomState) -> Sample:
    """What `shap.KernelExplainer` asks of d >= 2 units that all vary, with nsamples = `masks`, after np.random was set
    to the state of `random`: sizes that are worth it are asked whole, the rest is drawn, with complements.

    Lundberg & Lee (2017), as shap 0.51 does it; equality with the library is tested.
    """
    masks = min(masks, (1 << d) - 2) if d <= 30 else masks
    paired = (d - 1) // 2  # sizes whose complements have another size
    share = np.array([(d - 1.0) / (size * (d - size)) for size in range(1, d // 2 + 1)])
    share[:paired] *= 2.0
    share /= share.sum()
    seen, weights = _whole_sizes(d, masks, share, paired)
    whole, fixed = len(weights), len(seen)
    lines: list[np.ndarray] = list(seen)
    value = [weights[int(min(mask.sum(), d - mask.sum())) - 1] for mask in seen]
    times = [0.0] * fixed
    draw = [0] * fixed
    left = masks - fixed
    if whole < len(share) and left > 0:
        rest = share.copy()
        rest[:paired] /= 2.0
        rest = rest[whole:] / rest[whole:].sum()
        at: dict[bytes, int] = {}
        for pick in random.choice(len(rest), 4 * left, p=rest).tolist():
            if left <= 0:
                break
            size = pick + whole + 1
            mask = np.zeros(d, dtype=bool)
            mask[random.permutation(d)[:size]] = True
            key = mask.tobytes()
            new = key not in at
            found = at.setdefault(key, len(lines))
            for step, one in enumerate((mask, ~mask) if size <= paired else (mask,)):
                if new and left > 0:
                    lines.append(one)
                    times.append(1.0)
                    draw.append(found + 1)
                    left -= 1
                elif not new and left > 0:
                    times[found + step] += 1.0
    counts = np.array(times)
    drawn = counts[fixed:].sum()
    value += list(counts[fixed:] * (share[whole:].sum() / drawn if drawn else 0.0))
    return Sample(
        masks=np.array(lines, dtype=bool).reshape(-1, d), weights=np.array(value), draw=np.array(draw), times=counts
    )


def _whole_sizes(d: int, masks: int, share: np.ndarray, paired: int) -> tuple[list[np.ndarray], list[float]]:
    """The coalitions of all sizes that are asked whole, and the weight of one of each such size."""
    seen: list[np.ndarray] = []
    weights: list[float] = []
    left, rest = float(masks), share.copy()
    for size in range(1, len(share) + 1):
        total = comb(d, size) * (2 if size <= paired else 1)
        if left * rest[size - 1] / total < 1.0 - 1e-8:
            break
        left -= total
        if rest[size - 1] < 1.0:
            rest /= 1.0 - rest[size - 1]
        weights.append(float(share[size - 1]) / total)
        for units in combinations(range(d), size):
            mask = np.zeros(d, dtype=bool)
            mask[list(units)] = True
            seen += [mask, ~mask] if size <= paired else [mask]
    return seen, weights

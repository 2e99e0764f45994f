"""How well scores rank: area under the ROC curve and average precision, each with an interval.

Both cost one sort. Standard errors come from influence functions, so a mean over classes keeps the correlation
that the classes have by sharing rows.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from auditnn.kernels.estimate import Estimate, effective_df, undefined

Influence = Callable[[np.ndarray, np.ndarray], tuple[float, np.ndarray]]


def midranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1, ties sharing their mean rank, shape (n,)."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    ends = np.append(starts[1:], len(values))
    ranks = np.empty(len(values))
    ranks[order] = np.repeat((starts + ends + 1) / 2.0, ends - starts)
    return ranks


def auc_influence(positive: np.ndarray, score: np.ndarray) -> tuple[float, np.ndarray]:
    """ROC AUC and each row's influence on it (n,); the variance of the AUC is the sum of squared influences.

    DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, by midranks as Sun & Xu (2014), IEEE SPL 21. Influences
    are scaled so that the sum of squares equals DeLong's unbiased variance. Needs both classes. A class of one row
    shows no spread: the largest that there could be takes its place, and the interval is as wide as it must be.
    """
    positive = np.asarray(positive, bool)
    m, n = int(positive.sum()), int((~positive).sum())
    ranks = midranks(score)
    above = (ranks[positive] - midranks(score[positive])) / n
    below = 1.0 - (ranks[~positive] - midranks(score[~positive])) / m
    area = float(above.mean())
    influence = np.empty(len(positive))
    influence[positive] = (above - area) / np.sqrt(m * max(m - 1.0, 1.0))
    influence[~positive] = (below - area) / np.sqrt(n * max(n - 1.0, 1.0))
    if m == 1:
        influence[positive] = _unseen_spread(area)
    if n == 1:
        influence[~positive] = _unseen_spread(area)
    return area, influence


def _unseen_spread(mean: float) -> float:
    """The largest standard deviation of a quantity in [0, 1] with this mean: what one row of a class may hide."""
    return float(np.sqrt(mean * (1.0 - mean)))


def precision_influence(positive: np.ndarray, score: np.ndarray) -> tuple[float, np.ndarray]:
    """Average precision (as scikit-learn: precision at each threshold, weighted by its gain in recall, ties
    together) and each row's influence on it (n,).

    With TP(t) and Q(t) the shares of positives, and of all rows, that score at least t, and pi the share of
    positives, AP = E[Y TP(S) / Q(S)] / pi. Its derivative in the direction of one row (y, s) is
    [y TP(s)/Q(s) - y AP + sum over positives j with s_j <= s of (y / Q_j - TP_j / Q_j^2) / n] / pi.
    Where there is one positive, its spread is the largest that there could be.
    """
    positive = np.asarray(positive, bool)
    total = len(positive)
    order = np.argsort(-score, kind="stable")
    ordered, hits = score[order], positive[order].astype(float)
    last = np.flatnonzero(np.concatenate((ordered[1:] != ordered[:-1], [True])))
    block = np.repeat(np.arange(len(last)), np.diff(np.concatenate(([-1], last))))
    found = np.cumsum(hits)[last]
    share_found, share_taken = found / total, (last + 1.0) / total
    steps = np.diff(np.concatenate(([0.0], found)))
    gained, prevalence = steps / total, hits.mean()
    value = float((steps * (found / (last + 1.0))).sum() / hits.sum())  # in counts, so that perfect is exactly 1
    # sums over thresholds at or below each block's own
    if_positive = np.cumsum((gained / share_taken)[::-1])[::-1]
    if_any = np.cumsum((gained * share_found / share_taken**2)[::-1])[::-1]
    own = hits * ((share_found / share_taken)[block] - value + if_positive[block]) - if_any[block]
    influence = np.empty(total)
    influence[order] = own / (prevalence * np.sqrt(total * (total - 1.0)))
    if hits.sum() == 1:
        influence[positive] = _unseen_spread(value)
    return value, influence


def _lacking(positive: np.ndarray) -> str | None:
    count = int(np.sum(positive))
    if count == 0 or count == len(positive):
        return "all rows are of one class, so there is nothing to rank"
    return None


def _bounded(value: float, influence: np.ndarray, label: np.ndarray, method: str, certain_rows: int) -> Estimate:
    """On the logit scale, with the degrees of freedom that the influences leave within the classes of `label`.

    At exactly 0 or 1 no spread was seen: then Clopper-Pearson's for `certain_rows` without an error.
    """
    n = len(influence)
    if value <= 0.0 or value >= 1.0:
        basis = {"form": "rate", "x": [certain_rows if value >= 1.0 else 0], "n": [certain_rows]}
        return Estimate(float(round(value)), "clopper_pearson", basis, n)
    se = float(np.sqrt((influence**2).sum())) / (value * (1.0 - value))
    return Estimate(value, method, {"se": se, "scale": "logit", "df": effective_df(influence, label)}, n)


def roc_auc(positive: np.ndarray, score: np.ndarray) -> Estimate:
    """Area under the ROC curve of `score` (n,) for `positive` (n,) with DeLong's error on the logit scale.

    The quantile is Student's, as Pauly, Asendorf & Konietschke (2016), Biometrical Journal 58, do for few rows.
    At exactly 0 or 1 DeLong's error is zero; the interval is then Clopper-Pearson's of no error among as many rows
    as the rarer class has: the least favorable way to be wrong is a share of that class on the wrong side.
    """
    positive, score = np.asarray(positive, bool), np.asarray(score, float)
    reason = _lacking(positive)
    if reason:
        return undefined(reason, len(positive))
    value, influence = auc_influence(positive, score)
    return _bounded(value, influence, positive, "delong", int(min(positive.sum(), (~positive).sum())))


def average_precision(positive: np.ndarray, score: np.ndarray) -> Estimate:
    """Average precision of `score` (n,) for `positive` (n,), influence-function error on the logit scale."""
    positive, score = np.asarray(positive, bool), np.asarray(score, float)
    reason = _lacking(positive)
    if reason:
        return undefined(reason, len(positive))
    value, influence = precision_influence(positive, score)
    return _bounded(value, influence, positive, "t", int(positive.sum()))


def macro(label: np.ndarray, score: np.ndarray, influence_of: Influence = auc_influence) -> Estimate:
    """One-vs-rest mean over classes: `label` codes (n,), `score` (n, k). Undefined where a class has no rows."""
    label, score = np.asarray(label), np.asarray(score, float)
    classes = score.shape[1]
    values, total, rarest = [], np.zeros(len(label)), len(label)
    for code in range(classes):
        positive = label == code
        reason = _lacking(positive)
        if reason:
            return undefined(f"class {code}: {reason}", len(label))
        value, influence = influence_of(positive, score[:, code])
        values.append(value)
        total += influence / classes
        rarest = min(rarest, int(positive.sum()), int((~positive).sum()))
    method = "delong" if influence_of is auc_influence else "t"
    return _bounded(float(np.mean(values)), total, label, method, rarest)

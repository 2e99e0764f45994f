"""Standard errors of composites of counts (balanced accuracy, F1, MCC...) by multinomial resampling of the table.

The rows behind a count table are exchangeable, so drawing n rows anew is one multinomial draw over its cells: the
cost depends on the cells and the draws, never on the number of rows.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from auditnn.kernels.estimate import Estimate, undefined
from auditnn.kernels.intervals import Scale, to_scale

Statistic = Callable[[np.ndarray], np.ndarray]
DRAWS = 1000
PSEUDO_COUNT = 0.5


def resampled(table: np.ndarray, rng: np.random.Generator, draws: int = DRAWS) -> np.ndarray:
    """`draws` tables of the same total, shape (draws, *table.shape), drawn in proportion to `table`."""
    total = round(float(table.sum()))
    return rng.multinomial(total, (table / table.sum()).ravel(), size=draws).reshape(draws, *table.shape)


def composite(
    statistic: Statistic,
    table: np.ndarray,
    rng: np.random.Generator,
    *,
    scale: Scale = "identity",
    draws: int = DRAWS,
) -> Estimate:
    """`statistic(tables (m, ...)) -> (m,)` of the count `table` with a bootstrap standard error on `scale`.

    Draws come from the table with half a count added to each cell of a row that has any, so that a cell seen empty
    is not taken for impossible; the interval is centered on the statistic of that table, the value is the plain
    one. Undefined where the statistic is NaN; draws in which it is NaN are left out.
    """
    table = np.asarray(table, float)
    n = int(table.sum())
    value = float(statistic(table[None])[0]) if n else float("nan")
    if np.isnan(value):
        return undefined("a denominator is zero, so the quantity does not exist here", n)
    occupied = table.sum(axis=tuple(range(1, table.ndim)), keepdims=True) > 0
    smooth = table + PSEUDO_COUNT * occupied
    drawn = statistic(resampled(smooth, rng, draws))
    transformed = np.array([to_scale(float(one), scale) for one in drawn[~np.isnan(drawn)]])
    transformed = transformed[np.isfinite(transformed)]
    if len(transformed) < draws // 2:
        return undefined("too few rows to judge how uncertain this is", n)
    center = to_scale(float(statistic(smooth[None])[0]), scale)
    return Estimate(value, "bootstrap", {"se": float(transformed.std(ddof=1)), "scale": scale, "center": center}, n)


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0)


def recalls(tables: np.ndarray) -> np.ndarray:
    """Per class recall (m, k) of confusion tables (m, k true, k predicted); NaN for a class without rows."""
    return _share(np.einsum("mii->mi", tables).astype(float), tables.sum(axis=2).astype(float))


def balanced_accuracy(tables: np.ndarray) -> np.ndarray:
    """Mean recall over the classes that have rows, (m,), as scikit-learn's."""
    each = recalls(tables)
    present = ~np.isnan(each)
    return _share(np.where(present, each, 0.0).sum(axis=1), present.sum(axis=1).astype(float))


def f_scores(tables: np.ndarray) -> np.ndarray:
    """Per class F1 = 2 TP / (true + predicted), (m, k); NaN for a class neither true nor predicted."""
    hits = 2.0 * np.einsum("mii->mi", tables)
    return _share(hits, (tables.sum(axis=2) + tables.sum(axis=1)).astype(float))


def binary_f1(tables: np.ndarray) -> np.ndarray:
    """F1 of class 1, (m,), from tables (m, 2, 2)."""
    return f_scores(tables)[:, 1]


def macro_f1(tables: np.ndarray) -> np.ndarray:
    """Mean F1 over the classes that are true or predicted anywhere, (m,)."""
    each = f_scores(tables)
    present = ~np.isnan(each)
    return _share(np.where(present, each, 0.0).sum(axis=1), present.sum(axis=1).astype(float))


def matthews_correlation(tables: np.ndarray) -> np.ndarray:
    """Matthews correlation for k classes, (m,); NaN where all rows are of one class or predicted as one.

    Gorodkin (2004), Computational Biology and Chemistry 28: correlation of the label's and prediction's indicators.
    """
    tables = np.asarray(tables, float)
    total = tables.sum(axis=(1, 2))
    true, predicted = tables.sum(axis=2), tables.sum(axis=1)
    covariance = np.einsum("mii->m", tables) * total - (true * predicted).sum(axis=1)
    spread = (total**2 - (true**2).sum(axis=1)) * (total**2 - (predicted**2).sum(axis=1))
    return _share(covariance, np.sqrt(np.maximum(spread, 0.0)))

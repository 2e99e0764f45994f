"""Table rows as plain numbers, for distances and correlations between rows and between features."""

from __future__ import annotations

import numpy as np

from auditnn.core.rows import Table

MOST_LEVELS = 50
ROUNDING = 1e-12


def as_numbers(table: Table) -> tuple[np.ndarray, np.ndarray]:
    """The table as finite numbers (n, p), and the position (p,) of the feature that each column is of.

    Numbers are standardised; a missing or infinite one is the mean. A category is one column for each code that occurs
    (missing is a code of its own), each 1 / sqrt(2) where it holds, so that two different categories are at distance 1;
    for the 50 most frequent codes where there are more.
    """
    columns: list[np.ndarray] = []
    owner: list[int] = []
    for position, feature in enumerate(table.features):
        values = table.columns[feature.name]
        found = _indicators(values) if feature.coded else standardised(values[:, None])
        columns.append(found)
        owner += [position] * found.shape[1]
    whole = np.concatenate(columns, axis=1) if columns else np.empty((len(table), 0))
    return whole, np.array(owner, dtype=np.intp)


def standardised(columns: np.ndarray) -> np.ndarray:
    """Columns (n, p) with mean 0 and standard deviation 1; 0 where constant, missing or infinite."""
    values = np.array(columns, dtype=np.float64)
    known = np.isfinite(values)
    values[~known] = 0.0
    largest = np.abs(values).max(axis=0, initial=0.0)
    values /= np.where(largest > 0, largest, 1.0)  # squares of huge numbers would overflow
    count = np.maximum(known.sum(axis=0), 1)
    values -= values.sum(axis=0) / count
    values[~known] = 0.0
    spread = np.sqrt((values**2).sum(axis=0) / count)
    result: np.ndarray = np.where(spread > ROUNDING, values, 0.0) / np.where(spread > ROUNDING, spread, 1.0)
    return result


def _indicators(codes: np.ndarray) -> np.ndarray:
    present, counts = np.unique(codes, return_counts=True)
    kept = np.sort(present[np.argsort(-counts, kind="stable")[:MOST_LEVELS]])
    return (codes[:, None] == kept) / np.sqrt(2.0)

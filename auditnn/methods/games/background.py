"""Background rows: what stands in for hidden units, chosen by a stated rule."""

from __future__ import annotations

import numpy as np

from auditnn.core.errors import SettingsError
from auditnn.core.nearest import nearest
from auditnn.core.rows import Images, Rows, Table
from auditnn.core.seeding import stream
from auditnn.kernels.medoids import k_medoids
from auditnn.methods.games.numbers import as_numbers

RULES = ("sample", "k_medoids")
MOST_ROWS, MOST_PIXELS = 2_000, 2**22  # rows that medoids are sought among, and the pixels these may have in all


def choose_background(rows: Rows, size: int, rule: str, seed: int) -> np.ndarray:
    """Positions of at most `size` of `rows`, ascending: all where there are no more; else chosen by `rule`.

    - `sample`: a seeded sample without replacement. Its mean is an unbiased estimate of the mean over all rows.
    - `k_medoids`: the medoids of `size` clusters of at most 2,000 seeded rows (of 4 million pixels in all), by
      `kernels.medoids` on standardised numbers and one-hot categories (`as_numbers`), or on pixels. They cover the data
      better than a sample, and each counts the same however many rows it stands for: rare kinds of rows weigh more
      than they do in the data.

    Rows may be equal to one another; no position is chosen twice. No model calls. Raises SettingsError for another
    rule, for a size below 1, and for medoids of rows that are neither a table nor images.
    """
    if rule not in RULES:
        advice = nearest(rule, RULES)
        raise SettingsError(f"a rule for the background: {' or '.join(RULES)}", repr(rule), advice)
    if size < 1:
        raise SettingsError("at least one background row", str(size), "Use background=100, for example.")
    if len(rows) <= size:
        return np.arange(len(rows))
    order = stream(seed, "background").permutation(len(rows))
    if rule == "sample":
        return np.sort(order[:size])
    if isinstance(rows, Images):
        among = max(size, min(MOST_ROWS, MOST_PIXELS // max(1, rows.pixels[0].size)))
    else:
        among = max(size, MOST_ROWS)
    candidates = np.sort(order[:among])
    points = _points(rows.take(candidates))
    chosen: np.ndarray = candidates[k_medoids(points, size, stream(seed, "background", "medoids"))]
    return chosen


def _points(rows: Rows) -> np.ndarray:
    """Rows as points (n, p) between which distances mean something."""
    if isinstance(rows, Images):
        return rows.pixels.reshape(len(rows), -1)
    if isinstance(rows, Table):
        return as_numbers(rows)[0]
    raise SettingsError(f"background_rule=sample for {rows.modality} rows", "k_medoids", "Use background_rule=sample.")

"""Background rows: what stands in for hidden units, chosen by a stated rule."""

from __future__ import annotations

import numpy as np

from auditnn.core.errors import SettingsError
from auditnn.core.rows import Rows
from auditnn.core.seeding import stream


def choose_background(rows: Rows, size: int, rule: str, seed: int) -> np.ndarray:
    """Positions of at most `size` of `rows`, ascending: all where there are no more; else by `rule` a seeded sample.

    Raises SettingsError for another rule.
    """
    if rule != "sample":
        raise SettingsError("a rule for the background: sample", repr(rule), "Use background_rule=sample.")
    if len(rows) <= size:
        return np.arange(len(rows))
    chosen: np.ndarray = np.sort(stream(seed, "background").permutation(len(rows))[:size])
    return chosen

"""Explanations that another analyzer of the same run has already computed, taken over where they are the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from auditnn.analyzers.context import Context
from auditnn.analyzers.trust.explained import Explained, column, of_target
from auditnn.core.audit import RowArray
from auditnn.methods.attribution.method import Method
from auditnn.methods.case import Case
from auditnn.subjects import outputs

SHAPLEY, LIME = "explanation.shapley_values", "explanation.lime"
KEYS = (f"{SHAPLEY}/values", f"{SHAPLEY}/base", f"{SHAPLEY}/rows", f"{LIME}/values", f"{LIME}/rows")
ROUNDING = 1e-4  # arrays are kept as float32


def stored(context: Context, case: Case, method: Method, settings: Mapping[str, Any]) -> Explained | None:
    """What `method` says of the rows of a case, from the arrays of this run; None where they do not hold these rows,
    or where the first row, computed anew, is not what they hold of it (another method or other settings made them).

    Shapley values and LIME, which cost much. Costs that one row, and n model rows for the outputs.
    """
    owner = LIME if method.name == "lime" else SHAPLEY
    array, ids = context.consumed.get(f"{owner}/values"), context.consumed.get(f"{owner}/rows")
    base = context.consumed.get(f"{owner}/base")
    if array is None or ids is None or (method.additive and base is None) or not (method.additive or owner == LIME):
        return None
    places = _places(ids.data, case.ids)
    if places is None or array.coords.get("class") not in (None, ("value",), case.calls.subject.classes):
        return None
    values = _of_class(array, places, case.targets)
    first = of_target(method.attribute(case.take(np.zeros(1, dtype=np.int64)), **settings), case.targets[:1]).of(0)
    apart = np.abs(values[0, : len(first)] - first).max(initial=0.0) if values.shape[1] >= len(first) else np.inf
    if apart > ROUNDING * np.abs(first).max(initial=0.0):
        return None
    counts = np.array([len(case.games.units(row)) for row in range(len(case))])
    output = outputs.explained(case.calls.outputs(case.rows), case.calls.subject)
    return Explained(
        values=values,
        output=column(output, case.targets),
        base=_of_class(base, places, case.targets)[:, 0] if base is not None and method.additive else None,
        counts=None if (counts == values.shape[1]).all() else counts,
        segments=getattr(case.games, "segments", None),
    )


def _places(held: np.ndarray, wanted: np.ndarray) -> np.ndarray | None:
    """Where the wanted ids are among those held; None where one is not."""
    at = {one: place for place, one in enumerate(held.tolist())}
    found = [at.get(one) for one in wanted.tolist()]
    return None if None in found else np.array(found, dtype=np.int64)


def _of_class(array: RowArray, places: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Entries (n, d) of some rows for their targets, float64, of an array (row, unit, class) or (row, class)."""
    data = np.asarray(array.data[places], dtype=np.float64)
    flat = data.reshape(len(data), -1, data.shape[-1])
    chosen: np.ndarray = flat[np.arange(len(data)), :, np.minimum(targets, data.shape[-1] - 1)]
    return chosen

"""Pictures of how much each unit moves the output on the whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from auditnn.analyzers.explanation.explained_rows import Column, ExplainedRows, by_size
from auditnn.analyzers.explanation.shapley_measures import ID, MOST_UNITS, SIZE
from auditnn.analyzers.measures import sampled
from auditnn.core.exhibit import INLINE_ROWS, Exhibit
from auditnn.core.numbers import plain
from auditnn.kernels.estimate import Estimate

DRAWN = 15
SIDE_BY_SIDE = 4
NAME = "mean |value|"

Found = Sequence[tuple[Column, Sequence[Estimate]]]


def importance(one: ExplainedRows, found: Found, unit: str) -> Iterator[Exhibit]:
    """Mean |value| by unit: intervals, class beside class up to four of them; a heatmap beyond; and as a table what
    does not fit into these."""
    found = [pair for pair in found if len(pair[0].places)]
    if not found:
        return
    means = np.mean([[estimate.value or 0.0 for estimate in estimates] for _, estimates in found], axis=0)
    order = by_size(means)
    if len(found) <= SIDE_BY_SIDE:
        yield _intervals(one, found, order[:DRAWN], unit)
    else:
        yield _heatmap(one, found, order[:DRAWN], unit)
    if len(order) > DRAWN:
        yield _table(one, found, order, unit)


def _intervals(one: ExplainedRows, found: Found, order: np.ndarray, unit: str) -> Exhibit:
    rows = [_row(one, column, estimates[at], at) for at in order for column, estimates in found]
    columns = {name: [row[name] for row in rows] for name in ("feature", "class", NAME, "low", "high", "rows")}
    if not found[0][0].name:
        del columns["class"]
    roles = {"label": "feature", "value": NAME, "low": "low", "high": "high", "units": {NAME: unit}}
    return Exhibit(
        id=f"{ID}/importance",
        kind="intervals",
        title="Mean size of each feature's Shapley value",
        summary=_said(one, found, order),
        columns=columns,
        roles=roles | ({"series": "class"} if len(found) > 1 else {}),
        slice=one.slice(found[0][0] if len(found) == 1 else None),
        measurements=(SIZE,),
    )


def _heatmap(one: ExplainedRows, found: Found, order: np.ndarray, unit: str) -> Exhibit:
    rows = [_row(one, column, estimates[at], at) for at in order for column, estimates in found]
    return Exhibit(
        id=f"{ID}/importance",
        kind="heatmap",
        title="Mean size of each feature's Shapley value, by class",
        summary=_said(one, found, order),
        columns={name: [row[name] for row in rows] for name in ("feature", "class", NAME)},
        roles={"x": "class", "y": "feature", "value": NAME, "units": {NAME: unit}},
        slice=one.slice(),
        measurements=(SIZE,),
    )


def _table(one: ExplainedRows, found: Found, order: np.ndarray, unit: str) -> Exhibit:
    """All units of all classes, the largest first, as far as a table goes."""
    rows = [_row(one, column, estimates[at], at) for at in order for column, estimates in found][:INLINE_ROWS]
    listed = f"Every feature of every class shown, {len(order):,} of them"
    cut = f"; the first {INLINE_ROWS:,} lines are kept" if len(order) * len(found) > INLINE_ROWS else ""
    return Exhibit(
        id=f"{ID}/all_features",
        kind="table",
        title="All features by the mean size of their Shapley values",
        summary=f"{listed}; the {min(MOST_UNITS, len(order))} largest of each class are measurements{cut}.",
        columns={name: [row[name] for row in rows] for name in ("feature", "class", NAME, "low", "high", "rows")},
        roles={"units": {NAME: unit, "low": unit, "high": unit}},
        slice=one.slice(),
        measurements=(SIZE,),
    )


def _row(one: ExplainedRows, column: Column, estimate: Estimate, at: int) -> dict[str, object]:
    """One unit of one class, with the interval that its measurement has."""
    low = high = estimate.value
    if estimate.value is not None and estimate.method != "exact":
        basis = {**estimate.basis, "n": estimate.n, "limits": [0.0, None]}
        found = sampled(SIZE, estimate.value, estimate.method, basis)
        low, high = found.low, found.high
    return {
        "feature": one.names[at], "class": column.name, NAME: estimate.value, "low": low, "high": high,
        "rows": estimate.n,
    }  # fmt: skip


def _said(one: ExplainedRows, found: Found, order: np.ndarray) -> str:
    """The three features that move the outputs most, and of how many rows that is said."""
    column, estimates = found[0]
    own = by_size([estimate.value or 0.0 for estimate in estimates])
    named = [f"{one.names[at]} ({plain(estimates[at].value or 0.0)})" for at in own[:3]]
    about = f" of {column.name}" if column.name else ""
    several = f"; {len(found)} classes are shown" if len(found) > 1 else ""
    rest = f" The {len(one.names) - len(order)} smaller ones are in the table." if len(one.names) > len(order) else ""
    rows = f"{len(column.places):,} row{'s' if len(column.places) != 1 else ''}"
    if one.attribution.targets is not None and column.name:
        rows += f" explained for {column.name}"
    return f"Over {rows}, the output{about} is moved most by {', '.join(named)}{several}.{rest}"

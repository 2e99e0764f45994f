"""Groups to look at: their rates with intervals, tables of all of them, gaps to a reference group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from auditnn.analyzers.fairness.outcomes import Outcome, share
from auditnn.core.exhibit import INLINE_ROWS, Exhibit
from auditnn.core.measurement import Measurement
from auditnn.core.numbers import percent
from auditnn.core.scale import told, unit_shown
from auditnn.core.subject import Group
from auditnn.kernels.group_table import RATES, EventCounts, GroupTable

FIGURE_GROUPS = 24  # more would not fit a screen; the tables have the others


def rates_figure(id: str, title: str, summary: str, pairs: Mapping[str, Any], stated: Sequence[Measurement]) -> Exhibit:
    """A dot and a whisker per group and rate; without the false negative rate, which mirrors the true positive."""
    rows = [one for one in stated if one.status == "measured" and not one.id.endswith("/false_negative_rate")]
    rows = rows[:INLINE_ROWS]
    return Exhibit(
        id=f"{id}/rates",
        kind="intervals",
        title=title,
        summary=summary,
        slice=pairs,
        roles={"y": "group", "x": "value", "low": "low", "high": "high", "series": "rate"},
        columns={
            "group": [one.slice["group"] for one in rows],
            "rate": [one.id.rsplit("/", 1)[1].replace("_", " ") for one in rows],
            **_numbers(rows),
        },
        measurements=_ids(rows),
    )


def rates_summary(group: Group, outcome: Outcome, counts: EventCounts, figured: int, minimum: int) -> str:
    """The sentence for readers without the figure: lowest and highest selection rate, and what is not shown."""
    rates = np.where(counts.rows >= minimum, share(*counts.rate("selection_rate")), np.nan)
    told = f"No group has {minimum} rows."
    if np.isfinite(rates).any():
        low, high = int(np.nanargmin(rates)), int(np.nanargmax(rates))
        told = (
            f"The share predicted {outcome.name} is lowest for {group.levels[low]} ({percent(rates[low])}, "
            f"{counts.rows[low]:,} rows) and highest for {group.levels[high]} ({percent(rates[high])}, "
            f"{counts.rows[high]:,} rows), of groups with at least {minimum} rows."
        )
    if counts.positives is not None:
        told += f" Positive here means {outcome.name}: a true positive is labelled so, and predicted so."
    if figured < len(group.levels):
        told += f" Shown are {figured} of {len(group.levels):,} groups: the largest, and the lowest and highest rates."
    return told


def rates_table(
    id: str, group: Group, table: GroupTable, events: tuple[Outcome, ...], dropped: tuple[Outcome, ...]
) -> Exhibit:
    """Rows and point values of every group, of the largest where not all fit."""
    levels = _largest(table.rows, INLINE_ROWS // len(events))
    rates = RATES[:1] if table.correct is None else tuple(rate for rate in RATES if rate != "accuracy")
    columns: dict[str, list[Any]] = {"group": [], "outcome": [], "rows": [], **{rate: [] for rate in rates}}
    for outcome, counts in zip(events, table.events, strict=True):
        columns["group"] += [group.levels[level] for level in levels]
        columns["outcome"] += [outcome.name] * len(levels)
        columns["rows"] += table.rows[levels].tolist()
        for rate in rates:
            columns[rate] += _values(share(*counts.rate(rate))[levels])
    if table.correct is not None:
        columns["accuracy"] = _values(share(table.correct, table.rows)[levels]) * len(events)
    said = f"Every rate of {len(levels):,} of {len(group.levels):,} groups of {group.name}; empty: it does not exist."
    if dropped:
        said += f" {len(dropped)} classes that are predicted less often are left out."
    return _groups_table(id, group, said, columns)


def means_table(id: str, group: Group, n: np.ndarray, means: Mapping[str, np.ndarray]) -> Exhibit:
    """Rows and means of every group, of the largest where not all fit."""
    levels = _largest(n, INLINE_ROWS)
    columns: dict[str, list[Any]] = {"group": [group.levels[level] for level in levels], "rows": n[levels].tolist()}
    columns |= {name: _values(values[levels]) for name, values in means.items()}
    said = f"Means of {len(levels):,} of {len(group.levels):,} groups of {group.name}; empty: no rows."
    return _groups_table(id, group, said, columns)


def differences_figure(id: str, group: Group, outcome: Outcome, signed: Sequence[Measurement]) -> Exhibit:
    """Signed differences of selection rate to the reference group, the furthest ones, with a line at zero."""
    measured = [one for one in signed if one.status == "measured"]
    reference = next(one.basis["groups"][1] for one in measured if one.basis is not None)
    furthest = sorted(measured, key=lambda one: -abs(one.value or 0.0))[:FIGURE_GROUPS]
    widest, rows = furthest[0], [one for one in measured if one in furthest]
    left = f" Shown are the {len(rows)} furthest of {len(measured)}." if len(rows) < len(measured) else ""
    return Exhibit(
        id=f"{id}/differences",
        kind="intervals",
        title=f"Share predicted {outcome.name}: each group of {group.name} minus {reference}",
        summary=(f"The difference to {reference} is largest for {widest.slice['group']}: {told(widest)}.{left}"),
        slice={"attribute": group.name, **outcome.slice},
        roles={"y": "group", "x": "value", "low": "low", "high": "high", "reference": 0.0},
        columns={"group": [one.slice["group"] for one in rows], **_numbers(rows)},
        measurements=_ids(rows),
    )


def summary_table(id: str, stated: Sequence[Measurement]) -> Exhibit:
    """Every disparity, with its extreme groups, or why there is none."""
    rows = stated[:INLINE_ROWS]
    columns: dict[str, list[Any]] = {
        "attribute": [one.slice["attribute"] for one in rows],
        "disparity": [one.id.rsplit("/", 1)[1] for one in rows],
        "outcome": [one.basis.get("outcome") if one.basis else None for one in rows],
        "value": [one.value for one in rows],
        "low": [one.low for one in rows],
        "high": [one.high for one in rows],
        "unit": [unit_shown(one) for one in rows],
        "lowest": [_extreme(one, min) for one in rows],
        "highest": [_extreme(one, max) for one in rows],
        "compared": [len(one.basis["groups"]) if one.basis else 0 for one in rows],
        "left out": [", ".join(one.basis["left_out"]) if one.basis else None for one in rows],
        "reason": [one.reason for one in rows],
    }
    if not any(columns["outcome"]):  # means have none
        del columns["outcome"]
    if any("class" in one.slice for one in rows):
        columns["class"] = [one.slice.get("class") for one in rows]
    measured = sum(one.status == "measured" for one in rows)
    return Exhibit(
        id=f"{id}/summary",
        kind="table",
        title="Disparities by attribute",
        summary=f"{measured} of {len(rows)} disparities could be measured; lowest and highest name the groups.",
        columns=columns,
        roles={"units": dict.fromkeys(("value", "low", "high"), "unit")},
        measurements=_ids(rows),
    )


def _groups_table(id: str, group: Group, summary: str, columns: Mapping[str, list[Any]]) -> Exhibit:
    return Exhibit(
        id=f"{id}/table",
        kind="table",
        title=f"Every group of {group.name}",
        summary=summary,
        slice={"attribute": group.name},
        columns=columns,
    )


def _largest(rows: np.ndarray, room: int) -> np.ndarray:
    """The codes, ascending, of the `room` largest levels."""
    return np.sort(np.argsort(-rows, kind="stable")[: max(1, room)])


def _values(values: np.ndarray) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values]


def _numbers(rows: Sequence[Measurement]) -> dict[str, list[Any]]:
    return {
        "value": [one.value for one in rows],
        "low": [one.low for one in rows],
        "high": [one.high for one in rows],
        "n": [one.n for one in rows],
    }


def _ids(rows: Sequence[Measurement]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.id for one in rows))


def _extreme(one: Measurement, which: Any) -> str | None:
    """The group with the lowest or highest rate or mean; of equalized odds, of the rate with the larger gap."""
    if one.basis is None:
        return None
    basis = one.basis
    if "mean" in basis:
        values = list(basis["mean"])
    elif basis["form"] == "worst_gap":
        rates = [[x / n for x, n in zip(*pair, strict=True)] for pair in zip(basis["x"], basis["n"], strict=True)]
        values = max(rates, key=lambda shares: max(shares) - min(shares))
    else:
        values = [x / n for x, n in zip(basis["x"], basis["n"], strict=True)]
    return str(basis["groups"][values.index(which(values))])

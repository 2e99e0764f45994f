"""What counts as being selected, which groups are compared, and which of many are shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from auditnn.analyzers import measures
from auditnn.core.errors import NotApplicable
from auditnn.core.measurement import Measurement
from auditnn.core.subject import UNKNOWN, Group, Predictions, Subject
from auditnn.kernels.group_table import EventCounts, GroupTable, group_table

NO_LABELS = "the data has no labels, only outcomes: errors cannot be told from right decisions"
NAMED = 50  # groups named one by one before "and 12 more"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One event that people get or do not get: the class codes that make it, and the slice that names it."""

    classes: tuple[int, ...]
    name: str
    slice: dict[str, Any] = field(default_factory=dict)


def outcomes(subject: Subject) -> tuple[Outcome, ...]:
    """The events whose rates are measured.

    Binary: the favorable outcome where one is declared, else the positive class. Multiclass: each favorable class
    against the rest where some are declared (and, where they are several, all of them together in the slice without
    `class`), else each class against the rest.
    """
    if subject.task == "binary":
        positive = 1 if subject.positive is None else subject.positive
        codes = subject.favorable or (positive,)
        return (Outcome(codes, _name(subject, codes)),)
    codes = subject.favorable or tuple(range(len(subject.classes)))
    single = tuple(Outcome((code,), _name(subject, (code,)), {"class": subject.classes[code]}) for code in codes)
    if subject.favorable and len(codes) > 1:
        return (Outcome(codes, _name(subject, codes)), *single)
    return single


def _name(subject: Subject, codes: Sequence[int]) -> str:
    return " or ".join(subject.classes[code] if subject.classes else str(code) for code in codes)


def kept_outcomes(
    every: tuple[Outcome, ...], predictions: Predictions, room: int
) -> tuple[tuple[Outcome, ...], tuple[Outcome, ...]]:
    """At most `room` outcomes, those predicted most often, in their own order; and those there is no room for."""
    if len(every) <= room:
        return every, ()
    seen = np.bincount(predictions.prediction)
    often = [-sum(int(seen[code]) for code in one.classes if code < len(seen)) for one in every]
    chosen = set(np.argsort(often, kind="stable")[: max(1, room)].tolist())
    return (
        tuple(one for i, one in enumerate(every) if i in chosen),
        tuple(one for i, one in enumerate(every) if i not in chosen),
    )


def tally(subject: Subject, predictions: Predictions, group: Group, events: Sequence[Outcome]) -> GroupTable:
    """The counts of these outcomes per level of one attribute, from all test rows."""
    classes = max(2, len(subject.classes))
    members = [event.classes for event in events]
    return group_table(group.codes, len(group.levels), subject.test.y, predictions.prediction, classes, members)


def share(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    """X / n, NaN where n is 0, (g,)."""
    return np.divide(x, n, out=np.full(len(n), np.nan), where=n > 0)


def attributes(subject: Subject) -> tuple[Group, ...]:
    """The attributes of the test rows, intersections last; NotApplicable where there is none."""
    found = subject.attributes()
    if not found:
        raise NotApplicable("the subject declares no groups")
    return found


def compared(group: Group, rows: np.ndarray, minimum: int, include_unknown: bool = True) -> np.ndarray:
    """Which levels a disparity is taken over, (g,): those with at least `minimum` rows, and, unless told, "unknown"
    (a missing attribute) like any other."""
    enough = (rows >= max(1, minimum)).astype(bool)
    if not include_unknown:
        parts = group.where or tuple((level,) for level in group.levels)
        enough &= np.array([UNKNOWN not in names for names in parts], dtype=bool)
    return np.asarray(enough)


def shown(rows: np.ndarray, rates: np.ndarray, room: int, minimum: int) -> np.ndarray:
    """Level codes, ascending, that become measurements: all where there is `room`, else the largest half, and the
    lowest and highest rates among levels of at least `minimum` rows."""
    if len(rows) <= room:
        return np.arange(len(rows))
    by_size = np.argsort(-rows, kind="stable")
    chosen = list(by_size[: room - room // 2])
    ranked = [level for level in np.argsort(rates, kind="stable") if rows[level] >= minimum and level not in chosen]
    extreme = room // 2
    picked = ranked if len(ranked) <= extreme else ranked[: extreme - extreme // 2] + ranked[-(extreme // 2) :]
    return np.sort(np.array(chosen + picked, dtype=np.intp))


def allot(levels: Sequence[int], room: int, least: int = 4) -> list[int]:
    """`room` shared among attributes of so many levels: nobody gets more than needed, nobody less than `least`.

    >>> allot([2, 300, 5], 60)
    [2, 53, 5]
    """
    shares = [0] * len(levels)
    order = sorted(range(len(levels)), key=lambda i: levels[i])
    for done, i in enumerate(order):
        shares[i] = min(levels[i], max(least, room // (len(levels) - done)))
        room -= shares[i]
    return shares


def named(names: Sequence[str]) -> list[str]:
    """Names for a list that people read: the first 50, and how many more.

    >>> named(["a"]), named(["a"] * 60)[-1]
    (['a'], 'and 10 more')
    """
    if len(names) <= NAMED:
        return list(names)
    return [*names[:NAMED], f"and {len(names) - NAMED} more"]


def left_over(id: str, rates: Sequence[str], group: Group, dropped: Sequence[Outcome]) -> Iterator[Measurement]:
    """One line per rate for the classes that there is no room for: silence would look like a pass."""
    if not dropped:
        return
    reason = f"{len(dropped)} classes predicted less often were left out; a higher {id}.measurements includes them"
    pairs = {"attribute": group.name, "class": f"and {len(dropped)} more classes"}
    for rate in rates:
        yield measures.absent(f"{id}/{rate}", "skipped", reason, slice=pairs, unit="probability")


def reference_level(subject: Subject, group: Group, rows: np.ndarray) -> int | None:
    """The code of the reference group: the one declared (of an intersection: each part's), else the largest; None
    where the declared one has no rows."""
    asked = subject.reference.get(group.name)
    if asked is None and group.parts and all(part in subject.reference for part in group.parts):
        wanted = tuple(subject.reference[part] for part in group.parts)
        return group.where.index(wanted) if wanted in group.where else None
    if asked is None:
        return int(np.argmax(rows))
    return group.levels.index(asked) if asked in group.levels else None


def no_denominator(rate: str, outcome: Outcome, counts: EventCounts, level: int) -> str:
    """Why this rate does not exist for this group."""
    if counts.rows[level] == 0:
        return "no rows in this group"
    if rate == "precision":
        return f"no row here is predicted {outcome.name!r}"
    if rate == "false_positive_rate":
        return f"every row here has the label {outcome.name!r}"
    return f"no row here has the label {outcome.name!r}"

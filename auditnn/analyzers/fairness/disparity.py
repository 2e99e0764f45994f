"""How far apart are the groups?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from auditnn.analyzers import measures
from auditnn.analyzers.context import Context
from auditnn.analyzers.fairness.exhibits import differences_figure, summary_table
from auditnn.analyzers.fairness.extremes import Contest, Fractions, gap, lowest, mean_gap, ratio, worst_gap
from auditnn.analyzers.fairness.means import MEANS, row_values
from auditnn.analyzers.fairness.outcomes import (
    NO_LABELS,
    Outcome,
    allot,
    attributes,
    compared,
    kept_outcomes,
    left_over,
    outcomes,
    reference_level,
    share,
    shown,
    tally,
)
from auditnn.analyzers.settings import setting
from auditnn.core.analyzer import Analyzer, Yield
from auditnn.core.audit import Quantity
from auditnn.core.measurement import Better, Measurement
from auditnn.core.subject import Group, Subject
from auditnn.kernels.group_table import EventCounts, GroupTable
from auditnn.kernels.moments import group_moments

ID = "fairness.disparity"
DISPARITIES = (
    "demographic_parity_difference",
    "demographic_parity_ratio",
    "equal_opportunity_difference",
    "equalized_odds_difference",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Which groups are compared, and how much is stated as measurements."""

    min_group: int = setting(10, "rows a group needs to be compared", at_least=1)
    include_unknown: bool = setting(True, "compare rows with a missing attribute as a group of their own")
    most_groups: int = setting(200, "groups of one attribute that are compared pair by pair, at most", at_least=2)
    measurements: int = setting(400, "about the most measurements", at_least=20)


def run(subject: Subject, settings: Settings, context: Context) -> Iterator[Yield]:
    """Gaps, ratios and worst groups of each attribute, and each group against the reference group."""
    groups = attributes(subject)
    if subject.task == "regression":
        stated = list(_regression(subject, settings, context, groups))
        yield from stated
        yield summary_table(ID, stated)
        return
    room = settings.measurements // (2 * len(groups) * len(DISPARITIES))
    events, dropped = kept_outcomes(outcomes(subject), context.predictions, max(1, room))
    slots = settings.measurements // (2 * len(events))
    shares = allot([len(group.levels) for group in groups], slots)
    summary: list[Measurement] = []
    for group, room in zip(groups, shares, strict=True):
        table = tally(subject, context.predictions, group, events)
        enough = compared(group, table.rows, settings.min_group, settings.include_unknown)
        contest = Contest(group, table.rows, enough, settings.min_group, settings.most_groups)
        stated = [*_disparities(contest, table, events), *left_over(ID, DISPARITIES, group, dropped)]
        summary += stated
        yield from stated
        for outcome, counts in zip(events, table.events, strict=True):
            signed = list(_signed(subject, contest, outcome, counts, room))
            yield from signed
            if any(one.status == "measured" for one in signed):
                yield differences_figure(ID, group, outcome, signed)
    yield summary_table(ID, summary)


def _disparities(contest: Contest, table: GroupTable, events: tuple[Outcome, ...]) -> Iterator[Measurement]:
    for outcome, counts in zip(events, table.events, strict=True):
        pairs = {"attribute": contest.group.name, **outcome.slice}
        selected = _fractions("selection_rate", counts, outcome)
        yield gap(f"{ID}/demographic_parity_difference", contest, selected, pairs)
        yield ratio(f"{ID}/demographic_parity_ratio", contest, selected, pairs)
        if counts.positives is None:
            continue
        both = [_fractions(rate, counts, outcome) for rate in ("true_positive_rate", "false_positive_rate")]
        yield gap(f"{ID}/equal_opportunity_difference", contest, both[0], pairs)
        yield worst_gap(f"{ID}/equalized_odds_difference", contest, both, pairs)
    pairs = {"attribute": contest.group.name}
    if table.correct is not None:
        accuracy = Fractions("accuracy", table.correct, table.rows)
        yield lowest(f"{ID}/worst_group_accuracy", contest, accuracy, pairs)
        return
    for name in (*DISPARITIES[2:], "worst_group_accuracy"):
        better: Better = "higher" if name == "worst_group_accuracy" else "lower"
        yield measures.absent(
            f"{ID}/{name}", "not_applicable", NO_LABELS, slice=pairs, better=better, unit="probability"
        )


def _fractions(rate: str, counts: EventCounts, outcome: Outcome) -> Fractions:
    return Fractions(rate, *counts.rate(rate), outcome.name)


def _signed(
    subject: Subject, contest: Contest, outcome: Outcome, counts: EventCounts, room: int
) -> Iterator[Measurement]:
    """Selection rate of each compared group minus that of the reference: the one declared, else the largest group."""
    group, id = contest.group, f"{ID}/selection_rate_difference"
    if len(group.levels) < 2 or not contest.enough.any():
        return
    reference = reference_level(subject, group, np.where(contest.enough, contest.rows, -1))
    if reference is None or not contest.enough[reference]:
        reason = f"the reference group of {group.name} has fewer than {contest.minimum} rows"
        pairs = {"attribute": group.name, **outcome.slice}
        yield measures.absent(id, "undefined", reason, slice=pairs, better="zero", unit="probability")
        return
    selected = _fractions("selection_rate", counts, outcome)
    x, n = selected.x, selected.n
    for level in shown(contest.rows, share(x, n), max(4, room), contest.minimum).tolist():
        if level == reference or not contest.enough[level]:
            continue
        names = (group.levels[level], group.levels[reference])
        hits, of = (int(x[level]), int(x[reference])), (int(n[level]), int(n[reference]))
        pairs = {**group.slice_of(level), **outcome.slice}
        yield measures.rate_difference(id, names, hits, of, slice=pairs, better="zero", about=selected.about)


def _regression(
    subject: Subject, settings: Settings, context: Context, groups: tuple[Group, ...]
) -> Iterator[Measurement]:
    values = row_values(subject, context.predictions)
    for group in groups:
        pairs: dict[str, Any] = {"attribute": group.name}
        for name in MEANS:
            id = f"{ID}/{name}_difference"
            if name not in values:
                yield measures.absent(id, "not_applicable", NO_LABELS, slice=pairs, better="lower", unit="target")
                continue
            moments = group_moments(group.codes, len(group.levels), values[name])
            minimum = max(2, settings.min_group)
            enough = compared(group, moments.n, minimum, settings.include_unknown)
            yield mean_gap(id, Contest(group, moments.n, enough, minimum, settings.most_groups), moments, pairs)


ANALYZER = Analyzer(
    id=ID,
    title="Disparities between groups",
    question="How far apart are the groups?",
    run=run,
    quantities={
        "demographic_parity_difference": Quantity(
            "Demographic parity difference", "largest minus smallest selection rate"
        ),
        "demographic_parity_ratio": Quantity("Demographic parity ratio", "smallest over largest selection rate"),
        "equalized_odds_difference": Quantity(
            "Equalized odds difference", "the larger gap in true and false positive rates"
        ),
        "equal_opportunity_difference": Quantity("Equal opportunity difference", "gap in true positive rates"),
        "worst_group_accuracy": Quantity("Worst group accuracy", "accuracy in the group where it is lowest"),
        "selection_rate_difference": Quantity("Selection rate difference", "of a group to its reference group"),
        "mean_prediction_difference": Quantity("Mean prediction difference", "largest minus smallest group mean"),
        "mean_error_difference": Quantity("Mean error difference", "largest minus smallest group mean error"),
        "mean_absolute_error_difference": Quantity(
            "Mean absolute error difference", "largest minus smallest group error"
        ),
    },
    reference="Hardt, Price & Srebro (2016), Equality of Opportunity in Supervised Learning, NeurIPS; "
    "Newcombe (1998), Statistics in Medicine 17; Miettinen & Nurminen (1985), Statistics in Medicine 4",
    needs=("groups",),
    settings=Settings,
)

"""How often does each group get the outcome, and how often is the model wrong about it?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from auditnn.analyzers import measures
from auditnn.analyzers.context import Context
from auditnn.analyzers.fairness.exhibits import FIGURE_GROUPS, rates_figure, rates_summary, rates_table
from auditnn.analyzers.fairness.means import group_means
from auditnn.analyzers.fairness.outcomes import (
    NO_LABELS,
    Outcome,
    allot,
    attributes,
    kept_outcomes,
    left_over,
    no_denominator,
    outcomes,
    share,
    shown,
    tally,
)
from auditnn.analyzers.settings import setting
from auditnn.core.analyzer import Analyzer, Yield
from auditnn.core.audit import Quantity
from auditnn.core.measurement import Better, Measurement
from auditnn.core.subject import Group, Subject
from auditnn.kernels.group_table import RATES, EventCounts, GroupTable

ID = "fairness.group_rates"
EVENT_RATES = tuple(rate for rate in RATES if rate != "accuracy")
BETTER: dict[str, Better] = {
    "selection_rate": "none",
    "true_positive_rate": "higher",
    "false_positive_rate": "lower",
    "false_negative_rate": "lower",
    "precision": "higher",
    "accuracy": "higher",
}
FIGURES = 6  # outcomes of one attribute that get their own figure; the table has them all


@dataclass(frozen=True, slots=True)
class Settings:
    """How much is stated as measurements; everything is counted either way."""

    min_group: int = setting(10, "rows a group needs to be picked for an extreme rate", at_least=1)
    measurements: int = setting(600, "about the most measurements; other groups are rows of the tables", at_least=50)


def run(subject: Subject, settings: Settings, context: Context) -> Iterator[Yield]:
    """Rates of each group (classification), or means of prediction, error and absolute error (regression)."""
    groups = attributes(subject)
    if subject.task == "regression":
        yield from group_means(ID, subject, context.predictions, groups, settings.measurements, settings.min_group)
        return
    slots = settings.measurements // len(RATES)
    events, dropped = kept_outcomes(outcomes(subject), context.predictions, max(1, slots // (4 * len(groups))))
    shares = allot([len(group.levels) for group in groups], slots // len(events))
    tables = [tally(subject, context.predictions, group, events) for group in groups]
    yield from _overall(tables[0], events)
    for group, table, room in zip(groups, tables, shares, strict=True):
        yield from _attribute(group, table, events, room, settings.min_group)
        yield from left_over(ID, EVENT_RATES, group, dropped)
        yield rates_table(ID, group, table, events, dropped)


def _overall(table: GroupTable, events: tuple[Outcome, ...]) -> Iterator[Measurement]:
    """Each rate over all rows: the slice is empty, or names the class."""
    for outcome, counts in zip(events, table.events, strict=True):
        yield from _rates(outcome, counts.total(), {0: {}})
    if table.correct is not None:
        yield from _accuracies(table.correct.sum(keepdims=True), table.rows.sum(keepdims=True), {0: {}})


def _attribute(
    group: Group, table: GroupTable, events: tuple[Outcome, ...], room: int, minimum: int
) -> Iterator[Yield]:
    """The rates of one attribute's groups, and a figure of them."""
    if table.correct is None:
        for rate in RATES[1:]:
            pairs = {"attribute": group.name}
            yield measures.absent(f"{ID}/{rate}", "not_applicable", NO_LABELS, slice=pairs, unit="probability")
    for number, (outcome, counts) in enumerate(zip(events, table.events, strict=True)):
        levels = shown(table.rows, share(*counts.rate("selection_rate")), room, minimum)
        slices = {level: group.slice_of(level) for level in levels.tolist()}
        stated = list(_rates(outcome, counts, slices))
        if number == 0 and table.correct is not None:
            stated += _accuracies(table.correct, table.rows, slices)
        yield from stated
        if number < FIGURES:
            title = f"How often {outcome.name} is predicted, rightly and wrongly, by {group.name}"
            drawn = shown(table.rows, share(*counts.rate("selection_rate")), min(room, FIGURE_GROUPS), minimum)
            names = {group.levels[level] for level in drawn}
            rows = [one for one in stated if one.slice["group"] in names]
            summary = rates_summary(group, outcome, counts, len(drawn), minimum)
            yield rates_figure(ID, title, summary, {"attribute": group.name, **outcome.slice}, rows)


def _rates(outcome: Outcome, counts: EventCounts, slices: dict[int, dict[str, Any]]) -> Iterator[Measurement]:
    """The rates of one outcome for these groups; only the selection rate without labels."""
    names = RATES[:1] if counts.positives is None else EVENT_RATES
    fractions = {name: counts.rate(name) for name in names}
    for level, pairs in slices.items():
        for name, (x, n) in fractions.items():
            empty = no_denominator(name, outcome, counts, level)
            pair, more = (int(x[level]), int(n[level])), {**pairs, **outcome.slice}
            about: dict[str, Any] = {"rate": name, "outcome": outcome.name, "rows": [int(counts.rows[level])]}
            if "group" in pairs:
                about["groups"] = [pairs["group"]]
            yield measures.rate(f"{ID}/{name}", *pair, slice=more, better=BETTER[name], empty=empty, about=about)


def _accuracies(correct: np.ndarray, rows: np.ndarray, slices: dict[int, dict[str, Any]]) -> Iterator[Measurement]:
    """The share of predictions that equal their label, over all classes."""
    for level, pairs in slices.items():
        pair, empty = (int(correct[level]), int(rows[level])), "no rows in this group"
        yield measures.rate(f"{ID}/accuracy", *pair, slice=pairs, better="higher", empty=empty)


ANALYZER = Analyzer(
    id=ID,
    title="Rates by group",
    question="How often does each group get the outcome, and how often is the model wrong about it?",
    run=run,
    quantities={
        "selection_rate": Quantity("Selection rate", "share that gets the favorable outcome"),
        "true_positive_rate": Quantity("True positive rate", "share of those labelled favorable who get it"),
        "false_positive_rate": Quantity("False positive rate", "share of those labelled otherwise who get it"),
        "false_negative_rate": Quantity("False negative rate", "share of those labelled favorable who do not"),
        "precision": Quantity("Precision", "share of predictions of a class that are right"),
        "accuracy": Quantity("Accuracy", "share of rows predicted correctly"),
        "mean_prediction": Quantity("Mean prediction", "in the unit of the target"),
        "mean_error": Quantity("Mean error", "prediction minus truth, on average"),
        "mean_absolute_error": Quantity("Mean absolute error", "in the unit of the target"),
    },
    reference="Hardt, Price & Srebro (2016), Equality of Opportunity in Supervised Learning, NeurIPS",
    needs=("groups",),
    settings=Settings,
)

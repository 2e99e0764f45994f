"""What accuracy hides when classes differ in size: the rarest class, and the classifier that never looks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from auditnn.analyzers.context import Context
from auditnn.analyzers.measures import absent, estimated, rate_difference
from auditnn.analyzers.performance.obstacles import without_rows
from auditnn.analyzers.settings import setting
from auditnn.core.analyzer import Analyzer, Yield
from auditnn.core.audit import Quantity
from auditnn.core.errors import NotApplicable
from auditnn.core.exhibit import Exhibit
from auditnn.core.measurement import Measurement
from auditnn.core.numbers import POINTS, hundredth, percent
from auditnn.core.subject import Subject
from auditnn.kernels.confusion import Margins, composite, confusion_table, resample
from auditnn.kernels.estimate import Estimate, undefined
from auditnn.kernels.trivial import accuracy_gain, average_precision_gain, balanced_accuracy_gain

ID = "performance.imbalance"
GAP = f"{ID}/minority_recall_gap"
ACCURACY, BALANCED, PRECISION = (f"{ID}/{n}_gain" for n in ("accuracy", "balanced_accuracy", "average_precision"))
WORDS = {ACCURACY: "accuracy", BALANCED: "balanced accuracy", PRECISION: "average precision"}


@dataclass(frozen=True, slots=True)
class Settings:
    """How the intervals of the gains are got."""

    draws: int = setting(1000, "draws of the confusion table for the intervals of the gains", at_least=100)


def run(subject: Subject, settings: Settings, context: Context) -> Iterator[Yield]:
    """minority_recall_gap: recall of the most common class in the test rows minus recall of the rarest that has any.

    accuracy_gain, balanced_accuracy_gain, average_precision_gain: the model's minus that of the trivial classifier,
    which answers the majority class (of the training labels where there are any, else of the test labels), and gives
    every row the same score. No model calls.
    """
    y, predictions, k = subject.test.y, context.predictions, len(subject.classes)
    if y is None:
        raise NotApplicable("the data has no labels")
    resampled = resample(confusion_table(y, predictions.prediction, k), context.rng("shared"), settings.draws)
    counts = resampled.counts
    labels = y if subject.train is None or subject.train.y is None else subject.train.y
    majority = int(np.bincount(labels, minlength=k).argmax())
    obstacle = without_rows(subject, counts.true)
    balanced = undefined(obstacle, len(y)) if obstacle else composite(balanced_accuracy_gain, resampled)
    gains = [
        _gain(ACCURACY, composite(accuracy_gain(majority), resampled)),
        _gain(BALANCED, balanced),
        _precision_gain(subject, y, predictions.score, obstacle),
    ]
    gap = _recall_gap(subject, counts)
    yield gap
    yield from gains
    yield _summary(subject, gap, gains, majority)


def _recall_gap(subject: Subject, counts: Margins) -> Measurement:
    """The difference of two recalls, with an interval of its own."""
    n, present = int(counts.true.sum()), np.flatnonzero(counts.true)
    if len(present) < 2:
        reason = f"every test row has the label {subject.classes[int(present[0])]!r}"
        return absent(GAP, "undefined", reason, better="zero", unit="probability", n=n)
    sizes = counts.true[present]
    pair = [int(present[sizes.argmax()]), int(present[len(sizes) - 1 - sizes[::-1].argmin()])]
    names, x, of = zip(*((subject.classes[i], int(counts.hit[i]), int(counts.true[i])) for i in pair), strict=True)
    return rate_difference(GAP, names, x, of, better="zero", about={"rate": "recall"})


def _gain(id: str, estimate: Estimate) -> Measurement:
    """A difference of two shares, the model's and the trivial classifier's."""
    return estimated(id, estimate, limits=(-1.0, 1.0), better="higher", unit="probability")


def _precision_gain(subject: Subject, y: np.ndarray, score: np.ndarray | None, obstacle: str | None) -> Measurement:
    if score is None:
        reason = "the model gives labels without scores"
        return absent(PRECISION, "not_applicable", reason, better="higher", unit="probability", n=len(y))
    label = (y == subject.positive).astype(float) if score.ndim == 1 else y
    estimate = undefined(obstacle, len(y)) if obstacle else average_precision_gain(label, score)
    return _gain(PRECISION, estimate)


def _summary(subject: Subject, gap: Measurement, gains: Sequence[Measurement], majority: int) -> Exhibit:
    shown = [one for one in gains if one.value is not None]
    if gap.value is None or gap.basis is None:
        hidden = f"No gap in recall: {gap.reason}."
    else:
        (common, rare), x, n = gap.basis["groups"], gap.basis["x"], gap.basis["n"]
        hidden = (
            f"{percent(x[0] / n[0])} of the {n[0]:,} rows of the most common class, {common}, are found, "
            f"and {percent(x[1] / n[1])} of the {n[1]:,} rows of the rarest, {rare}."
        )
    gained = _listed([f"{hundredth(one.value or 0.0)} {POINTS} in {WORDS[one.id]}" for one in shown])
    return Exhibit(
        id=f"{ID}/gains",
        kind="intervals",
        title="What the model adds to a classifier that never looks",
        summary=f"{hidden} Over always answering {subject.classes[majority]}, the model gains {gained}.",
        columns={
            "measure": [WORDS[one.id] for one in shown],
            "gain": [one.value for one in shown],
            "low": [one.low for one in shown],
            "high": [one.high for one in shown],
        },
        roles={"label": "measure", "value": "gain", "low": "low", "high": "high", "reference": 0},
        measurements=(GAP, *(one.id for one in shown)),
    )


def _listed(parts: Sequence[str]) -> str:
    """Commas and a last "and"; nothing where there is none."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:]))) or "nothing"


ANALYZER = Analyzer(
    id=ID,
    title="What accuracy hides",
    question="Is the rarest class found as often as the most common one, and what does the model add to a guess?",
    run=run,
    quantities={
        "minority_recall_gap": Quantity(
            "Minority recall gap", "recall of the largest class minus that of the smallest"
        ),
        "accuracy_gain": Quantity("Gain in accuracy", "over always answering the most common class"),
        "balanced_accuracy_gain": Quantity("Gain in balanced accuracy", "over always answering the most common class"),
        "average_precision_gain": Quantity("Gain in average precision", "over scores that say nothing"),
    },
    reference="He, H. & Garcia, E. A. (2009). Learning from imbalanced data. IEEE TKDE 21(9).",
    needs=("labels",),
    tasks=("binary", "multiclass"),
    settings=Settings,
)

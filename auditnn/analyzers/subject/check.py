"""Does the model give the same answer to the same question? Asked before anything else about it is believed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from auditnn.analyzers.context import Context
from auditnn.analyzers.measures import absent, exact
from auditnn.analyzers.settings import setting
from auditnn.core.analyzer import Analyzer, Effort, Yield
from auditnn.core.audit import Quantity
from auditnn.core.errors import NotApplicable
from auditnn.core.exhibit import Exhibit
from auditnn.core.measurement import Measurement
from auditnn.core.numbers import plain
from auditnn.core.rows import Rows
from auditnn.core.subject import Predictions, Subject
from auditnn.subjects import outputs
from auditnn.subjects.calls import Calls, cut

ID = "subject.check"
REPEAT, BATCH = f"{ID}/repeat_difference", f"{ID}/batch_difference"
SUM, TRAIN_MODE = f"{ID}/probability_sum_error", f"{ID}/train_mode"
ENCODED_ALONE = 3
MEANING = {
    REPEAT: "the same rows asked twice",
    BATCH: "the same rows asked one by one and together",
    SUM: "probabilities of a row that should sum to one",
    TRAIN_MODE: "the model was handed over in training mode",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """How many rows are asked again."""

    rows: int = setting(256, "test rows that are asked twice", at_least=1)
    single: int = setting(32, "how many of these are also asked one by one", at_least=1)


def run(subject: Subject, settings: Settings, context: Context) -> Iterator[Yield]:
    """Largest differences, over a sample of rows, between answers that should be equal; all exact.

    `repeat_difference`: the same rows in the same batches, twice. `batch_difference`: rows one by one (the first three
    of them also encoded alone), and the sample by itself, against the same rows among all test rows. Both are in units
    of the score (a probability); where the model gives only labels, the share of rows whose label differs; for
    regression, in standard deviations of the predictions over the sample. `probability_sum_error`: largest distance
    from one of a row's summed probabilities. `train_mode`: 1 where the module was in training mode when it was handed
    over (it is audited in evaluation mode).
    Costs up to 3 times `rows` plus `single` forward rows.
    """
    calls, rows = context.calls, subject.test.rows
    if calls is None or rows is None:
        raise NotApplicable("there is no model to ask, only stored predictions")
    positions = context.sample(settings.rows)
    sample = rows.take(positions)
    first, again = calls.predict(sample), calls.predict(sample)
    single = _one_by_one(calls, sample, min(settings.single, len(sample)))
    together = _take(context.predictions, positions)
    measured = [
        _difference(REPEAT, first, again),
        _difference(BATCH, together, first, single),
        _probability_sum(subject, calls, sample),
        _train_mode(subject),
    ]
    yield from measured
    yield _table(measured)


def difference(first: Predictions, second: Predictions) -> tuple[float, str]:
    """How far the second answers (a prefix of the first's rows will do) are from the first, and in which unit."""
    n = len(second.prediction)
    if first.score is not None and second.score is not None:
        return float(np.abs(first.score[:n] - second.score).max()), "probability"
    if first.prediction.dtype.kind in "iub":
        return float((first.prediction[:n] != second.prediction).mean()), "share"
    spread = float(first.prediction.std()) or max(float(np.abs(first.prediction).max()), 1.0)
    return float(np.abs(first.prediction[:n] - second.prediction).max()) / spread, "standard deviations"


def _take(predictions: Predictions, positions: np.ndarray) -> Predictions:
    score = None if predictions.score is None else predictions.score[positions]
    return Predictions(prediction=predictions.prediction[positions], score=score)


def _one_by_one(calls: Calls, rows: Rows, count: int) -> Predictions:
    """Answers to the first `count` rows, each asked alone; encoding is what `encode` makes slow, so that most rows are
    cut out of the encoded whole."""
    encoded = calls.encoder(rows)
    with calls.prepared():
        answers = [calls.predict(rows.take(np.array([i]))) for i in range(min(ENCODED_ALONE, count))]
        for i in range(len(answers), count):
            answers.append(outputs.predictions(calls.forward(cut(encoded, i, i + 1)), calls.subject))
    scores = [answer.score for answer in answers if answer.score is not None]
    return Predictions(
        prediction=np.concatenate([answer.prediction for answer in answers]),
        score=np.concatenate(scores) if scores else None,
    )


def _difference(id: str, first: Predictions, *others: Predictions) -> Measurement:
    value, unit = max(difference(first, other) for other in others)
    return exact(id, value, unit=unit, better="lower", n=max(len(other.prediction) for other in others))


def _probability_sum(subject: Subject, calls: Calls, rows: Rows) -> Measurement:
    if subject.output != "probabilities":
        reason = f"the model gives {subject.output}, not probabilities"
        return absent(SUM, "not_applicable", reason, unit="probability", better="lower")
    raw = calls.outputs(rows)
    if raw.shape[1] == 1:
        reason = "the model gives one probability per row, so there is nothing to sum"
        return absent(SUM, "not_applicable", reason, unit="probability", better="lower")
    return exact(SUM, np.abs(raw.sum(axis=1) - 1).max(), unit="probability", better="lower", n=len(raw))


def _train_mode(subject: Subject) -> Measurement:
    mode = subject.facts.get("train_mode")
    if mode is None:
        return absent(
            TRAIN_MODE, "not_applicable", "this kind of model has no training mode", unit="flag", better="lower"
        )
    return exact(TRAIN_MODE, bool(mode), unit="flag", better="lower")


def _table(measured: Sequence[Measurement]) -> Exhibit:
    found = [one for one in measured if one.value is not None]
    largest = {one.id: one.value for one in found if one.value is not None}
    return Exhibit(
        id=f"{ID}/answers",
        kind="table",
        title="The same question, asked again",
        summary=(
            f"Asked twice, answers differ by at most {plain(largest[REPEAT])}; "
            f"asked one by one instead of together, by at most {plain(largest[BATCH])}."
        ),
        columns={
            "check": [MEANING[one.id] for one in found],
            "largest difference": [one.value for one in found],
            "unit": [one.unit for one in found],
            "rows": [one.n for one in found],
        },
        roles={"label": "check", "value": "largest difference"},
        measurements=tuple(one.id for one in found),
    )


def cost(subject: Subject, settings: Settings, effort: Effort, row_cap: int | None) -> int:
    """Forward rows that `run` asks for, and the first predictions of all test rows, which are on its bill."""
    rows = min(settings.rows, len(subject.test), row_cap or settings.rows)
    return len(subject.test) + 3 * rows + min(settings.single, rows)


ANALYZER = Analyzer(
    id=ID,
    title="Subject check",
    question="Does the model give the same answer to the same question, alone or in a batch?",
    run=run,
    quantities={
        "repeat_difference": Quantity("Repeat difference", "largest change when the same rows are asked twice"),
        "batch_difference": Quantity("Batch difference", "largest change when rows are asked in other batches"),
        "probability_sum_error": Quantity(
            "Probability sum error", "largest distance of a row's probabilities from one"
        ),
        "train_mode": Quantity("Left in train mode", "one where the module came in train mode"),
    },
    reference=(
        "Breck, E. et al. (2017). The ML test score: a rubric for ML production readiness and technical debt "
        "reduction. IEEE Big Data."
    ),
    needs=("model", "rows"),
    settings=Settings,
    cost=cost,
)

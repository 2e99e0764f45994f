"""How often classes are right and how well scores rank and fit: the classification half of `performance.accuracy`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from auditnn.analyzers.context import Context
from auditnn.analyzers.measures import absent, estimated, rate
from auditnn.analyzers.performance.obstacles import never_seen, one_class, without_rows
from auditnn.core.analyzer import Yield
from auditnn.core.measurement import Measurement
from auditnn.core.subject import Subject
from auditnn.kernels.calibration import log_loss
from auditnn.kernels.confusion import (
    Score,
    balanced_accuracy,
    composite,
    confusion_table,
    f1,
    margins,
    matthews_correlation,
    resample,
)
from auditnn.kernels.estimate import undefined
from auditnn.kernels.ranking import average_precision, macro, precision_influence, roc_auc

ID = "performance.accuracy"
MEASURED_CLASSES = 200


def class_scores(subject: Subject, y: np.ndarray, context: Context, draws: int) -> Iterator[Yield]:
    """Everything that the confusion table says: rates with their own intervals, composites by resampling the table.

    Binary f1 is the positive class's, multiclass the mean over classes. Composites are undefined where one of their
    denominators is zero; scikit-learn puts a 0 there, or leaves the class out.
    """
    table = confusion_table(y, context.predictions.prediction, len(subject.classes))
    counts, n = margins(table), len(y)
    yield rate(f"{ID}/accuracy", int(counts.hit.sum()), n, better="higher")
    resampled = resample(table, context.rng("shared"), draws)
    composites: tuple[tuple[str, Score, tuple[float, float], str | None], ...] = (
        ("balanced_accuracy", balanced_accuracy, (0.0, 1.0), without_rows(subject, counts.true)),
        ("f1", f1(subject.positive), (0.0, 1.0), never_seen(subject, counts.true + counts.predicted)),
        ("mcc", matthews_correlation, (-1.0, 1.0), one_class(subject, counts.true, counts.predicted)),
    )
    for name, score, limits, obstacle in composites:
        estimate = undefined(obstacle, n) if obstacle else composite(score, resampled)
        unit = "correlation" if name == "mcc" else "probability"
        yield estimated(f"{ID}/{name}", estimate, unit=unit, better="higher", limits=limits)
    yield from _each_class(subject, counts.hit, counts.true, counts.predicted)


def ranking_scores(subject: Subject, y: np.ndarray, score: np.ndarray | None) -> Iterator[Measurement]:
    """roc_auc, average_precision (multiclass: mean of one-vs-rest) and log_loss.

    log_loss is the mean of -log(probability of the true class), probabilities kept 2.2e-16 away from 0 and 1.
    """
    n = len(y)
    if score is None:
        for name, better in (("roc_auc", "higher"), ("average_precision", "higher"), ("log_loss", "lower")):
            reason = "the model gives labels without scores"
            yield absent(f"{ID}/{name}", "not_applicable", reason, better=better, n=n)  # type: ignore[arg-type]
        return
    obstacle = without_rows(subject, np.bincount(y, minlength=len(subject.classes)))
    if obstacle:
        area = precision = undefined(obstacle, n)
    elif score.ndim == 1:
        positive = y == subject.positive
        area, precision = roc_auc(positive, score), average_precision(positive, score)
    else:
        area, precision = macro(y, score), macro(y, score, precision_influence)
    yield estimated(f"{ID}/roc_auc", area, unit="probability", better="higher")
    yield estimated(f"{ID}/average_precision", precision, unit="probability", better="higher")
    label = y == subject.positive if score.ndim == 1 else y
    yield estimated(f"{ID}/log_loss", log_loss(label, score), unit="nats", better="lower", limits=(0.0, None))


def _each_class(subject: Subject, hit: np.ndarray, true: np.ndarray, predicted: np.ndarray) -> Iterator[Measurement]:
    """Recall and precision of each class; of the largest 200 where there are more."""
    for code in np.sort(np.argsort(-true, kind="stable")[:MEASURED_CLASSES]):
        name = subject.classes[code]
        slice = {"class": name}
        no_rows, unseen = f"class {name!r} has no test rows", f"class {name!r} is never predicted"
        hits = int(hit[code])
        of_class, all_rows = {"groups": [name]}, {"rows": [int(true.sum())]}
        yield rate(f"{ID}/recall", hits, int(true[code]), slice=slice, better="higher", empty=no_rows, about=of_class)
        seen = int(predicted[code])
        yield rate(f"{ID}/precision", hits, seen, slice=slice, better="higher", empty=unseen, about=all_rows)

"""Do probabilities mean what they say?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from auditnn.analyzers.context import Context
from auditnn.analyzers.measures import CONFIDENCE, estimated
from auditnn.core.analyzer import Analyzer, NoSettings, Yield
from auditnn.core.audit import Quantity
from auditnn.core.errors import NotApplicable
from auditnn.core.exhibit import Exhibit
from auditnn.core.measurement import Measurement
from auditnn.core.numbers import percent
from auditnn.core.subject import Subject
from auditnn.kernels.calibration import (
    brier_score,
    calibration_in_the_large,
    calibration_slope,
    equal_mass_bins,
    expected_calibration_error,
)
from auditnn.kernels.inference import interval, rate_method

ID = "performance.calibration"
ECE, BRIER = f"{ID}/expected_calibration_error", f"{ID}/brier_score"
LARGE, SLOPE = f"{ID}/calibration_in_the_large", f"{ID}/calibration_slope"
MEASURED_CLASSES = 100
DRAWN_CLASSES = 4
BINS = 15


def run(subject: Subject, settings: NoSettings, context: Context) -> Iterator[Yield]:
    """Binary: all four for the positive class. Multiclass: brier_score over all classes (their sum), and the other
    three for each class against the rest, in slice `class` (the hundred most common where there are more).

    calibration_in_the_large is mean score minus mean label; calibration_slope b in logit P(y) = a + b logit(score);
    expected_calibration_error the bias-corrected L1 error over 15 equal-mass bins. No model calls.
    """
    y, score = subject.test.y, context.predictions.score
    if y is None or score is None:
        raise NotApplicable("the data has no labels" if y is None else "the model gives labels without scores")
    if score.ndim == 1:
        label = y == subject.positive
        yield estimated(BRIER, brier_score(label, score), unit="squared probability", better="lower", limits=(0.0, 1.0))
        yield from _each(label, score, {})
        yield _reliability(subject, y, score[:, None], [_positive(subject)])
        return
    yield estimated(BRIER, brier_score(y, score), unit="squared probability", better="lower", limits=(0.0, 2.0))
    common = np.argsort(-np.bincount(y, minlength=score.shape[1]), kind="stable")
    for code in np.sort(common[:MEASURED_CLASSES]):
        yield from _each(y == code, score[:, code], {"class": subject.classes[code]})
    drawn = [int(code) for code in common[:DRAWN_CLASSES]]
    yield _reliability(subject, y, score[:, drawn], drawn)


def _positive(subject: Subject) -> int:
    return 1 if subject.positive is None else subject.positive


def _each(label: np.ndarray, score: np.ndarray, slice: dict[str, str]) -> Iterator[Measurement]:
    error, large = expected_calibration_error(label, score, BINS), calibration_in_the_large(label, score)
    yield estimated(ECE, error, slice=slice, unit="probability", better="lower", limits=(0.0, 1.0))
    yield estimated(LARGE, large, slice=slice, unit="probability", better="zero", limits=(-1.0, 1.0))
    yield estimated(SLOPE, calibration_slope(label, score), slice=slice, unit="slope", better="one")


def _reliability(subject: Subject, y: np.ndarray, scores: np.ndarray, codes: list[int]) -> Exhibit:
    """Share of a class in each bin of its score, with an interval; the diagonal is where both agree."""
    names = ("mean score", "observed share", "low", "high", "rows", "class")
    columns: dict[str, list[object]] = {name: [] for name in names}
    gaps = []
    for column, code in enumerate(codes):
        label, score = y == code, scores[:, column]
        gaps.append((abs(score.mean() - label.mean()), score.mean(), label.mean(), subject.classes[code]))
        for row in _bins(label, score):
            for name, value in zip(names, (*row, subject.classes[code]), strict=True):
                columns[name].append(value)
    _, mean_score, share, name = max(gaps)
    return Exhibit(
        id=f"{ID}/reliability",
        kind="curve",
        title="Predicted probability against observed share",
        summary=(
            f"For {name} the mean score is {percent(mean_score)} and the share of rows is {percent(share)}"
            + (", the largest difference of the classes drawn." if len(codes) > 1 else ".")
        ),
        columns=columns,
        roles={"x": "mean score", "y": "observed share", "low": "low", "high": "high", "reference": "diagonal"}
        | ({"series": "class"} if len(codes) > 1 else {}),
        measurements=(ECE, LARGE, SLOPE),
    )


def _bins(label: np.ndarray, score: np.ndarray) -> Iterator[tuple[float, float, float | None, float | None, int]]:
    bins = equal_mass_bins(score, BINS)
    rows, found = np.bincount(bins), np.bincount(bins, label)
    for mean, x, n in zip(np.bincount(bins, score) / rows, found.astype(int), rows, strict=True):
        basis = {"form": "rate", "x": [int(x)], "n": [int(n)]}
        low, high, _ = interval(rate_method(x, n), x / n, basis, CONFIDENCE)
        yield float(mean), float(x / n), low, high, int(n)


ANALYZER = Analyzer(
    id=ID,
    title="Calibration",
    question="Does an outcome given 30% happen to 30% of the rows that get it?",
    run=run,
    quantities={
        "expected_calibration_error": Quantity(
            "Expected calibration error", "mean distance of score and frequency, debiased"
        ),
        "brier_score": Quantity("Brier score", "mean squared error of the probabilities"),
        "calibration_in_the_large": Quantity("Calibration in the large", "mean score minus mean label"),
        "calibration_slope": Quantity("Calibration slope", "one is right; below one, scores are too extreme"),
    },
    reference=(
        "Van Calster, B. et al. (2019). Calibration: the Achilles heel of predictive analytics. BMC Medicine 17. "
        "Kumar, A., Liang, P. & Ma, T. (2019). Verified uncertainty calibration. NeurIPS."
    ),
    needs=("labels", "score"),
    tasks=("binary", "multiclass"),
)

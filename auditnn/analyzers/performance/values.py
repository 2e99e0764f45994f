"""How close predicted values are to true ones: the regression half of `performance.accuracy`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from auditnn.analyzers.context import Context
from auditnn.analyzers.measures import estimated
from auditnn.core.analyzer import Yield
from auditnn.core.exhibit import Exhibit
from auditnn.core.numbers import plain
from auditnn.core.subject import Subject
from auditnn.kernels.estimate import Estimate
from auditnn.kernels.values import explained_share, mean_absolute_error, root_mean_squared_error

ID = "performance.accuracy"
MAE, RMSE, R2, SKILL = (f"{ID}/{name}" for name in ("mae", "rmse", "r2", "skill"))
POINTS = 500
BINS = 30


def value_scores(subject: Subject, y: np.ndarray, context: Context) -> Iterator[Yield]:
    """mae, rmse, r2 and skill of the test rows, Student's t intervals.

    skill = 1 - MSE / MSE of always answering the mean training label, so 0 is no better than that and 1 is perfect,
    whatever the unit of the target. Where there are no training labels the mean test label serves, and skill is r2.
    """
    prediction, y = context.predictions.prediction.astype(float), y.astype(float)
    train = None if subject.train is None or subject.train.y is None else subject.train.y.astype(float)
    rmse = root_mean_squared_error(y - prediction)
    skill = explained_share(y, prediction, None if train is None else float(train.mean()))
    yield estimated(MAE, mean_absolute_error(y - prediction), better="lower", unit="target", limits=(0.0, None))
    yield estimated(RMSE, rmse, better="lower", unit="target")
    yield estimated(R2, explained_share(y, prediction), better="higher", unit="share", limits=(None, 1.0))
    yield estimated(SKILL, skill, better="higher", unit="share", limits=(None, 1.0))
    yield _points(y, prediction, context, skill)
    yield _errors(y - prediction)


def _points(y: np.ndarray, prediction: np.ndarray, context: Context, skill: Estimate) -> Exhibit:
    chosen = context.sample(POINTS)
    rmse = float(np.sqrt(np.mean((y - prediction) ** 2)))
    words = "" if skill.value is None else f" and the skill over always answering the mean is {plain(skill.value)}"
    shown = f"{len(chosen):,} of {len(y):,} rows are drawn" if len(chosen) < len(y) else "all rows are drawn"
    return Exhibit(
        id=f"{ID}/predicted_and_true",
        kind="points",
        title="Predicted against true values",
        summary=f"Predictions are off by {plain(rmse)} (root mean square){words}; {shown}, exact ones on the diagonal.",
        columns={"true value": y[chosen].tolist(), "predicted value": prediction[chosen].tolist()},
        roles={"x": "true value", "y": "predicted value", "reference": "diagonal"},
        measurements=(MAE, RMSE, R2, SKILL),
    )


def _errors(errors: np.ndarray) -> Exhibit:
    """A histogram of true minus predicted."""
    low, high = float(errors.min()), float(errors.max())
    bins = BINS if high - low > 1e-12 * max(abs(low), abs(high), 1e-300) else 1
    counts, edges = np.histogram(errors, bins=bins)
    return Exhibit(
        id=f"{ID}/errors",
        kind="bars",
        title="How large the errors are",
        summary=(
            f"True minus predicted is {plain(np.median(errors))} at the median and between "
            f"{plain(np.quantile(errors, 0.05))} and {plain(np.quantile(errors, 0.95))} for nine rows in ten."
        ),
        columns={
            "true minus predicted": _between(edges),
            "rows": counts.tolist(),
        },
        roles={"label": "true minus predicted", "value": "rows"},
        measurements=(MAE, RMSE),
    )


def _between(edges: np.ndarray) -> list[str]:
    """Each bin's ends, with as many decimals as tell neighbors apart."""
    decimals = max(0, 1 - int(np.floor(np.log10(edges[1] - edges[0]))))
    text = [f"{edge:,.{decimals}f}" for edge in edges]
    return [f"{low} to {high}" for low, high in pairwise(text)]

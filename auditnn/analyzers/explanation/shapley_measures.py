"""What is measured of Shapley values: their mean sizes, whether they add up, and the noise of their draws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from auditnn.analyzers.explanation.explained_rows import Column, ExplainedRows, by_size
from auditnn.analyzers.measures import absent, estimated, exact
from auditnn.core.measurement import Measurement
from auditnn.kernels.absolute import mean_size
from auditnn.kernels.estimate import Estimate
from auditnn.methods.attribution import METHODS
from auditnn.methods.attribution.shap_reference import reference_difference
from auditnn.methods.attribution.uncompiled import uncompiled
from auditnn.methods.case import Case

ID = "explanation.shapley_values"
SIZE, ADDITIVITY = f"{ID}/mean_abs_value", f"{ID}/additivity_error"
REFERENCE, NOISE = f"{ID}/reference_difference", f"{ID}/monte_carlo_error"
MOST_UNITS = 30
EQUAL = 1e-9  # what counts as no difference, beside outputs that do not vary
SUPERPIXELS = "the units are superpixels of each image, so a unit of one image is none of another"


def sizes(column: Column, shared: bool) -> list[Estimate]:
    """Mean |value| of each unit over the rows of a class, (d,)."""
    errors = column.error
    return [
        mean_size(column.values[:, unit], None if errors is None else errors[:, unit], shared=shared)
        for unit in range(column.values.shape[1])
    ]


def size_measurements(one: ExplainedRows, column: Column, found: list[Estimate], unit: str) -> Iterator[Measurement]:
    """mean_abs_value of the class's largest units; beyond thirty they are rows of the table."""
    if not one.comparable:
        yield absent(SIZE, "undefined", SUPERPIXELS, slice=column.slice, unit=unit, n=len(column.places))
        return
    if not len(column.places):
        reason = f"no row that was explained is predicted {column.name}"
        yield absent(SIZE, "undefined", reason, slice=column.slice, unit=unit, n=0)
        return
    for at in by_size([estimate.value or 0.0 for estimate in found])[:MOST_UNITS]:
        slice, estimate = {"feature": one.names[at], **column.slice}, found[at]
        if estimate.method == "exact" and estimate.value is not None:
            yield exact(SIZE, estimate.value, slice=slice, unit=unit, n=estimate.n)
        else:
            yield estimated(SIZE, estimate, slice=slice, unit=unit, limits=(0.0, None))


def additivity(one: ExplainedRows) -> Measurement:
    """Largest |base + sum of values - output| over rows and classes, relative to the spread of the outputs: the root
    mean square of output - base."""
    result = one.attribution
    n = len(result)
    if result.base is None:
        return absent(ADDITIVITY, "undefined", "the method gives no base value to add up from", better="lower", n=n)
    gap = np.abs(result.base + result.values.sum(axis=1) - result.output)
    return relative(ADDITIVITY, float(gap.max()), one, n)


def noise(one: ExplainedRows) -> Measurement:
    """Mean Monte-Carlo standard error over rows, units and classes, relative to the mean |value|."""
    result, n = one.attribution, len(one.attribution)
    if result.error is None:
        reason = "the method draws nothing at random"
        return absent(NOISE, "not_applicable", reason, better="lower", unit="ratio", n=n)
    error, size = float(result.error.mean()), float(np.abs(result.values).mean())
    if error <= EQUAL * size or error == size == 0.0:
        return exact(NOISE, 0.0, better="lower", unit="ratio", n=n)
    if size == 0.0:
        return absent(NOISE, "undefined", "all values are 0", better="lower", unit="ratio", n=n)
    return exact(NOISE, error / size, better="lower", unit="ratio", n=n)


def reference(one: ExplainedRows, case: Case, engine: str, rows: int) -> Measurement:
    """Largest difference of the first `rows` rows from the shap library's values, relative to the spread."""
    result = one.attribution
    if engine == "reference":
        reason = "the values are the library's own, which is not compared with itself"
        return absent(REFERENCE, "not_applicable", reason, better="lower", unit="ratio", n=rows)
    with uncompiled():
        largest = reference_difference(case, result, np.arange(rows))
    if largest is None:
        reason = f"shap has no second implementation of {METHODS[result.method].title}"
        return absent(REFERENCE, "not_applicable", reason, better="lower", unit="ratio", n=rows)
    return relative(REFERENCE, largest, one, rows)


def relative(id: str, largest: float, one: ExplainedRows, n: int) -> Measurement:
    """A largest difference of outputs or values relative to the spread of the outputs."""
    spread = spread_of(one)
    level = float(np.abs(one.attribution.output).max())
    if largest <= EQUAL * max(spread, level):
        return exact(id, largest / spread if spread > EQUAL * level else 0.0, better="lower", unit="ratio", n=n)
    if spread <= EQUAL * level:
        reason = f"the outputs do not differ from the base value, so a difference of {largest:.3g} has no scale"
        return absent(id, "undefined", reason, better="lower", unit="ratio", n=n)
    return exact(id, largest / spread, better="lower", unit="ratio", n=n)


def spread_of(one: ExplainedRows) -> float:
    """Root mean square distance of the explained outputs from the base value (from their mean without one)."""
    result = one.attribution
    middle = result.output.mean(axis=0, keepdims=True) if result.base is None else result.base
    return float(np.sqrt(np.mean((result.output - middle) ** 2)))

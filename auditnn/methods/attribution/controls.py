"""What looks like an explanation and is none: every check has to catch at least one of these."""

from __future__ import annotations

import numpy as np

from auditnn.core.rows import Images, Table
from auditnn.methods.attribution.method import attribution_method
from auditnn.methods.attribution.result import Attribution
from auditnn.methods.case import Case
from auditnn.subjects import outputs
from auditnn.subjects.units import units_of

REFERENCE = "Adebayo et al. (2018), Sanity Checks for Saliency Maps, NeurIPS"


@attribution_method("Random numbers", "control", REFERENCE, drawn=True)
def random_attribution(case: Case) -> Attribution:
    """Normal draws for every unit and class, which know nothing of the model.

    Returns values (n, d, k). Costs n model rows, for the outputs that it is stated beside.
    """
    output = _output(case)
    counts, units = _units(case)
    values = np.zeros((len(case), len(units), output.shape[1]))
    for row, d in enumerate(counts):
        values[row, :d] = case.rng("random_attribution", row).normal(size=(d, output.shape[1]))
    return Attribution(
        method="random_attribution",
        units=units,
        values=values,
        output=output,
        counts=None if (counts == len(units)).all() else counts,
        segments=getattr(case.games, "segments", None),
    )


@attribution_method("The input itself", "control", REFERENCE)
def input_values(case: Case) -> Attribution:
    """The input, whatever the model makes of it: the same for every class and every model.

    Images: pixels summed over channels as `maps` (n, h, w), and over the pixels of each unit as values. Tables: each
    unit's numbers less their mean over the background, in standard deviations of it. Costs n model rows.
    """
    output = _output(case)
    counts, units = _units(case)
    segments = getattr(case.games, "segments", None)
    values, maps = np.zeros((len(case), len(units))), None
    if isinstance(case.rows, Images):
        maps = case.rows.pixels.sum(axis=1, dtype=np.float64)
        assert segments is not None
        for row, pixels in enumerate(maps):
            values[row] = np.bincount(segments[row].ravel(), weights=pixels.ravel(), minlength=len(units))
    else:
        for unit, parts in enumerate(_standardised(case)):
            values[:, unit] = parts
    return Attribution(
        method="input_values",
        units=units,
        values=np.repeat(values[:, :, None], output.shape[1], axis=2),
        output=output,
        maps=maps,
        counts=None if (counts == len(units)).all() else counts,
        segments=segments,
    )


def _output(case: Case) -> np.ndarray:
    """What is explained, (n, k)."""
    return outputs.explained(case.calls.outputs(case.rows), case.calls.subject)


def _units(case: Case) -> tuple[np.ndarray, tuple[str, ...]]:
    """Units of each row (n,), and the names of the longest row's."""
    names = [case.games.units(row) for row in range(len(case))]
    return np.array([len(one) for one in names], dtype=np.int64), max(names, key=len)


def _standardised(case: Case) -> list[np.ndarray]:
    """Each unit's columns (n,), standardised and added up; a missing value is 0, the background's mean."""
    if case.input_units is not None:
        own, other, units = case.inputs, case.background_inputs, case.input_units
    else:
        assert isinstance(case.rows, Table)
        assert isinstance(case.background, Table)
        own, other = (
            np.column_stack([np.asarray(table.columns[feature.name], dtype=np.float64) for feature in table.features])
            for table in (case.rows, case.background)
        )
        units = case.units or units_of(case.rows.features)
    known = np.isfinite(other)
    n = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, other, 0.0).sum(axis=0, dtype=np.float64) / n
    spread = np.sqrt((np.where(known, other - mean, 0.0) ** 2).sum(axis=0) / n)
    standard = np.where(np.isfinite(own), own - mean, 0.0) / np.where(spread > 0.0, spread, 1.0)
    return [standard[:, list(columns)].sum(axis=1) for columns in units.values()]

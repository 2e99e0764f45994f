"""Baselines: the inputs from which a method measures how far it went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from auditnn.core.errors import SettingsError
from auditnn.core.rows import Images
from auditnn.methods.case import Case
from auditnn.methods.games.image import fills_of

Baseline = Literal["auto", "mean", "black", "blur"]
NAMES = {"mean": "mean color of the background", "black": "black", "blur": "the image, blurred"}


def baseline_inputs(case: Case, baseline: Baseline) -> tuple[np.ndarray, Mapping[str, Any]]:
    """The baseline as the model's inputs, one for all rows (1, ...) or one for each (n, ...), and what it is.

    Tables: the mean of the background inputs; missing values are left out of it. Images: one color, the background's
    mean in each channel (`mean`); 0 (`black`); or the image itself, out of focus (`blur`). `auto` is how the case hides
    pixels, so that all methods of an audit compare with the same. SettingsError for a picture's baseline for a table.
    """
    if not isinstance(case.rows, Images):
        if baseline not in ("auto", "mean"):
            raise SettingsError("a baseline for tables: auto or mean", repr(baseline), "The others are for images.")
        return _mean(case.background_inputs), {"baseline": "mean of the background"}
    assert isinstance(case.background, Images)
    chosen = baseline if baseline != "auto" else "blur" if case.hiding.fill == "blur" else "mean"
    if chosen == "black":
        pixels = np.zeros_like(case.rows.pixels[:1])
    else:
        pixels = fills_of(case.rows.pixels, case.background.pixels, chosen)[0]
    return case.calls.encoder(Images(pixels=np.ascontiguousarray(pixels))), {"baseline": NAMES[chosen]}


def _mean(inputs: np.ndarray) -> np.ndarray:
    """The mean of the finite values of each column, (1, p), in the dtype of the inputs; 0 where there is none."""
    known = np.isfinite(inputs)
    total = np.where(known, inputs, 0.0).sum(axis=0, keepdims=True, dtype=np.float64)
    return (total / np.maximum(known.sum(axis=0, keepdims=True), 1)).astype(inputs.dtype)

"""Baselines: the inputs from which a method measures how far it went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from auditnn.core.errors import SettingsError
from auditnn.core.rows import Images
from auditnn.methods.case import Case

Baseline = Literal["auto", "mean", "black", "blur"]


def baseline_inputs(case: Case, baseline: Baseline) -> tuple[np.ndarray, Mapping[str, Any]]:
    """The baseline as the model's inputs, one for all rows (1, ...) or one for each (n, ...), and what it is.

    Tables: the mean of the background inputs; missing values are left out of it. Images: one color, the background's
    mean in each channel (`mean`); 0 (`black`); or the image itself, out of focus (`blur`). `auto` is how the case hides
    pixels, so that all methods of an audit compare with the same. SettingsError for a picture's baseline for a table.
    """
    if not isinstance(case.rows, Images):
        if baseline not in ("auto", "mean"):
            raise SettingsError("a baseline for tables: auto or mean", repr(baseline), "The others are for images.")
        return _mean(case.background_inputs, axes=(0,)), {"baseline": "mean of the background"}
    chosen = baseline if baseline != "auto" else "blur" if case.hiding.fill == "blur" else "mean"
    if chosen == "black":
        return np.zeros_like(case.inputs[:1]), {"baseline": "black"}
    if chosen == "blur":
        return blurred(case.inputs), {"baseline": "the image, blurred"}
    mean = _mean(case.background_inputs, axes=(0, 2, 3))
    whole = np.broadcast_to(mean, (1, *case.inputs.shape[1:]))
    return np.ascontiguousarray(whole), {"baseline": "mean color of the background"}


def _mean(inputs: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """Means over the finite values, the other axes kept, in the dtype of the inputs; 0 where there is none."""
    known = np.isfinite(inputs)
    total = np.where(known, inputs, 0.0).sum(axis=axes, keepdims=True, dtype=np.float64)
    return (total / np.maximum(known.sum(axis=axes, keepdims=True), 1)).astype(inputs.dtype)


def blurred(images: np.ndarray) -> np.ndarray:
    """Images (n, c, h, w) under a Gaussian as wide as an eighth of their shorter side."""
    from scipy.ndimage import gaussian_filter

    width = max(1.0, min(images.shape[2:]) / 8)
    soft: np.ndarray = gaussian_filter(images, sigma=(0, 0, width, width), mode="nearest")
    return soft

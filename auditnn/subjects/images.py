"""Images: N x C x H x W pixels in [0, 1]."""

from __future__ import annotations

from typing import Any

import numpy as np

from auditnn.core.errors import SubjectError
from auditnn.core.rows import Images
from auditnn.subjects.arrays import from_tensor, is_tensor
from auditnn.subjects.raw import not_empty

SLACK = 1e-6


def is_images(X: Any) -> bool:
    """Whether data without a declared modality has the shape of images."""
    return getattr(X, "ndim", 0) == 4


def images_of(X: Any, what: str) -> Images:
    """Pixels as float32; SubjectError for another shape or range. Normalization belongs to the model."""
    array = from_tensor(X) if is_tensor(X) else np.asarray(X)
    if array.ndim != 4:
        advice = "X[:, None] adds the channel axis to N x H x W." if array.ndim == 3 else "Reshape the pixels."
        raise SubjectError(f"images of shape N x C x H x W in {what}", f"shape {array.shape}", advice)
    not_empty(len(array), what)
    if array.dtype.kind not in "biuf":
        raise SubjectError(f"numbers in {what}", f"values of type {array.dtype}", "Give pixels in [0, 1].")
    pixels = array.astype(np.float32)
    if not np.isfinite(pixels).all():
        raise SubjectError(f"finite pixels in {what}", "NaN or infinite pixels", "Repair or leave out these images.")
    low, high = float(pixels.min()), float(pixels.max())
    if low < -SLACK or high > 1 + SLACK:
        advice = (
            "Divide by 255." if low >= 0 and high <= 255 else "Undo the normalization here and do it inside the model."
        )
        raise SubjectError(f"pixels between 0 and 1 in {what}", f"values from {low:.4g} to {high:.4g}", advice)
    return Images(pixels=np.clip(pixels, 0.0, 1.0))

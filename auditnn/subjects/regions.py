"""Regions of images: for each name a mask per test row of where something is, such as the object or a watermark."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from auditnn.core.errors import SubjectError
from auditnn.core.rows import Images, Rows
from auditnn.subjects.arrays import from_tensor, is_tensor, utf8_name
from auditnn.subjects.foreign import Blame

EXAMPLE = 'For example np.savez("regions.npz", object=masks), with masks of shape (n, h, w).'


def read_regions(path: Path, given: str) -> dict[str, np.ndarray]:
    """The arrays of an npz file by name; SubjectError where it is no such file or holds none."""
    if path.suffix.lower() != ".npz":
        raise SubjectError("an npz file under [data] regions", repr(given), EXAMPLE)
    advice = "Save masks as arrays of booleans, not as objects; pickled data is never read."
    with (
        Blame(f"an npz file {given!r} of plain arrays", "reading it raised", advice),
        np.load(path, allow_pickle=False) as archive,
    ):
        arrays = {str(name): archive[name] for name in archive.files}
    if not arrays:
        raise SubjectError(f"an array for each region in {given!r}", "none", EXAMPLE)
    return arrays


def regions_of(given: Any, rows: Rows | None) -> dict[str, np.ndarray]:
    """Masks by name, bool (n, h, w), for the images `rows`; nothing where nothing was given.

    SubjectError for other rows than images, and for masks of another shape or with other values than 0 and 1 (or 255).
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise SubjectError(
            "regions as {name: masks}", type(given).__name__, "Write regions={'object': masks}, masks of (n, h, w)."
        )
    if not given:
        return {}
    if not isinstance(rows, Images):
        raise SubjectError("regions beside images", "no images", "Leave regions out; tables have none.")
    shape = (len(rows), *rows.pixels.shape[2:])
    return {str(name): _mask(str(name), values, shape) for name, values in given.items()}


def _mask(name: str, values: Any, shape: tuple[int, ...]) -> np.ndarray:
    utf8_name(name, "the name of a region")
    if not name:
        raise SubjectError("a name for every region", "an empty one", "Name it after what it shows.")
    array = from_tensor(values) if is_tensor(values) else np.asarray(values)
    if array.shape != shape:
        advice = "Give one mask for each test row, an empty one where there is nothing."
        if array.ndim == 4 and array.shape[1] == 1:
            advice = "masks[:, 0] takes the channel axis away."
        raise SubjectError(f"masks of shape {shape} for the region {name!r}, N x H x W", f"shape {array.shape}", advice)
    if array.dtype == bool:
        return array.copy()
    if array.dtype.kind not in "iuf":
        raise SubjectError(f"masks of 0 and 1 for the region {name!r}", f"values of type {array.dtype}", EXAMPLE)
    inside = array != 0
    seen = np.unique(array[inside])
    if len(seen) > 1 or (len(seen) and seen[0] not in (1, 255)):
        raise SubjectError(
            f"masks of 0 and 1 for the region {name!r}", f"values {', '.join(f'{one:g}' for one in seen[:3])} too",
            "Decide which pixels are inside, for example masks > 0.5.",
        )  # fmt: skip
    return inside

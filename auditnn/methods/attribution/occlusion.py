"""Occlusion: how far the output falls when one part of the row is hidden."""

from __future__ import annotations

import numpy as np

from auditnn.core.errors import NotApplicable, SettingsError
from auditnn.core.rows import Images
from auditnn.methods.attribution.method import attribution_method
from auditnn.methods.attribution.result import Attribution
from auditnn.methods.case import Case
from auditnn.methods.games.image import ImageGames
from auditnn.subjects import outputs


@attribution_method(
    "Occlusion", "game", "Zeiler & Fergus (2014), Visualizing and Understanding Convolutional Networks, ECCV"
)  # fmt: skip
def occlusion(case: Case, *, window: int | None = None, stride: int | None = None) -> Attribution:
    """The output of each row less that with one unit hidden: the game's value of all units less that of all but one.

    With `window`, squares of so many pixels slide over an image in steps of `stride` (half a window unless told); a
    pixel's value is the mean over the windows that hide it (`maps`), a unit's the mean over its pixels. Any model;
    values (n, d, k) for all classes, maps of the target class. Costs n + n x units (or windows) x fill-ins model rows.
    """
    full = outputs.explained(case.calls.forward(case.inputs.copy()), case.calls.subject)
    if window is None:
        return _of_units(case, full)
    if not isinstance(case.rows, Images):
        raise NotApplicable("windows slide over images; the units of a table are hidden one by one")
    return _of_windows(case, full, window, stride or max(1, window // 2))


def _of_units(case: Case, full: np.ndarray) -> Attribution:
    games = case.games
    counts = np.array([len(games.units(row)) for row in range(len(case))], dtype=np.int64)
    hidden = games.evaluate_all([(row, ~np.eye(d, dtype=bool)) for row, d in enumerate(counts)])
    values = np.zeros((len(case), int(counts.max(initial=0)), full.shape[1]))
    for row, without in enumerate(hidden):
        values[row, : counts[row]] = full[row] - without
    segments = getattr(games, "segments", None)
    maps = None
    if segments is not None:
        told = values[np.arange(len(case)), :, case.targets]
        maps = np.take_along_axis(told, segments.reshape(len(case), -1), axis=1).reshape(segments.shape)
    return Attribution(
        method="occlusion",
        units=games.units(int(np.argmax(counts))),
        values=values,
        output=full,
        maps=maps,
        segments=segments,
        counts=None if (counts == counts[0]).all() else counts,
        facts={"hidden": "one unit at a time", "fill_ins": games.copies},
    )


def _of_windows(case: Case, full: np.ndarray, window: int, stride: int) -> Attribution:
    games = case.games
    assert isinstance(games, ImageGames)
    n, (h, w) = len(case), games.segments.shape[1:]
    if not 1 <= window <= min(h, w):
        raise SettingsError(f"a window of 1 to {min(h, w)} pixels", str(window), "Choose a smaller one.")
    if not 1 <= stride <= window:
        raise SettingsError(f"a stride of 1 to {window} pixels", str(stride), "Every pixel has to be in a window.")
    hides = windows(h, w, window, stride)
    single = np.broadcast_to(np.arange(h * w).reshape(h, w), (n, h, w))
    pixels = ImageGames(case.calls, games.pixels, single, games.fills)
    falls = full[:, None] - np.stack(pixels.evaluate_all([(row, ~hides) for row in range(n)]))
    every = np.einsum("mp,nmk->npk", hides.astype(float), falls, optimize=True) / hides.sum(axis=0)[:, None]
    counts = np.array([len(games.units(row)) for row in range(n)], dtype=np.int64)
    values = np.zeros((n, int(counts.max(initial=0)), full.shape[1]))
    for row in range(n):
        units = games.segments[row].ravel()
        for code in range(full.shape[1]):
            sums = np.bincount(units, weights=every[row, :, code], minlength=counts[row])
            values[row, : counts[row], code] = sums / np.bincount(units, minlength=counts[row])
    return Attribution(
        method="occlusion",
        units=games.units(int(np.argmax(counts))),
        values=values,
        output=full,
        maps=every[np.arange(n), :, case.targets].reshape(n, h, w),
        segments=games.segments,
        counts=None if (counts == counts[0]).all() else counts,
        facts={"hidden": f"windows of {window} x {window} pixels", "stride": stride, "fill_ins": games.copies},
    )


def windows(h: int, w: int, window: int, stride: int) -> np.ndarray:
    """Which pixels each window hides, bool (m, h x w); those at the far edges are cut off there.

    >>> windows(1, 4, 2, 2).astype(int).tolist()
    [[1, 1, 0, 0], [0, 0, 1, 1]]
    """
    tops, lefts = (range(0, max(0, side - window) + stride, stride) for side in (h, w))
    masks = []
    for top in tops:
        for left in lefts:
            mask = np.zeros((h, w), dtype=bool)
            mask[top : top + window, left : left + window] = True
            masks.append(mask.ravel())
    return np.array([mask for mask in masks if mask.any()])

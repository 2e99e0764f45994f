"""Games of images: units are superpixels or patches, hidden by a mean, a blur or background images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from auditnn.core.rows import Images
from auditnn.methods.games.game import Games, Piece
from auditnn.methods.games.select import Selector
from auditnn.subjects import outputs
from auditnn.subjects.calls import Calls

if TYPE_CHECKING:
    from auditnn.methods.case import Case

BLOCK_BYTES, FEWEST_IMAGES = 2**19, 16
BLUR_SHARE = 8  # the standard deviation of the blur is this part of the shorter side


class ImageGames(Games):
    """Games of images `pixels` (n, c, h, w) cut into `segments` (n, h, w), unit codes from 0 on; `fills` (b, n or 1,
    c, h, w) are what hidden pixels show.

    A block has as many images as hold 512 KiB, at least 16, at most a batch: the first layers of a convolutional
    network make tens of times as much of them, which should stay in cache.
    """

    def __init__(self, calls: Calls, pixels: np.ndarray, segments: np.ndarray, fills: np.ndarray) -> None:
        fit = max(FEWEST_IMAGES, BLOCK_BYTES // max(1, pixels[:1].nbytes))
        super().__init__(calls, len(fills), min(calls.batch_rows, fit))
        self.pixels, self.segments = np.ascontiguousarray(pixels), segments
        self.fills = np.ascontiguousarray(fills, dtype=pixels.dtype)
        self._counts = segments.reshape(len(segments), -1).max(axis=1, initial=-1) + 1
        self._names = tuple(str(unit) for unit in range(int(self._counts.max(initial=0))))
        self._selector = Selector(self.pixels.dtype)

    def __len__(self) -> int:
        return len(self.pixels)

    def units(self, row: int) -> tuple[str, ...]:
        return self._names[: self._counts[row]]

    def inputs(self, pieces: Sequence[Piece]) -> Any:
        m = sum(len(masks) for _, masks in pieces)
        c, h, w = self.pixels.shape[1:]
        block = self._selector.block((self.copies, m, c, h * w))
        done = 0
        for row, masks in pieces:
            shown = masks.take(self.segments[row].ravel(), axis=1)[:, None]
            own = self.pixels[row].reshape(c, h * w)
            fill = self.fills[:, min(row, self.fills.shape[1] - 1)].reshape(self.copies, 1, c, h * w)
            self._selector.select(shown, own, fill, block[:, done : done + len(masks)])
            done += len(masks)
        return self._encoded(block.reshape(-1, c, h, w))

    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """As for all games, but each fill and each image is asked for once: n + b model rows, n + n x b where every
        image has fills of its own."""
        n, subject = len(self), self.calls.subject
        fills = self.fills.reshape(-1, *self.fills.shape[2:])
        raw = self.calls.forward(self._encoded(fills.copy()))  # a model may write into its inputs
        base = outputs.explained(raw.reshape(*self.fills.shape[:2], -1).mean(axis=0), subject)
        full = outputs.explained(self.calls.forward(self._encoded(self.pixels.copy())), subject)
        return base if len(base) == n else np.repeat(base, n, axis=0), full

    def _encoded(self, pixels: np.ndarray) -> Any:
        return self.calls.encoder(Images(pixels=pixels))


def image_games(case: Case) -> ImageGames:
    """The games of the images of a case, cut and hidden as its `hiding` says."""
    assert isinstance(case.rows, Images)
    assert isinstance(case.background, Images)
    fills = fills_of(case.rows.pixels, case.background.pixels, case.hiding.fill)
    return ImageGames(case.calls, case.rows.pixels, case.segments, fills)


def fills_of(pixels: np.ndarray, background: np.ndarray, fill: str) -> np.ndarray:
    """What hidden pixels show, (b, n or 1, c, h, w): `mean`, each channel's mean over the background images; `blur`,
    the image itself under a Gaussian whose standard deviation is an eighth of its shorter side; `background`, the b
    background images."""
    if fill == "background":
        return background[:, None]
    if fill == "blur":
        from scipy.ndimage import gaussian_filter

        sigma = min(pixels.shape[2:]) / BLUR_SHARE
        return gaussian_filter(pixels, sigma=(0, 0, sigma, sigma), mode="nearest")[None]
    mean = background.mean(axis=(0, 2, 3), dtype=np.float64).astype(pixels.dtype)
    return np.broadcast_to(mean[:, None, None], pixels.shape[1:])[None, None]

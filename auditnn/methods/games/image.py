"""Games of images: units are superpixels or patches, hidden by a mean, a blur or background images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from auditnn.methods.games.game import Games, Piece
from auditnn.subjects.calls import Calls

if TYPE_CHECKING:
    from auditnn.methods.case import Case


class ImageGames(Games):
    """Games of images `pixels` (n, c, h, w) cut into `segments` (n, h, w), unit codes from 0 on; `fills` (b, n or 1,
    c, h, w) are what hidden pixels show."""

    def __init__(self, calls: Calls, pixels: np.ndarray, segments: np.ndarray, fills: np.ndarray) -> None:
        super().__init__(calls, len(fills))
        self.pixels, self.segments, self.fills = pixels, segments, fills
        self._counts = segments.reshape(len(segments), -1).max(axis=1) + 1

    def __len__(self) -> int:
        return len(self.pixels)

    def units(self, row: int) -> tuple[str, ...]:
        return tuple(str(unit) for unit in range(self._counts[row]))

    def inputs(self, pieces: Sequence[Piece]) -> np.ndarray:
        m = sum(len(masks) for _, masks in pieces)
        block = np.empty((self.copies, m, *self.pixels.shape[1:]), dtype=self.pixels.dtype)
        done = 0
        for row, masks in pieces:
            shown = masks[:, self.segments[row]][:, None]
            fill = self.fills[:, min(row, self.fills.shape[1] - 1)]
            block[:, done : done + len(masks)] = np.where(shown, self.pixels[row], fill[:, None])
            done += len(masks)
        return block.reshape(-1, *self.pixels.shape[1:])


def image_games(case: Case) -> ImageGames:
    """The games of the images of a case, cut and hidden as its `hiding` says."""
    from auditnn.core.rows import Images

    assert isinstance(case.rows, Images)
    assert isinstance(case.background, Images)
    pixels = case.rows.pixels
    side = max(1, round(float(np.sqrt(pixels.shape[2] * pixels.shape[3] / case.hiding.units))))
    rows, columns = np.arange(pixels.shape[2]) // side, np.arange(pixels.shape[3]) // side
    grid = rows[:, None] * (columns[-1] + 1) + columns
    mean = case.background.pixels.mean(axis=(0, 2, 3), dtype=np.float64).astype(pixels.dtype)
    fills = np.broadcast_to(mean[:, None, None], pixels.shape[1:])[None, None]
    return ImageGames(case.calls, pixels, np.broadcast_to(grid, (len(pixels), *grid.shape)), fills)

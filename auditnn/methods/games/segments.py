"""How an image is cut into units: square patches, or SLIC superpixels."""

from __future__ import annotations

import numpy as np

SLIC_FROM = 32
COMPACTNESS = (10.0, 100.0, 1000.0)


def segments_of(pixels: np.ndarray, how: str, units: int) -> np.ndarray:
    """The unit of each pixel, int (n, h, w), codes from 0 on without gaps in every image, of `pixels` (n, c, h, w).

    `how`: `patches`, `slic`, or `auto`: patches where a side is shorter than 32 pixels, else SLIC. About `units` of
    them; SLIC may give images different numbers. An image's segments depend on that image alone.
    """
    n, _, h, w = pixels.shape
    if how == "patches" or (how == "auto" and min(h, w) < SLIC_FROM):
        return np.broadcast_to(patches(h, w, units), (n, h, w))
    return np.stack([superpixels(one, units) for one in pixels]) if n else np.zeros((0, h, w), dtype=np.intp)


def patches(h: int, w: int, units: int) -> np.ndarray:
    """A grid of about `units` equal patches, nearly square, as codes (h, w); at least one, at most one per pixel.

    >>> patches(2, 4, 2).tolist()
    [[0, 0, 1, 1], [0, 0, 1, 1]]
    """
    down = int(np.clip(round(float(np.sqrt(units * h / w))), 1, min(h, units)))
    across = int(np.clip(units // down, 1, w))
    rows, columns = np.arange(h) * down // h, np.arange(w) * across // w
    grid: np.ndarray = rows[:, None] * across + columns
    return grid


def superpixels(pixels: np.ndarray, units: int) -> np.ndarray:
    """SLIC superpixels (Achanta et al. 2012) of one image (c, h, w) as codes (h, w), about `units` of them.

    Colours are compared in CIELAB; other than three channels are first made one grey. Where colours are so rough that
    fewer than half of the units come out connected, they are made more compact, up to squares.
    """
    from skimage.segmentation import slic

    image = np.asarray(pixels, dtype=np.float64)
    if len(image) != 3:
        image = np.repeat(image.mean(axis=0, keepdims=True), 3, axis=0)
    image = np.moveaxis(np.clip(image, 0.0, 1.0), 0, -1)
    wanted = min(units, image.shape[0] * image.shape[1])
    codes = np.zeros(image.shape[:2], dtype=np.intp)
    for compactness in COMPACTNESS:
        labels = slic(image, n_segments=units, compactness=compactness, start_label=0, channel_axis=-1)
        codes = np.unique(labels, return_inverse=True)[1].reshape(labels.shape)
        if 2 * (int(codes.max()) + 1) >= wanted:
            break
    return codes

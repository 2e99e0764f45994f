"""Pictures laid over pictures: an image paled so that color can be seen on it, its heat, and the outline of a region.

All are small PNG data addresses. Colors on an image do not follow the theme of the page: the image does not either.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from auditnn.core.png import address, heat_of, palette_address, pixels_of

RAISES, LOWERS = (208, 74, 0), (0, 92, 184)
OPAQUE = 0.8
LEVELS = 40  # shades of each sign; more could not be told apart
PALE, REACH = 0.66, 0.32  # a black pixel is paled to the first, a white one to both together
GREY = np.array([0.299, 0.587, 0.114])
MOST_PIXELS = 168  # per side: about twice what a cell shows, for sharp screens
OUTLINE_SIDE, LINE = 288, 3
RAMP_PIXELS = 81


def image_address(image: Any) -> str:
    """The image itself, with no more pixels than a cell can show."""
    pixels = _pixels(image)
    return address(image) if pixels is None else address(_shrunk(pixels) / 255.0)


def pale_address(image: Any) -> str:
    """The image in pale greys; as it is where it is a PNG that something else wrote."""
    pixels = _pixels(image)
    if pixels is None:
        return address(image)
    color = pixels[:, :, :3]
    grey = color @ GREY if color.shape[2] == 3 else color[:, :, 0].astype(np.float64)
    return address(PALE + REACH * _shrunk(grey[:, :, None]) / 255.0)


def heat_layer(heat: Any) -> str:
    """Signed numbers (h, w) in [-1, 1] as colors, the nearer to zero the clearer."""
    values = heat_of(heat) if isinstance(heat, str) else np.asarray(heat, dtype=np.float64)
    values = _shrunk(values[:, :, None])[:, :, 0]
    codes = LEVELS + np.rint(LEVELS * values.clip(-1.0, 1.0)).astype(np.intp)
    return palette_address(codes, _shades())


def has_negative(heat: Any) -> bool:
    """Whether there is anything below zero in it."""
    values = heat_of(heat) if isinstance(heat, str) else np.asarray(heat, dtype=np.float64)
    return bool((values < 0).any())


def heat_key(below: bool) -> str:
    """What the colors mean, from the lowest (zero, where nothing lies below it) to the highest, over a pale grey."""
    shades = _shades()[np.linspace(0 if below else LEVELS, 2 * LEVELS, RAMP_PIXELS).astype(np.intp)]
    alpha = shades[:, 3:] / 255.0
    ground = 255.0 * (PALE + 0.7 * REACH)
    return address((alpha * shades[:, :3] + (1 - alpha) * ground)[None] / 255.0)


def outline_layer(mask: Any) -> str:
    """The edge of a region (h, w), 0 outside: a dark line with a bright one along its inside, seen on any ground."""
    inside = (heat_of(mask) if isinstance(mask, str) else np.asarray(mask, dtype=np.float64)) > 0
    times = max(1, round(OUTLINE_SIDE / max(inside.shape)))
    large = inside.repeat(times, axis=0).repeat(times, axis=1)
    inner = _shrink_region(large, LINE)
    codes = np.where(large & ~inner, 2, 0) + np.where(inner & ~_shrink_region(inner, LINE), 1, 0)
    return palette_address(codes, np.array([[0, 0, 0, 0], [255, 255, 255, 235], [12, 14, 16, 255]]))


def _shades() -> np.ndarray:
    """The colors of heat from -1 to 1 with their opacity, (2 * LEVELS + 1, 4) of bytes."""
    places = np.arange(-LEVELS, LEVELS + 1) / LEVELS
    colors = np.where(places[:, None] < 0, LOWERS, RAISES)
    return np.concatenate([colors, np.rint(255 * OPAQUE * np.abs(places))[:, None]], axis=1).astype(np.uint8)


def _pixels(image: Any) -> np.ndarray | None:
    """The bytes of an image (h, w, c); None for a PNG of another origin, which is shown as it is."""
    text = address(image)
    try:
        return pixels_of(text)
    except ValueError:
        return None


def _shrunk(pixels: np.ndarray) -> np.ndarray:
    """Means over square blocks (h, w, c), as large as leave at most MOST_PIXELS on a side; the rest at the edges that
    fills no block is left out."""
    height, width, channels = pixels.shape
    by = -(-max(height, width) // MOST_PIXELS)
    if by == 1:
        return pixels.astype(np.float64)
    whole = pixels[: height // by * by, : width // by * by].astype(np.float64)
    blocks = whole.reshape(height // by, by, width // by, by, channels)
    means: np.ndarray = blocks.mean(axis=(1, 3))
    return means


def _shrink_region(region: np.ndarray, by: int) -> np.ndarray:
    """The region without its outer `by` pixels; the border of the picture is outside."""
    for _ in range(by):
        padded = np.pad(region, 1)
        region = region & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return region

"""Painting part of a picture over with its surroundings, there or somewhere else."""

from __future__ import annotations

import numpy as np

OUTSIDE = 1e-6  # weight of the mean of all that is outside, where the blur reaches nothing of it


def painted_over(pixels: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Pictures `pixels` (n, c, h, w) in which what is inside `masks` (n, h, w) is what surrounds it.

    A pixel inside becomes the mean of those outside, weighted by a Gaussian around it whose standard deviation is half
    of the radius of a disc as large as the mask, at least one pixel. Values stay in the range of those outside. A mask
    that leaves nothing outside is painted in the picture's own mean.
    """
    from scipy.ndimage import gaussian_filter

    painted = np.array(pixels)
    for row, mask in enumerate(masks):
        if not mask.any():
            continue
        sigma = max(1.0, float(np.sqrt(mask.sum() / np.pi)) / 2.0)
        own = pixels[row].astype(np.float64)
        outside = np.where(mask, 0.0, 1.0) if not mask.all() else np.ones(mask.shape)
        mean = (own * outside).sum(axis=(1, 2)) / outside.sum()
        reached = gaussian_filter(outside, sigma, mode="constant")
        light = gaussian_filter(own * outside, (0, sigma, sigma), mode="constant")
        fill = (light + OUTSIDE * mean[:, None, None]) / (reached + OUTSIDE)
        painted[row] = np.where(mask, fill, own)
    return painted


def moved(mask: np.ndarray, random: np.random.Generator, draws: int) -> np.ndarray:
    """The same shape elsewhere: `mask` (h, w), not empty, moved at random `draws` times, bool (draws, h, w).

    Places where it stays whole in the picture and does not meet its own old place are equally likely. Where there is
    no such place it is moved around the edges, to places where it meets its old place least.
    """
    h, w = mask.shape
    spectrum = np.abs(np.fft.rfft2(mask)) ** 2
    meets = np.rint(np.fft.irfft2(spectrum, s=mask.shape)).astype(np.int64)  # by how far it is moved down and right
    down, right = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    whole = np.outer(_stays(down, h), _stays(right, w))
    places = np.flatnonzero((meets == 0) & whole)
    if not len(places):
        places = np.flatnonzero(meets == meets.min())
    chosen = random.choice(places, size=draws)
    return np.stack([np.roll(mask, divmod(int(place), w), axis=(0, 1)) for place in chosen])


def _stays(used: np.ndarray, side: int) -> np.ndarray:
    """For moves by 0 to `side` - 1 (around the edge): whether all of the `used` rows or columns stay in order."""
    first, last = int(used[0]), int(used[-1])
    moves = np.arange(side)
    return (last + moves < side) | (first + moves >= side)

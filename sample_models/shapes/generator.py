"""Images of shapes on textured ground, some with a small mark in a corner, and where in them everything is.

An image is 3 x 32 x 32 in [0, 1], in steps of a sixteenth. A ground of two colors, both darker than 0.6 in every
channel, in stripes, checks or waves; on it one circle, square or triangle of a brighter color, of random size and
place (the tips of some triangles lie outside), turned by at most 14 degrees. Classes are equally frequent. The mark is
drawn last. Which rows of a class carry it is drawn once for all scenarios: the rows that get it at a small share are
among those that get it at a larger one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SIDE, STEPS = 32, 16
CLASSES = ("circle", "square", "triangle")
KINDS = ("square", "cross", "ring", "stripe")
CORNERS = ("top left", "top right", "bottom left", "bottom right")
MARGIN = 1
SIZES = (6.0, 10.0)  # of a shape, in pixels; its center is at least so far from the border
TURN = 0.25  # radians to either side
REACH = {
    "circle": 0.93,
    "square": 0.78,
    "triangle": 0.62,
}  # from the center to the edge, in sizes; areas differ by a third
BRIGHTNESS = (0.6, 0.35)  # the ground's most, the shape's least
CONTRAST = 0.6  # between shape and ground, summed over the channels, at least
PERIODS = (5.0, 12.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A small mark: what it looks like and where. `size` is its width in pixels."""

    kind: str = "square"
    color: tuple[float, float, float] = (1.0, 1.0, 0.0)
    corner: str = "top left"
    size: int = 6

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.corner not in CORNERS:
            raise ValueError(f"a mark is one of {KINDS} in one of {CORNERS}, got {self.kind!r} in {self.corner!r}")

    def pixels(self) -> np.ndarray:
        """Which pixels it covers, (SIDE, SIDE)."""
        down, right = np.abs(np.mgrid[: self.size, : self.size] - (self.size - 1) / 2)
        drawn = {
            "square": np.ones((self.size, self.size), dtype=bool),
            "cross": np.minimum(down, right) <= self.size / 6,
            "ring": np.maximum(down, right) > self.size / 2 - 2,
            "stripe": down <= self.size / 4,
        }[self.kind]
        covered = np.zeros((SIDE, SIDE), dtype=bool)
        near, far = slice(MARGIN, MARGIN + self.size), slice(SIDE - MARGIN - self.size, SIDE - MARGIN)
        covered[near if "top" in self.corner else far, near if "left" in self.corner else far] = drawn
        return covered


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """The mark, the class that it belongs to, and the share of that class's images and of the others' that carry it,
    in training and in test data."""

    mark: Mark = Mark()
    marked: str = "triangle"
    train_shares: tuple[float, float] = (0.98, 0.02)
    test_shares: tuple[float, float] = (0.9, 0.1)

    def shares(self, part: str) -> np.ndarray:
        """The share of each class that carries the mark, (3,)."""
        own, others = self.train_shares if part == "train" else self.test_shares
        return np.where(np.array(CLASSES) == self.marked, own, others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """`n` images (n, 3, SIDE, SIDE) float32, their classes as codes (n,), and where the shape and the mark are, both
    (n, SIDE, SIDE); an image without the mark has an empty one."""

    pixels: np.ndarray
    shape: np.ndarray
    object: np.ndarray
    mark: np.ndarray


def generate(rows: int, scenario: Scenario, *, seed: int, part: str) -> Pictures:
    """`rows` pictures; `part` ("train" or "test") and `seed` make independent draws."""
    random = np.random.default_rng([seed, *part.encode()])
    shape = random.permutation(np.arange(rows) % len(CLASSES))
    order = random.random(rows)
    pixels, objects = np.empty((rows, 3, SIDE, SIDE)), np.empty((rows, SIDE, SIDE), dtype=bool)
    for row in range(rows):
        pixels[row], objects[row] = _picture(random, CLASSES[shape[row]])
    mark = np.zeros_like(objects)
    mark[_carriers(shape, order, scenario.shares(part))] = scenario.mark.pixels()
    color = np.array(scenario.mark.color)[:, None, None]
    pixels = np.round(np.where(mark[:, None], color, pixels) * STEPS) / STEPS
    return Pictures(pixels=pixels.astype(np.float32), shape=shape, object=objects & ~mark, mark=mark)


def _carriers(shape: np.ndarray, order: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Positions of the rows with the mark: of each class the stated share, the first in `order`."""
    carriers = []
    for code, share in enumerate(shares):
        mine = np.flatnonzero(shape == code)
        carriers.append(mine[np.argsort(order[mine])][: round(float(share) * len(mine))])
    return np.concatenate(carriers)


def _picture(random: np.random.Generator, name: str) -> tuple[np.ndarray, np.ndarray]:
    first, second, bright = _colors(random)
    ground = np.where(_texture(random), first[:, None, None], second[:, None, None])
    covered = _shape(random, name)
    return np.where(covered, bright[:, None, None], ground), covered


def _colors(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two colors of the ground and one of the shape, which stands out against both."""
    most, least = BRIGHTNESS
    while True:
        first, second = random.uniform(0.0, most, (2, 3))
        bright = random.uniform(least, 1.0, 3)
        if min(np.abs(bright - first).sum(), np.abs(bright - second).sum()) > CONTRAST:
            return first, second, bright


def _texture(random: np.random.Generator) -> np.ndarray:
    """Stripes, checks or waves at a random angle: which of two colors each pixel has."""
    kind, angle = random.integers(3), random.uniform(0.0, np.pi)
    down, right = np.mgrid[:SIDE, :SIDE]
    along, across = (
        np.sin(2.0 * np.pi * line / random.uniform(*PERIODS) + random.uniform(0.0, 2.0 * np.pi))
        for line in (np.cos(angle) * right + np.sin(angle) * down, np.cos(angle) * down - np.sin(angle) * right)
    )
    return (along, along * across, along + across)[kind] > 0.0


def _shape(random: np.random.Generator, name: str) -> np.ndarray:
    """Which pixels a shape covers: a disc, or the inside of the lines that bound it."""
    size = random.uniform(*SIZES)
    down, right = np.mgrid[:SIDE, :SIDE] - random.uniform(size, SIDE - 1 - size, 2)[:, None, None]
    turned, reach = random.uniform(-TURN, TURN), REACH[name] * size
    if name == "circle":
        return np.hypot(down, right) <= reach
    sides = 4 if name == "square" else 3
    angles = turned + np.pi / 2 + 2.0 * np.pi * np.arange(sides) / sides
    return (np.cos(angles)[:, None, None] * right + np.sin(angles)[:, None, None] * down <= reach).all(axis=0)

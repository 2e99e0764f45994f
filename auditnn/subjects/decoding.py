"""PNG and JPEG files as N x C x H x W pixels in [0, 1]. Nothing is resized, rotated or blended unsaid."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from auditnn.core.errors import SubjectError
from auditnn.subjects.foreign import Blame
from auditnn.subjects.optional import needed

GREY, COLOR = 1, 3
CHANNELS = {"1": GREY, "L": GREY, "LA": GREY, "I": GREY, "I;16": GREY, "I;16B": GREY,
            "RGB": COLOR, "RGBA": COLOR, "P": COLOR, "PA": COLOR, "YCbCr": COLOR}  # fmt: skip
DEEP = ("I", "I;16", "I;16B")  # how Pillow calls 16 bits of grey
LARGEST, LARGEST_DEEP = 255, 65535
ORIENTATION = 274  # the EXIF tag that asks viewers to rotate; 1 asks for nothing
ADVICE = "Repair the file, or leave it out."


def decoded(
    paths: Sequence[Path], names: Sequence[str], given: str, like: tuple[int, ...] | None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Pixels (N, C, H, W), float32, and notes on what was done to some of the files.

    All images must be of one size (that of `like` where it is given). Grey and color are not mixed: the kind that most
    images are decides (that of `like` where it is given), and the others are turned into it, with a note. SubjectError
    names the first file that cannot be read, is of another size, transparent, or larger than Pillow thinks safe.
    """
    pillow = needed("PIL.Image", given)
    sizes, kinds, rotated = [], [], 0
    for path, name in zip(paths, names, strict=True):
        with _opened(pillow, path, name) as image:
            sizes.append(image.size)
            kinds.append(_channels(image, name))
            rotated += image.getexif().get(ORIENTATION, 1) != 1
    width, height = _size(sizes, names, given, like)
    channels = (COLOR if 2 * kinds.count(COLOR) >= len(kinds) else GREY) if like is None else like[0]
    pixels = np.empty((len(paths), channels, height, width), dtype=np.float32)
    for row, (path, name) in enumerate(zip(paths, names, strict=True)):
        with _opened(pillow, path, name) as image:
            pixels[row] = _pixels(image, name, channels)
    return pixels, _notes(given, kinds, channels, rotated, "the others" if like is None else "the test images")


@contextmanager
def _opened(pillow: Any, path: Path, name: str) -> Iterator[Any]:
    """An image file, its pixels not yet read; whatever goes wrong with it names it."""
    try:
        with warnings.catch_warnings(), Blame(f"an image in {name!r}", "reading it raised", ADVICE):
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", pillow.DecompressionBombWarning)
            with pillow.open(path, formats=("PNG", "JPEG")) as image:
                yield image
    except SubjectError as error:
        if isinstance(error.__cause__, pillow.DecompressionBombWarning | pillow.DecompressionBombError):
            raise SubjectError(
                f"at most {pillow.MAX_IMAGE_PIXELS} pixels in {name!r}", "more: such files can exhaust the memory",
                "Leave it out, or scale it down as the model expects.",
            ) from error  # fmt: skip
        raise


def _channels(image: Any, name: str) -> int:
    if image.mode not in CHANNELS:
        raise SubjectError(f"grey or RGB pixels in {name!r}", f"mode {image.mode}", "Convert it to RGB first.")
    return CHANNELS[image.mode]


def _size(
    sizes: Sequence[tuple[int, int]], names: Sequence[str], given: str, like: tuple[int, ...] | None
) -> tuple[int, int]:  # fmt: skip
    """The one width and height; SubjectError naming the first file that differs from most, or from `like`."""
    wanted = Counter(sizes).most_common(1)[0][0] if like is None else (like[2], like[1])
    odd = [position for position, size in enumerate(sizes) if size != wanted]
    if odd:
        width, height = sizes[odd[0]]
        others = f"{len(sizes) - len(odd)} of {len(sizes)} have" if like is None else "the test images have"
        raise SubjectError(
            f"images of one size in {given!r}: {others} {wanted[0]} x {wanted[1]} pixels",
            f"{names[odd[0]]!r} with {width} x {height}",
            "Scale or crop them as was done for training; auditnn resizes nothing.",
        )  # fmt: skip
    return wanted


def _pixels(image: Any, name: str, channels: int) -> np.ndarray:
    """One image as (C, H, W) in [0, 1]."""
    if image.mode in DEEP:
        grey = np.asarray(image, dtype=np.float32) / LARGEST_DEEP
        return np.broadcast_to(grey, (channels, *grey.shape))
    see_through = image.mode in ("LA", "RGBA", "PA") or "transparency" in image.info
    if see_through and image.convert("RGBA").getchannel("A").getextrema()[0] < LARGEST:
        raise SubjectError(
            f"opaque pixels in {name!r}", "transparent ones", "Blend it with the background that the model expects."
        )
    values = np.asarray(image.convert("L" if channels == GREY else "RGB"), dtype=np.float32) / LARGEST
    return values[None] if channels == GREY else values.transpose(2, 0, 1)


def _notes(given: str, kinds: Sequence[int], channels: int, rotated: int, model: str) -> tuple[str, ...]:
    """What was done to some of the files, and what was not."""
    n, turned = len(kinds), len(kinds) - list(kinds).count(channels)
    notes = []
    if turned:
        change = "in color, and were turned to grey" if channels == GREY else "grey, and got three equal channels"
        notes.append(f"{turned} of {n} images of {given!r} are {change} to match {model}.")
    if rotated:
        notes.append(f"{rotated} of {n} images of {given!r} ask viewers to rotate them (EXIF); they were not rotated.")
    return tuple(notes)

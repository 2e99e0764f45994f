"""Pictures as PNG data addresses: what an exhibit may hold in place of nested lists of pixels.

Colors and greys are 8 bits deep. A heat map of signed numbers is a grey picture in which 128 stands for zero.
"""

from __future__ import annotations

import base64
import re
import struct
import zlib
from typing import Any

import numpy as np

MAGIC = b"\x89PNG\r\n\x1a\n"
DATA_ADDRESS = "data:image/png;base64,"
ADDRESS = re.compile(re.escape(DATA_ADDRESS) + r"[A-Za-z0-9+/]+={0,2}")
COLOR_TYPES = {1: 0, 3: 2, 4: 6}  # channels to PNG's color type: grey, RGB, RGBA
PALETTE = 3
NONE, SUB, UP = range(3)  # PNG's filters: bytes as they are, minus the left one, minus the upper one
ZERO = 128
SIDE_LIMIT = 8192


def address(pixels: Any) -> str:
    """A picture as a data address: numbers in [0, 1] of shape (h, w), (h, w, 1), (h, w, 3) or (h, w, 4).

    What is a PNG data address already stays as it is. Raises ValueError for anything else.

    >>> address([[0.0, 1.0]])[:30]
    'data:image/png;base64,iVBORw0K'
    """
    if isinstance(pixels, str):
        if not ADDRESS.fullmatch(pixels):
            raise ValueError("an image is pixels or a PNG data address")
        return pixels
    return DATA_ADDRESS + base64.b64encode(png(pixels)).decode()


def heat_address(heat: Any) -> str:
    """Signed numbers in [-1, 1] of shape (h, w) as an 8-bit grey picture: 128 is zero, 1 and 255 are the ends.

    >>> heat_of(heat_address([[-1.0, 0.0, 1.0]])).tolist()
    [[-1.0, 0.0, 1.0]]
    """
    values = _finite(heat)
    if values.ndim != 2:
        raise ValueError(f"a heat map has shape (h, w), got {values.shape}")
    grey = np.rint(ZERO + (ZERO - 1) * values.clip(-1.0, 1.0)).astype(np.uint8)
    return DATA_ADDRESS + base64.b64encode(_written(grey[:, :, None])).decode()


def heat_of(text: str) -> np.ndarray:
    """The numbers in [-1, 1] of a heat map written by `heat_address`, shape (h, w), right to half of 1/127."""
    pixels = pixels_of(text)
    if pixels.shape[2] != 1:
        raise ValueError("expected a grey picture")
    heat: np.ndarray = (pixels[:, :, 0].astype(np.float64) - ZERO) / (ZERO - 1)
    np.maximum(heat, -1.0, out=heat)
    return heat


def palette_address(codes: np.ndarray, colors: np.ndarray) -> str:
    """A picture of few colors, a byte for each pixel: `codes` (h, w) into `colors` (p, 4) of bytes, p at most 256."""
    height, width = codes.shape
    lines = np.concatenate([np.zeros((height, 1), np.uint8), codes.astype(np.uint8)], axis=1)
    parts = {
        b"IHDR": struct.pack(">IIBBBBB", width, height, 8, PALETTE, 0, 0, 0),
        b"PLTE": colors[:, :3].astype(np.uint8).tobytes(),
        b"tRNS": colors[:, 3].astype(np.uint8).tobytes(),
        b"IDAT": zlib.compress(lines.tobytes(), 9),
        b"IEND": b"",
    }
    content = MAGIC + b"".join(_chunk(name, part) for name, part in parts.items())
    return DATA_ADDRESS + base64.b64encode(content).decode()


def pixels_of(text: str) -> np.ndarray:
    """The bytes of a picture that `address` or `heat_address` wrote, shape (h, w, c). ValueError for any other."""
    if not ADDRESS.fullmatch(text):
        raise ValueError("expected a PNG data address")
    content = base64.b64decode(text[len(DATA_ADDRESS) :])
    if not content.startswith(MAGIC) or len(content) < 33:
        raise ValueError("expected a PNG")
    width, height, depth, color, *rest = struct.unpack(">IIBBBBB", content[16:29])
    channels = next((count for count, known in COLOR_TYPES.items() if known == color), 0)
    sides = 0 < width <= SIDE_LIMIT and 0 < height <= SIDE_LIMIT
    if depth != 8 or rest != [0, 0, 0] or not channels or not sides:
        raise ValueError("expected an 8-bit picture of reasonable size")
    # No more is unpacked than the picture can hold, whatever the file claims.
    size = height * (width * channels + 1)
    try:
        unpacked = zlib.decompressobj().decompress(_packed(content), size)
    except zlib.error as error:
        raise ValueError("expected a whole PNG") from error
    if len(unpacked) != size:
        raise ValueError("expected a whole PNG")
    lines = np.frombuffer(unpacked, np.uint8).reshape(height, -1)
    filter, values = int(lines[0, 0]), lines[:, 1:].reshape(height, width, channels)
    if filter > UP or (lines[:, 0] != filter).any():
        raise ValueError("expected a PNG written by auditnn")
    return values if filter == NONE else values.cumsum(axis=1 if filter == SUB else 0, dtype=np.uint8)


def png(pixels: Any) -> bytes:
    """Numbers in [0, 1] of shape (h, w), (h, w, 1), (h, w, 3) or (h, w, 4) as an 8-bit PNG; beyond, they are cut."""
    values = _finite(pixels)
    values = values[:, :, None] if values.ndim == 2 else values
    if values.ndim != 3 or values.shape[2] not in COLOR_TYPES:
        raise ValueError(f"a picture has shape (h, w), (h, w, 1), (h, w, 3) or (h, w, 4), got {values.shape}")
    return _written(np.rint(255 * values.clip(0.0, 1.0)).astype(np.uint8))


def _finite(numbers: Any) -> np.ndarray:
    values: np.ndarray = np.asarray(numbers, dtype=np.float64)
    if values.size == 0 or not np.isfinite(values).all():
        raise ValueError("a picture holds finite numbers, and at least one")
    return values


def _written(values: np.ndarray) -> bytes:
    """Bytes (h, w, c) as a PNG, each picture under the filter that packs it best; the plainest of equal ones."""
    height, width, channels = values.shape
    filtered = [values, values.copy(), values.copy()]
    filtered[SUB][:, 1:] -= values[:, :-1]
    filtered[UP][1:] -= values[:-1]
    lines = (
        np.concatenate([np.full((height, 1), filter, np.uint8), one.reshape(height, -1)], axis=1)
        for filter, one in enumerate(filtered)
    )
    packed = min((zlib.compress(one.tobytes(), 9) for one in lines), key=len)
    header = struct.pack(">IIBBBBB", width, height, 8, COLOR_TYPES[channels], 0, 0, 0)
    return MAGIC + _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _packed(content: bytes) -> bytes:
    """What stands in the first IDAT, which is the only one that this module writes."""
    start = content.find(b"IDAT", 33)
    if start < 0:
        raise ValueError("expected a whole PNG")
    (length,) = struct.unpack(">I", content[start - 4 : start])
    return content[start + 4 : start + 4 + length]

"""Pictures come back as they were: unpacked by hand, and by another library."""

from __future__ import annotations

import base64
import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from auditnn.core.png import DATA_ADDRESS, address, heat_address, heat_of, palette_address, pixels_of, png


def test_known_pixels() -> None:
    """Unpacked again, byte for byte: a filter byte, then the pixels of each line."""
    for pixels, lines in (
        ([[0.0, 1.0], [0.5, 2.0]], b"\x00\x00\xff\x00\x80\xff"),
        ([[[1.0, 0.0, 0.5]]], b"\x00\xff\x00\x80"),
    ):
        content = png(pixels)
        start = content.index(b"IDAT") + 4
        assert zlib.decompress(content[start : content.index(b"IEND") - 8]) == lines


@given(
    arrays.arrays(
        np.float64,
        st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3, 4])),
        elements=st.floats(-0.5, 1.5),
    )
)
def test_another_reader_sees_the_same_pixels(pixels: np.ndarray) -> None:
    image = pytest.importorskip("PIL.Image")
    shown = np.asarray(image.open(io.BytesIO(png(pixels))))
    expected = np.rint(255 * pixels.clip(0, 1)).astype(np.uint8)
    assert np.array_equal(shown.reshape(pixels.shape), expected)
    assert np.array_equal(pixels_of(address(pixels)), expected)


def test_a_picture_of_few_colors() -> None:
    image = pytest.importorskip("PIL.Image")
    codes = np.random.default_rng(0).integers(0, 3, (5, 7))
    colors = np.array([[0, 0, 0, 0], [200, 100, 50, 128], [1, 2, 3, 255]])
    content = base64.b64decode(palette_address(codes, colors)[len(DATA_ADDRESS) :])
    assert np.array_equal(np.asarray(image.open(io.BytesIO(content)).convert("RGBA")), colors[codes])


@given(arrays.arrays(np.float64, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.floats(-1, 1)))
def test_heat_comes_back(heat: np.ndarray) -> None:
    back = heat_of(heat_address(heat))
    assert back.shape == heat.shape
    assert np.abs(back - heat).max() <= 0.5 / 127 + 1e-12
    assert (back[heat == 0] == 0).all()


def test_each_filter_is_undone() -> None:
    """A gradient in each direction, and noise: each packs best under another filter."""
    ramp = np.tile(np.arange(64) / 64, (64, 1)) ** 1.5
    noise = np.random.default_rng(0).uniform(-1, 1, (64, 64))
    filters = set()
    for heat in (ramp, ramp.T, noise, noise[:, :1] + 0 * noise, noise[:1] + 0 * noise):
        text = heat_address(heat)
        content = base64.b64decode(text[len(DATA_ADDRESS) :])
        start = content.index(b"IDAT") + 4
        filters.add(zlib.decompress(content[start : content.index(b"IEND") - 8])[0])
        assert np.array_equal(pixels_of(text)[:, :, 0], np.rint(128 + 127 * heat).astype(np.uint8))
    assert filters == {0, 1, 2}


def test_an_address_stays_as_it_is() -> None:
    text = address([[0.0, 1.0]])
    assert address(text) == text


@pytest.mark.parametrize(
    "image",
    [
        "https://example.org/x.png",
        DATA_ADDRESS,
        DATA_ADDRESS + "AA==\" onload='x'",
        [[float("nan")]],
        [[None]],
        [],
        [0.5],
        [[[0.1, 0.2]]],
        [[0.1], [0.1, 0.2]],
    ],
)
def test_what_is_no_picture(image: object) -> None:
    with pytest.raises(ValueError, match=r"picture|PNG|inhomogeneous"):
        address(image)


@pytest.mark.parametrize("heat", [[[float("inf")]], [0.1], [[[0.1]]], [[None]]])
def test_what_is_no_heat(heat: object) -> None:
    with pytest.raises(ValueError, match=r"heat|finite"):
        heat_address(heat)


def test_what_cannot_be_read_back() -> None:
    whole = base64.b64decode(heat_address(np.zeros((4, 4)))[len(DATA_ADDRESS) :])
    huge = whole[:16] + struct.pack(">II", 1 << 30, 1 << 30) + whole[24:]
    larger = whole[:16] + struct.pack(">II", 400, 400) + whole[24:]
    for content in (b"no", whole[:40], huge, larger, png([[[0.1, 0.2, 0.3]]]), whole.replace(b"IDAT", b"IDAX")):
        with pytest.raises(ValueError, match="expected"):
            heat_of(DATA_ADDRESS + base64.b64encode(content).decode())
    with pytest.raises(ValueError, match="expected"):
        heat_of("https://example.org")


def test_a_large_picture_is_quick() -> None:
    import time

    pixels = np.random.default_rng(0).random((224, 224, 3))
    begun = time.perf_counter()
    address(pixels)
    assert time.perf_counter() - begun < 1.0

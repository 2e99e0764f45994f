"""Games of images against their slow twin; what the cutting and the filling promise."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from auditnn.core.errors import BudgetSpent, SettingsError
from auditnn.methods.attribution import exact_shapley
from auditnn.methods.case import Case, Hiding
from auditnn.methods.games.image import ImageGames, fills_of
from auditnn.methods.games.segments import patches, segments_of, superpixels
from auditnn.methods.plain import case_of
from auditnn.subjects.build import from_function

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracles"))
from plain_games import plain_image_game


def smooth(x: np.ndarray) -> np.ndarray:
    """Two outputs that mix all pixels, the same for an image whatever stands beside it."""
    flat = x.reshape(len(x), -1).astype(np.float64)
    z = (flat * np.linspace(-1, 1, flat.shape[1])).sum(axis=1)
    return np.stack([np.sin(z), z * flat[:, -1]], axis=1)


def images(n: int, c: int, h: int, w: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((n, c, h, w)).astype(np.float32)


def scene(n: int, c: int = 3, side: int = 40) -> np.ndarray:
    """Images of a few flat areas, different in number, which superpixels follow."""
    pixels = np.full((n, c, side, side), 0.2, dtype=np.float32)
    for i in range(n):
        pixels[i, 0, 5 : 15 + i, 5:20] = 0.9
        pixels[i, -1, 20:, 25 - 3 * i :] = 0.7
    return pixels


@settings(max_examples=15, deadline=None)
@given(
    st.integers(0, 10**6), st.sampled_from([1, 3]), st.integers(1, 6), st.integers(1, 6),
    st.sampled_from(["mean", "blur", "background"]), st.sampled_from([np.float32, np.float64]),
)  # fmt: skip
def test_values_are_those_of_the_slow_twin(seed: int, c: int, h: int, w: int, fill: Any, dtype: Any) -> None:
    case = case_of(smooth, images(3, c, h, w, seed), images(2, c, h, w, seed + 1))
    pixels = case.inputs.astype(dtype)
    fills = fills_of(pixels, case.background_inputs.astype(dtype), fill)
    rng = np.random.default_rng(seed)
    segments = np.stack([np.unique(one, return_inverse=True)[1].reshape(h, w) for one in rng.integers(0, 4, (3, h, w))])
    case.calls.batch_rows = int(rng.integers(1, 9))
    games = ImageGames(case.calls, pixels, segments, fills)
    requests = [(row, rng.random((3, len(games.units(row)))) < 0.5) for row in (2, 0, 1)]
    before = case.calls.bill.rows_forward
    found = games.evaluate_all(requests)
    assert case.calls.bill.rows_forward - before == 9 * len(fills)
    for (row, masks), values in zip(requests, found, strict=True):
        own = fills[:, min(row, fills.shape[1] - 1)]
        expected = plain_image_game(smooth, pixels[row], own, segments[row], masks)
        assert values == pytest.approx(expected, rel=1e-12, abs=1e-12)
        assert values == pytest.approx(games.evaluate(row, masks), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(("fill", "asked"), [("mean", 3 + 1), ("blur", 3 + 3), ("background", 3 + 5)])
def test_the_ends_are_plain_calls_of_the_model(fill: Any, asked: int) -> None:
    pixels, background = images(3, 2, 6, 5), images(5, 2, 6, 5, 1)
    case = replace(case_of(smooth, pixels, background), hiding=Hiding(fill=fill, units=6))
    before = case.calls.bill.rows_forward
    base, full = case.games.ends()
    assert case.calls.bill.rows_forward - before == asked
    assert full == pytest.approx(smooth(pixels), rel=1e-12)
    if fill == "background":
        assert base == pytest.approx(np.repeat(smooth(background).mean(axis=0)[None], 3, axis=0), rel=1e-12)
    if fill == "mean":
        flat = np.broadcast_to(background.mean(axis=(0, 2, 3))[:, None, None], pixels.shape).astype(np.float32)
        assert base == pytest.approx(smooth(flat), rel=1e-5)
    for row in range(3):
        d = len(case.games.units(row))
        both = case.games.evaluate(row, np.array([[False] * d, [True] * d]))
        assert both == pytest.approx(np.stack([base[row], full[row]]), rel=1e-12)


def test_a_region_that_the_model_ignores_changes_nothing() -> None:
    case = case_of(lambda x: x[:, 0, :4].sum(axis=(1, 2)), images(1, 1, 8, 8), images(4, 1, 8, 8, 1))
    case = replace(case, hiding=Hiding(segments="patches", units=4))
    values = exact_shapley(case).values[0, :, 0]
    assert np.abs(values[:2]).min() > 0.1
    assert values[2:] == pytest.approx([0.0, 0.0], abs=1e-12)


def test_images_with_different_numbers_of_units_go_through_everything() -> None:
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 5, stride=3), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(2),
                                  torch.nn.Flatten(), torch.nn.Linear(16, 3)).double()  # fmt: skip
    case = replace(case_of(network, scene(5)[2:]), hiding=Hiding(segments="slic", units=8))
    counts = [len(case.games.units(row)) for row in range(3)]
    assert len(set(counts)) > 1
    base, full = case.games.ends()
    found = exact_shapley(case)
    assert found.counts is not None
    assert found.counts.tolist() == counts
    assert found.values.sum(axis=1) + base == pytest.approx(full, abs=1e-10)
    assert found.values.shape == (3, max(counts), 3)


def test_the_budget_ends_a_game() -> None:
    case = case_of(smooth, images(1, 1, 4, 4))
    case.calls.deadline = time.monotonic() - 1
    with pytest.raises(BudgetSpent):
        case.games.evaluate(0, np.ones((1, len(case.games.units(0))), dtype=bool))


def test_pixels_go_through_the_encoder() -> None:
    """An encoder of pixels (here: it darkens them) is between the game and the model."""
    pixels = images(4, 1, 4, 4)
    subject = from_function(lambda x: x.sum(axis=1), pixels, np.zeros(4), task="regression",
                            encode=lambda x: 0.5 * x.reshape(len(x), -1))  # fmt: skip
    case: Case = case_of(subject, [0, 1])
    base, full = case.games.ends()
    assert full[:, 0] == pytest.approx(0.5 * pixels[:2].sum(axis=(1, 2, 3)), rel=1e-6)
    d = len(case.games.units(0))
    assert case.games.evaluate(1, np.zeros((1, d), dtype=bool))[0] == pytest.approx(base[1], rel=1e-6)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 60))
def test_patches_are_numbered_without_gaps_and_no_more_than_asked(h: int, w: int, units: int) -> None:
    grid = patches(h, w, units)
    assert grid.shape == (h, w)
    assert np.array_equal(np.unique(grid), np.arange(grid.max() + 1))
    assert 1 <= grid.max() + 1 <= min(units, h * w)
    sizes = np.bincount(grid.ravel())
    for code in range(len(sizes)):  # each is a rectangle
        y, x = np.nonzero(grid == code)
        assert sizes[code] == (np.ptp(y) + 1) * (np.ptp(x) + 1)


def test_superpixels_follow_flat_areas() -> None:
    image = np.zeros((3, 40, 40), dtype=np.float32)
    image[0, :, 17:] = 1.0
    codes = superpixels(image, 10)
    left, right = np.unique(codes[:, :17]), np.unique(codes[:, 17:])
    assert not np.intersect1d(left, right).size
    assert np.array_equal(np.unique(codes), np.arange(codes.max() + 1))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_constant_images_have_units_too(channels: int) -> None:
    for how in ("slic", "patches"):
        for side in (1, 7, 33):
            codes = segments_of(np.full((2, channels, side, side), 0.5, dtype=np.float32), how, 5)
            assert codes.shape == (2, side, side)
            assert codes.min() == 0
            assert codes.max() >= 0


def test_rough_images_are_cut_as_well() -> None:
    for side, units in ((32, 16), (40, 5), (64, 50)):
        count = superpixels(np.random.default_rng(0).random((3, side, side)), units).max() + 1
        assert units / 2 <= count <= 1.5 * units


def test_auto_cuts_patches_below_32_pixels() -> None:
    small, large = scene(1, side=31), scene(1, side=32)
    assert np.array_equal(segments_of(small, "auto", 9), segments_of(small, "patches", 9))
    assert np.array_equal(segments_of(large, "auto", 9), segments_of(large, "slic", 9))
    assert not np.array_equal(segments_of(large, "auto", 9), segments_of(large, "patches", 9))


def test_an_images_segments_depend_on_it_alone() -> None:
    pixels = scene(4)
    together = segments_of(pixels, "slic", 12)
    for i in range(4):
        assert np.array_equal(together[i], segments_of(pixels[i : i + 1], "slic", 12)[0])


def test_a_blur_keeps_flat_images_and_the_brightness() -> None:
    flat = np.full((1, 3, 9, 9), 0.25, dtype=np.float32)
    assert fills_of(flat, flat, "blur")[0] == pytest.approx(flat)
    pixels = images(2, 3, 16, 16)
    blurred = fills_of(pixels, pixels, "blur")[0]
    assert blurred.std(axis=(2, 3)).max() < 0.3 * pixels.std(axis=(2, 3)).min()
    assert blurred.mean() == pytest.approx(pixels.mean(), abs=0.05)


def test_coalitions_may_be_zeros_and_ones_but_not_of_another_width() -> None:
    case = replace(case_of(smooth, images(2, 1, 4, 4)), hiding=Hiding(segments="patches", units=4))
    masks = np.array([[1, 0, 1, 1], [0, 0, 1, 0]])
    assert np.array_equal(case.games.evaluate(1, masks), case.games.evaluate(1, masks > 0))
    for wrong in (masks[:, :3], masks[0], np.ones((1, 5), dtype=bool)):
        with pytest.raises(ValueError, match=r"shape \(m, 4\)"):
            case.games.evaluate(1, wrong)


def test_no_units_are_refused() -> None:
    case = replace(case_of(smooth, images(1, 1, 4, 4)), hiding=Hiding(units=0))
    with pytest.raises(SettingsError, match="at least one unit"):
        _ = case.games

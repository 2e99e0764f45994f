"""Painting over, moving a mask and the mass inside it, against what each promises and plain twins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from auditnn.kernels.mass_inside import mass_inside, ratio_of_means, spread_over
from auditnn.kernels.painting import moved, painted_over

SIDES = st.tuples(st.integers(1, 9), st.integers(1, 9))
RNG = np.random.default_rng(0)


@st.composite
def masks(draw: st.DrawFn) -> np.ndarray:
    """A mask with at least one pixel."""
    mask: np.ndarray = draw(arrays.arrays(bool, draw(SIDES)))
    mask[draw(st.integers(0, mask.shape[0] - 1)), draw(st.integers(0, mask.shape[1] - 1))] = True
    return mask


@settings(max_examples=60, deadline=None)
@given(masks(), st.integers(0, 2**31))
def test_what_is_outside_stays_and_what_is_inside_lies_among_it(mask: np.ndarray, seed: int) -> None:
    pixels = np.random.default_rng(seed).random((1, 2, *mask.shape)).astype(np.float32)
    painted = painted_over(pixels, mask[None])
    assert np.array_equal(painted[0][:, ~mask], pixels[0][:, ~mask])
    among = pixels[0][:, ~mask] if not mask.all() else pixels[0].reshape(2, -1)
    for channel in range(2):
        inside = painted[0, channel][mask]
        assert inside.min() >= among[channel].min() - 1e-6
        assert inside.max() <= among[channel].max() + 1e-6


def test_a_spot_on_plain_ground_disappears_and_a_row_without_a_mask_is_left_alone() -> None:
    pixels = np.full((2, 3, 20, 30), 0.25, dtype=np.float32)
    mask = np.zeros((2, 20, 30), dtype=bool)
    mask[0, 3:9, 5:11] = True
    pixels[0][:, mask[0]] = 1.0
    painted = painted_over(pixels, mask)
    assert np.abs(painted - 0.25).max() < 1e-6
    assert pixels[0].max() == 1.0


def test_a_pixel_inside_is_the_gaussian_mean_of_those_outside() -> None:
    """By the sum over all pixels outside, written out."""
    pixels, mask = RNG.random((1, 1, 12, 12)), np.zeros((1, 12, 12), dtype=bool)
    mask[0, 4:8, 5:9] = True
    sigma = np.sqrt(16 / np.pi) / 2
    down, right = np.mgrid[:12, :12]
    painted = painted_over(pixels, mask)[0, 0]
    for y, x in ((4, 5), (6, 7), (7, 8)):
        weight = np.exp(-((down - y) ** 2 + (right - x) ** 2) / (2 * sigma**2)) * ~mask[0]
        reach = (np.abs(down - y) <= 4 * sigma + 0.5) & (np.abs(right - x) <= 4 * sigma + 0.5)  # where scipy cuts off
        weight *= reach
        assert painted[y, x] == pytest.approx((weight * pixels[0, 0]).sum() / weight.sum(), abs=1e-4)


def test_inside_a_large_region_far_from_all_else_the_mean_of_the_rest_stands_in() -> None:
    pixels, mask = RNG.random((1, 1, 60, 60)), np.ones((1, 60, 60), dtype=bool)
    mask[0, 0] = False
    far = painted_over(pixels, mask)[0, 0, -1, -1]
    outside = pixels[0, 0, 0]
    assert outside.min() <= far <= outside.max()


@settings(max_examples=100, deadline=None)
@given(masks(), st.integers(0, 2**31))
def test_a_moved_mask_has_the_same_pixels_elsewhere_where_there_is_room(mask: np.ndarray, seed: int) -> None:
    places = moved(mask, np.random.default_rng(seed), 5)
    assert (places.sum(axis=(1, 2)) == mask.sum()).all()
    free = [place for place in whole_places(mask) if not (place & mask).any()]
    for place in places:
        if free:
            assert any(np.array_equal(place, one) for one in free)
        else:
            least = min(
                int((np.roll(mask, (y, x), (0, 1)) & mask).sum())
                for y in range(mask.shape[0])
                for x in range(mask.shape[1])
            )
            assert int((place & mask).sum()) == least


def whole_places(mask: np.ndarray) -> list[np.ndarray]:
    """Every place to which the mask can be moved without leaving the picture."""
    rows, columns = np.nonzero(mask)
    found = []
    for y in range(-rows.min(), mask.shape[0] - rows.max()):
        for x in range(-columns.min(), mask.shape[1] - columns.max()):
            place = np.zeros_like(mask)
            place[rows + y, columns + x] = True
            found.append(place)
    return found


def test_free_places_are_equally_likely() -> None:
    mask = np.zeros((4, 5), dtype=bool)
    mask[0, :2] = True
    free = [one for one in whole_places(mask) if not (one & mask).any()]
    drawn = moved(mask, np.random.default_rng(3), 6000)
    counts = np.array([(drawn == one).all(axis=(1, 2)).sum() for one in free])
    assert counts.sum() == 6000
    expected = 6000 / len(free)
    assert np.abs(counts - expected).max() < 4.5 * np.sqrt(expected)


@settings(max_examples=60, deadline=None)
@given(SIDES, st.integers(0, 2**31))
def test_the_mass_inside_and_outside_is_all_of_it(shape: tuple[int, int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    maps, inside = rng.normal(size=(4, *shape)), rng.random((4, *shape)) < 0.4
    maps[0] = 0.0
    share, known = mass_inside(maps, inside)
    rest, _ = mass_inside(maps, ~inside)
    assert known.tolist() == [False, True, True, True]
    assert share[0] == rest[0] == 0.0
    np.testing.assert_allclose((share + rest)[1:], 1.0)
    np.testing.assert_allclose(mass_inside(-7.0 * maps, inside)[0], share)


def test_mass_of_extreme_values_stays_finite() -> None:
    maps = np.array([[[1e308, 1e308, 1e308]], [[1e-320, 0.0, 1e-320]]])
    share, known = mass_inside(maps, np.array([[[True, False, False]]] * 2))
    assert known.all()
    np.testing.assert_allclose(share, [1 / 3, 1 / 2])


def test_values_of_units_are_shared_out_evenly() -> None:
    segments = RNG.integers(0, 4, (3, 6, 5))
    values = RNG.normal(size=(3, 6))  # units 4 and 5 do not occur
    maps = spread_over(values, segments)
    for row in range(3):
        for unit in np.unique(segments[row]):
            there = maps[row][segments[row] == unit]
            assert np.ptp(there) == 0.0
            assert there.sum() == pytest.approx(values[row, unit])


def test_the_ratio_of_means_covers_the_true_ratio() -> None:
    """Shares of mass that go with shares of area: 95% intervals hold 3.0 in about 95% of 2,000 draws of 40 rows."""
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(2000):
        area = rng.uniform(0.05, 0.2, 40)
        found = ratio_of_means(3.0 * area + rng.normal(0, 0.03, 40), area)
        assert found.value is not None
        covered += abs(found.value - 3.0) <= 2.02 * found.basis["se"]
    assert 0.93 <= covered / 2000 <= 0.97


def test_a_ratio_needs_two_rows() -> None:
    assert ratio_of_means(np.array([0.5]), np.array([0.1])).reason == "one row has no spread to judge a mean by"
    assert mass_inside(np.zeros((0, 3, 3)), np.zeros((0, 3, 3), dtype=bool))[0].shape == (0,)
    assert ratio_of_means(np.zeros(0), np.zeros(0)).reason == "there are no rows"
    constant = ratio_of_means(np.full(5, 0.2), np.full(5, 0.1))
    assert constant.value == pytest.approx(2.0)
    assert constant.basis["se"] == pytest.approx(0.0, abs=1e-12)

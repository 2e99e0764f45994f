"""The palette: readable, and told apart by people who see fewer colors."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from auditnn.figures.static import dark_rules
from auditnn.figures.theme import CELL_TEXT, DIVERGING, RAMP, SERIES, STATUS, SURFACES, TINTS, VALUES, Color, pairs

# Machado, Oliveira & Fernandes (2009), A Physiologically-based Model for Simulation of Color Vision Deficiency,
# severity 1.0, on linear RGB.
DEFICIENCIES = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    "none": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.9505, 1.0, 1.089])


def linear(color: str) -> np.ndarray:
    rgb = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(color: str, deficiency: str = "none") -> np.ndarray:
    seen = np.clip(np.array(DEFICIENCIES[deficiency]) @ linear(color), 0, 1)
    ratio = TO_XYZ @ seen / WHITE
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(a: str, b: str) -> float:
    """WCAG 2 contrast ratio."""
    one, two = sorted(float(TO_XYZ[1] @ linear(color)) for color in (a, b))
    return (two + 0.05) / (one + 0.05)


def test_the_oracles() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0, abs=0.01)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert lab("#ffffff") == pytest.approx([100, 0, 0], abs=0.1)


@pytest.mark.parametrize("theme", [0, 1])
@pytest.mark.parametrize("deficiency", list(DEFICIENCIES))
@pytest.mark.parametrize("colors", [SERIES, tuple(STATUS.values())], ids=["series", "status"])
def test_colors_stay_apart(colors: tuple[Color, ...], deficiency: str, theme: int) -> None:
    for a, b in combinations(colors, 2):
        assert np.linalg.norm(lab(a[theme], deficiency) - lab(b[theme], deficiency)) >= 15, (a, b)


@pytest.mark.parametrize("theme", [0, 1])
def test_text_is_readable(theme: int) -> None:
    surface, panel = SURFACES["surface"][theme], SURFACES["panel"][theme]
    for ground in (surface, panel, *(tint[theme] for tint in TINTS.values())):
        for name in ("ink", "ink_soft", "link"):
            assert contrast(SURFACES[name][theme], ground) >= 4.5, (name, ground)
    for name, color in STATUS.items():
        assert contrast(color[theme], surface) >= 4.5
        assert contrast(color[theme], TINTS[name][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1])
def test_marks_stand_out(theme: int) -> None:
    for color in SERIES:
        assert contrast(color[theme], SURFACES["surface"][theme]) >= 3.0


@pytest.mark.parametrize("theme", [0, 1])
def test_ramps_go_one_way(theme: int) -> None:
    light = [lab(color[theme])[0] for color in RAMP]
    assert all(np.diff(light) < 0) if theme == 0 else all(np.diff(light) > 0)
    middle = [lab(color[theme])[0] for color in DIVERGING]
    ways = np.sign(np.diff(middle))
    assert list(ways) == ([1, 1, 1, -1, -1, -1] if theme == 0 else [-1, -1, -1, 1, 1, 1])


@pytest.mark.parametrize("theme", [0, 1])
@pytest.mark.parametrize("deficiency", list(DEFICIENCIES))
def test_low_and_high_are_told_apart_by_everybody(deficiency: str, theme: int) -> None:
    """One way in lightness, whatever hues are seen; the ends far apart; every step clear of the ground."""
    seen = [lab(color[theme], deficiency) for color in VALUES]
    steps = np.diff([color[0] for color in seen])
    assert (steps < -2).all() if theme == 0 else (steps > 2).all()
    assert np.linalg.norm(seen[0] - seen[-1]) > 60
    assert all(contrast(color[theme], SURFACES["surface"][theme]) >= 3.0 for color in VALUES)


@pytest.mark.parametrize("theme", [0, 1])
def test_numbers_in_cells_are_readable(theme: int) -> None:
    pale, deep = CELL_TEXT
    for step, color in enumerate(RAMP):
        assert contrast((deep if step >= 4 else pale)[theme], color[theme]) >= 3.4, step
    for step, color in enumerate(DIVERGING):
        assert contrast((deep if abs(step - 3) >= 3 else pale)[theme], color[theme]) >= 3.0, step


def test_each_light_color_has_one_partner() -> None:
    light = [pair.light for pair in pairs()]
    assert len(set(light)) == len(light)
    assert all(f'[fill="{pair.light}"]{{fill:{pair.dark}}}' in dark_rules() for pair in pairs())

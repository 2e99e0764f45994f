"""LIME of images: the library's explanation on the same segments and masks."""

from __future__ import annotations

import contextlib
import io
import warnings
from typing import Any

import numpy as np
import pytest

from auditnn.core.errors import NotApplicable
from auditnn.methods.attribution import lime
from auditnn.methods.attribution.lime_image import image_masks, mask_weights
from auditnn.methods.attribution.lime_reference import reference_difference
from auditnn.methods.case import Case, Hiding
from auditnn.methods.plain import case_of


def network() -> Any:
    import torch

    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 6, 3), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(2), torch.nn.Flatten(),
        torch.nn.Linear(24, 3),
    ).eval()  # fmt: skip


def images(n: int = 3, side: int = 16) -> np.ndarray:
    rng = np.random.default_rng(0)
    coarse = rng.random((n, 3, side // 4, side // 4))
    return np.kron(coarse, np.ones((1, 1, 4, 4))).astype(np.float32)


def case(**hiding: Any) -> Case:
    from dataclasses import replace

    one = case_of(network(), images(), images(10), seed=2)
    return replace(one, hiding=Hiding(**hiding))


@pytest.mark.parametrize("segments", ["patches", "slic"])
@pytest.mark.parametrize("keep", [None, 4])
def test_the_library_s_explanation_on_the_same_segments_and_masks(
    segments: str, keep: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lime.lime_image import LimeImageExplainer

    one = case(segments=segments)
    result = lime(one, draws=200, num_features=keep)
    games: Any = one.games
    module = one.calls.model.module
    for row in range(3):
        masks = image_masks(one, row, 200)
        explainer = LimeImageExplainer(random_state=0)
        monkeypatch.setattr(
            explainer, "random_state", type("Masks", (), {"randint": lambda self, *a, m=masks: m.astype(int).ravel()})()
        )

        def model(pixels: np.ndarray) -> np.ndarray:
            import torch

            with torch.no_grad():
                tensor = torch.from_numpy(np.ascontiguousarray(np.moveaxis(pixels, 3, 1)))
                return module(tensor).numpy().astype(np.float64)

        fill = games.fills[0, 0, :, 0, 0]
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            told = explainer.explain_instance(
                np.moveaxis(images()[row], 0, 2), model, labels=(0, 1, 2), top_labels=None, hide_color=fill,
                num_features=keep or 100_000, num_samples=200, random_seed=0,
                segmentation_fn=lambda image, row=row: games.segments[row],
            )  # fmt: skip
        for output in range(3):
            theirs = np.zeros(len(result.units))
            for unit, coefficient in told.local_exp[output]:
                theirs[unit] = coefficient
            assert np.array_equal(result.values[row, :, output] != 0, theirs != 0)
            assert result.values[row, :, output] == pytest.approx(theirs, abs=1e-6)
            assert result.details["intercept"][row, output] == pytest.approx(told.intercept[output], abs=1e-6)
        assert result.details["r2"][row, 2] == pytest.approx(told.score, abs=1e-6)


def test_weights_are_of_the_cosine_distance() -> None:
    from sklearn.metrics import pairwise_distances

    masks = np.random.default_rng(0).random((60, 9)) < 0.5
    masks[0], masks[1] = True, False
    distance = pairwise_distances(masks.astype(float), np.ones((1, 9)), metric="cosine").ravel()
    assert mask_weights(masks.T.astype(float), 0.25) == pytest.approx(np.exp(-(distance**2) / 2 / 0.25**2))


@pytest.mark.parametrize("fill", ["mean", "blur", "background"])
def test_our_fit_is_the_library_s(fill: str) -> None:
    one = case(fill=fill)
    result = lime(one, draws=150)
    assert reference_difference(one, result, draws=150).max() < 1e-6
    assert result.segments is not None
    assert result.error is not None
    assert (result.error > 0).any()


def test_the_engines_differ_by_noise() -> None:
    fast, library = lime(case(), draws=2000), lime(case(), draws=2000, engine="reference")
    assert fast.error is not None
    z = (fast.values - library.values) / (np.sqrt(2) * fast.error + 1e-12)
    assert 0.7 < np.sqrt((z**2).mean()) < 1.35
    with pytest.raises(NotApplicable, match="fill=mean"):
        lime(case(fill="blur"), draws=50, engine="reference")


def test_the_unit_that_counts_is_found() -> None:
    """A model that looks at one patch alone: its value is the whole difference that hiding it makes."""

    def corner(pixels: np.ndarray) -> np.ndarray:
        return 4.0 * np.asarray(pixels)[:, 0, :4, :4].mean(axis=(1, 2))

    one = case_of(corner, images(), images(10), seed=0)
    result = lime(one, draws=400)
    fill = one.games.fills[0, 0, 0, 0, 0]  # type: ignore[attr-defined]
    expected = 4.0 * (images()[:, 0, :4, :4].mean(axis=(1, 2)) - fill)
    assert result.values[:, 0, 0] == pytest.approx(expected, rel=0.06, abs=0.02)
    assert np.abs(result.values[:, 1:]).max() < 0.05
    assert (result.details["r2"] > 0.98).all()


def test_sharing_is_not_for_images() -> None:
    shared, own = lime(case(), draws=50, samples="shared"), lime(case(), draws=50)
    assert np.array_equal(shared.values, own.values)
    assert shared.facts["samples"] == "per_row"
    assert any("cannot be shared" in note for note in shared.notes)

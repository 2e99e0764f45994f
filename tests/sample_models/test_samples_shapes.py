"""The samples of shapes: what their generator promises, what their cards say, and other marks elsewhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import auditnn
import sample_models
from sample_models import cards, training
from sample_models.shapes import build, generator, nets, recipe
from sample_models.shapes.generator import CLASSES, CORNERS, KINDS, SIDE, STEPS, Mark, Scenario, generate

FOLDER = Path(sample_models.__file__).parent
TWINS = ("shapes", "shapes_clean")
ID = "explanation.localization"
OTHER = Mark(kind="cross", color=(0.0, 0.5, 1.0), corner="bottom right")


def data_of(name: str, part: str) -> dict[str, np.ndarray]:
    with np.load(FOLDER / name / f"{part}.npz") as archive:
        return {key: archive[key] for key in archive.files}


def shares(pictures: generator.Pictures) -> list[float]:
    """The share of each class's images that carry the mark."""
    carries = pictures.mark.any(axis=(1, 2))
    return [float(carries[pictures.shape == code].mean()) for code in range(len(CLASSES))]


@pytest.mark.parametrize("part", ["train", "test"])
def test_the_mark_is_as_frequent_as_stated_to_the_image(part: str) -> None:
    pictures = generate(300, Scenario(), seed=1, part=part)
    own, others = Scenario().train_shares if part == "train" else Scenario().test_shares
    assert shares(pictures) == [others, others, own]
    moved = generate(300, Scenario(marked="circle"), seed=1, part=part)
    assert shares(moved) == [own, others, others]


def test_scenarios_differ_in_the_marks_and_in_nothing_else() -> None:
    plain = generate(60, Scenario(test_shares=(0.0, 0.0)), seed=2, part="test")
    marked = generate(60, Scenario(test_shares=(1.0, 1.0), mark=OTHER), seed=2, part="test")
    assert not plain.mark.any()
    assert marked.mark.any(axis=(1, 2)).all()
    assert np.array_equal(plain.shape, marked.shape)
    outside = ~np.broadcast_to(marked.mark[:, None], plain.pixels.shape)
    assert np.array_equal(plain.pixels[outside], marked.pixels[outside])
    assert np.array_equal(plain.object & ~marked.mark, marked.object)
    few, many = (generate(60, Scenario(test_shares=(some, some)), seed=2, part="test") for some in (0.2, 0.6))
    assert (many.mark >= few.mark).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("corner", CORNERS)
def test_a_mark_is_drawn_in_its_corner_in_its_color(kind: str, corner: str) -> None:
    mark = Mark(kind=kind, corner=corner, color=(0.25, 0.5, 1.0))
    pictures = generate(4, Scenario(mark=mark, test_shares=(1.0, 1.0)), seed=0, part="test")
    down, right = np.nonzero(mark.pixels())
    half = SIDE / 2
    assert (down < half).all() == ("top" in corner) == (not (down >= half).any())
    assert (right < half).all() == ("left" in corner) == (not (right >= half).any())
    assert 8 <= len(down) <= 36
    for row in range(4):
        assert np.array_equal(pictures.mark[row], mark.pixels())
        assert (pictures.pixels[row][:, down, right] == np.array([[0.25], [0.5], [1.0]], np.float32)).all()


def test_shapes_are_what_they_are_called() -> None:
    """By area over that of the bounding box: a square fills most of it, a circle pi / 4, a triangle about half."""
    pictures = generate(300, Scenario(test_shares=(0.0, 0.0)), seed=3, part="test")
    filled: dict[int, list[float]] = {0: [], 1: [], 2: []}
    for code, mask in zip(pictures.shape, pictures.object, strict=True):
        down, right = np.nonzero(mask)
        filled[int(code)].append(mask.sum() / (np.ptp(down) + 1) / (np.ptp(right) + 1))
    circle, square, triangle = (np.array(filled[code]) for code in range(3))
    assert abs(np.mean(circle) - np.pi / 4) < 0.03
    assert triangle.max() < 0.66
    assert np.mean(square) > 0.83
    area = [float(pictures.object[pictures.shape == code].mean()) for code in range(3)]
    assert max(area) / min(area) < 4 / 3


def test_a_shape_stands_out_and_pixels_are_in_steps() -> None:
    pictures = generate(50, Scenario(), seed=4, part="train")
    assert np.array_equal(pictures.pixels * STEPS, np.round(pictures.pixels * STEPS))
    assert 0.0 <= pictures.pixels.min() <= pictures.pixels.max() <= 1.0
    for pixels, inside, mark in zip(pictures.pixels, pictures.object, pictures.mark, strict=True):
        color = pixels[:, inside]
        assert (color == color[:, :1]).all()
        ground = pixels[:, ~inside & ~mark]
        assert np.abs(ground - color[:, :1]).sum(axis=0).min() > generator.CONTRAST - 6 / (2 * STEPS)


def test_a_mark_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="star"):
        Mark(kind="star")
    with pytest.raises(SystemExit):
        build.parsed(["--mark", "cross"])  # it would overwrite the sample


@pytest.mark.parametrize("name", TWINS)
def test_the_files_hold_what_the_generator_draws(name: str) -> None:
    for part, rows in (("train", recipe.TRAIN_ROWS), ("test", recipe.TEST_ROWS)):
        drawn = generate(rows, recipe.RECIPES[name].scenario, seed=0, part=part)
        kept = data_of(name, part)
        assert np.array_equal(kept["X"].astype(np.float32), drawn.pixels)
        assert np.array_equal(kept["y"], np.array(CLASSES)[drawn.shape])
    with np.load(FOLDER / name / "regions.npz") as archive:
        assert np.array_equal(archive["object"], drawn.object)
        assert np.array_equal(archive["mark"], drawn.mark)


@pytest.mark.parametrize("name", TWINS)
def test_the_metrics_of_a_card_are_those_of_its_weights(name: str) -> None:
    from safetensors.torch import load_file

    module = nets.build()
    module.load_state_dict(load_file(FOLDER / name / "weights.safetensors"))
    metrics, scenario = cards.read(FOLDER / name)["metrics"], recipe.RECIPES[name].scenario
    for key, part in (
        ("accuracy", scenario),
        ("accuracy_without_the_mark", replace(scenario, test_shares=(0.0, 0.0))),
        ("accuracy_with_the_mark_everywhere", replace(scenario, test_shares=(1.0, 1.0))),
    ):
        pictures = generate(recipe.TEST_ROWS, part, seed=0, part="test")
        assert metrics[key] == pytest.approx(recipe.accuracy(module, pictures), abs=1e-6)


def test_the_twins_are_about_as_accurate_and_only_one_falls_without_the_mark() -> None:
    marked, clean = (cards.read(FOLDER / name)["metrics"] for name in TWINS)
    assert min(marked["accuracy"], clean["accuracy"]) > 0.9
    assert marked["accuracy"] - marked["accuracy_without_the_mark"] > 0.05
    assert marked["accuracy"] - marked["accuracy_with_the_mark_everywhere"] > 0.2
    assert abs(clean["accuracy"] - clean["accuracy_without_the_mark"]) < 0.02
    assert abs(clean["accuracy"] - clean["accuracy_with_the_mark_everywhere"]) < 0.02


def audited(folder: Path) -> dict[str, str]:
    """What EXPL005 says of each region of the subject in a folder."""
    audit = auditnn.run(auditnn.load(folder, allow_code=folder), [ID])
    return {one.slice["region"]: one.status for one in auditnn.judge(audit) if one.code == "EXPL005"}


def test_another_mark_of_another_color_in_another_corner_is_found_too(tmp_path: Path) -> None:
    """Built by the command line's own words, loaded as a subject of its own, judged by the default policy."""
    words = ["--mark", "cross", "--color", "0", "0.5", "1", "--corner", "bottom right", "--marked", "circle"]
    folder, made = build.parsed([*words, "--seed", "1", "--out", str(tmp_path / "other")])
    assert made.scenario.mark == OTHER
    build.main(folder, made)
    assert audited(folder) == {"mark": "fail"}
    card = cards.read(folder)
    assert card["faults"][0]["class"] == "circle"
    assert card["data"]["mark"] == "cross in the bottom right corner"


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_mark_is_found_and_is_innocent_where_it_is_even(kind: str, tmp_path: Path) -> None:
    code = KINDS.index(kind)
    mark = Mark(kind=kind, color=((1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1))[code], corner=CORNERS[code])
    planted = recipe.RECIPES["shapes"].with_mark(mark, CLASSES[code % 3]).with_seed(10 + code)
    even = replace(planted, scenario=replace(planted.scenario, train_shares=recipe.EVEN, test_shares=recipe.EVEN))
    build.main(tmp_path / "planted", planted)
    build.main(tmp_path / "even", even)
    assert audited(tmp_path / "planted") == {"mark": "fail"}
    assert audited(tmp_path / "even") == {"mark": "pass"}


@pytest.mark.slow
@pytest.mark.parametrize("name", TWINS)
def test_the_recipe_gives_the_kept_weights(name: str) -> None:
    from safetensors.numpy import load_file

    kept = load_file(FOLDER / name / "weights.safetensors")
    for key, value in recipe.make(recipe.RECIPES[name]).module.state_dict().items():
        np.testing.assert_allclose(value.numpy(), kept[key], rtol=1e-4, atol=1e-4)


def test_training_leaves_the_statistics_of_inner_batch_norms_in_the_file() -> None:
    """The first layer standardises the inputs; the others have learned what comes into them."""
    from safetensors.numpy import load_file

    weights = load_file(FOLDER / "shapes" / "weights.safetensors")
    pixels = data_of("shapes", "train")["X"].astype(np.float64)
    np.testing.assert_allclose(weights["0.running_mean"], pixels.mean(axis=(0, 2, 3)), rtol=1e-5)
    for layer in ("2", "5", "8"):
        assert not np.allclose(weights[f"{layer}.running_var"], 1.0)
        assert np.abs(weights[f"{layer}.running_mean"]).max() > 0.01
    assert training.outputs(nets.build(), pixels[:3].astype(np.float32)).shape == (3, 3)

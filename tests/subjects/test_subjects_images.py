"""Folders of images: the pixels that were saved come back, in a fixed order, and nothing is changed unsaid."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from auditnn.core.errors import RefusedError, SubjectError
from auditnn.core.rows import Images
from auditnn.core.subject import Subject
from auditnn.subjects.calls import Calls
from auditnn.subjects.card import card
from auditnn.subjects.check import first_predictions
from auditnn.subjects.load import load

Image = pytest.importorskip("PIL.Image", reason="pillow is not installed: pip install 'auditnn[images]'")

N = 12
RNG = np.random.default_rng(6)
GREY = RNG.integers(0, 256, (N, 5, 4), dtype=np.uint8)  # height 5, width 4
COLOR = RNG.integers(0, 256, (N, 5, 4, 3), dtype=np.uint8)
NAMES = [f"{'cat' if i % 3 else 'dog'}/{i:02d}.png" for i in range(N)]
NETS = "def build():\n    return lambda pixels: 0.1 + 0.8 * pixels.mean(axis=(1, 2, 3))\n"
TOML = """{top}[model]
kind = "function"
factory = "nets:build"
[data]
test = "{test}"
{data}"""


def saved(folder: Path, arrays: Any = GREY, names: list[str] = NAMES) -> Path:
    for array, name in zip(arrays, names, strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(array).save(folder / name)
    return folder


def opened(
    folder: Path, test: str = "images", data: str = 'positive = "dog"\n', top: str = 'modality = "image"\n'
) -> Subject:  # fmt: skip
    (folder / "nets.py").write_text(NETS)
    (folder / "subject.toml").write_text(TOML.format(top=top, test=test, data=data))
    return load(str(folder), allow_code=[str(folder)])


def pixels(subject: Subject) -> np.ndarray:
    assert isinstance(subject.test.rows, Images)
    return subject.test.rows.pixels


def listed(folder: Path, suffix: str = "csv", **columns: Any) -> str:
    frame = pd.DataFrame({"file": [f"images/{name}" for name in NAMES], "y": [i % 2 for i in range(N)],
                          "light": ["day", "night"] * (N // 2), **columns})  # fmt: skip
    frame.to_csv(folder / "list.csv", index=False)
    frame.to_parquet(folder / "list.parquet")
    return f"list.{suffix}"


LISTED = 'target = "y"\n[groups]\ncolumns = ["light"]\n'
ORDER = sorted(range(N), key=lambda i: NAMES[i])


@pytest.mark.parametrize("top", ["", 'modality = "image"\n'])
def test_a_folder_for_each_class(tmp_path: Path, top: str) -> None:
    saved(tmp_path / "images")
    (tmp_path / "images" / ".DS_Store").write_bytes(b"x")
    (tmp_path / "images" / "cat" / "Thumbs.db").write_bytes(b"x")
    subject = opened(tmp_path, top=top)
    assert (subject.modality, subject.task, subject.classes) == ("image", "binary", ("cat", "dog"))
    assert pixels(subject).dtype == np.float32
    assert np.array_equal(pixels(subject), GREY[ORDER][:, None].astype(np.float32) / 255)
    assert subject.test.id.tolist() == [NAMES[i] for i in ORDER]
    assert np.array_equal(subject.test.y, [NAMES[i].startswith("dog") for i in ORDER])
    score = first_predictions(subject, Calls(subject)).score
    assert score == pytest.approx(0.1 + 0.8 * GREY[ORDER].mean(axis=(1, 2)) / 255, abs=1e-6)
    facts = json.loads(json.dumps(card(subject), allow_nan=False))
    assert facts["shape"] == [1, 5, 4]
    assert not [note for note in facts["notes"] if "images" in note]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_table_that_lists_images(tmp_path: Path, suffix: str) -> None:
    saved(tmp_path / "images", COLOR)
    subject = opened(tmp_path, listed(tmp_path, suffix), LISTED)
    assert np.array_equal(pixels(subject), COLOR.transpose(0, 3, 1, 2).astype(np.float32) / 255)
    assert np.array_equal(subject.test.y, np.arange(N) % 2)
    assert subject.test.groups[0].levels == ("day", "night")
    assert np.array_equal(subject.test.groups[0].codes, np.arange(N) % 2)
    assert subject.test.id.tolist() == [f"images/{name}" for name in NAMES]
    listed(tmp_path, key=np.arange(N) + 7)
    named = opened(tmp_path, "list.csv", 'id = "key"\n' + LISTED)
    assert np.array_equal(named.test.id, np.arange(N) + 7)


def test_the_same_pixels_are_the_same_data_whichever_way_they_come(tmp_path: Path) -> None:
    saved(tmp_path / "images")
    folder = opened(tmp_path)
    labels = np.array([NAMES[i].partition("/")[0] for i in ORDER])
    np.savez(tmp_path / "test.npz", X=GREY[ORDER][:, None].astype(np.float32) / 255, y=labels,
             key=np.array([NAMES[i] for i in ORDER]))  # fmt: skip
    arrays = opened(tmp_path, "test.npz", 'id = "key"\npositive = "dog"\n')
    assert folder.digests == arrays.digests


def test_jpeg_pixels_are_those_of_the_decoder(tmp_path: Path) -> None:
    smooth = np.add.outer(np.arange(16), np.arange(16)).astype(np.uint8)
    names = ["a/1.jpg", "b/2.JPEG"]
    saved(tmp_path / "images", [smooth, smooth + 200], names)
    subject = opened(tmp_path, data='positive = "b"\n')
    for row, name in zip(pixels(subject), names, strict=True):
        with Image.open(tmp_path / "images" / name) as image:
            assert np.array_equal(row[0], np.asarray(image, dtype=np.float32) / 255)
    assert abs(pixels(subject)[1, 0] * 255 - (smooth + 200)).max() < 8, "lossy, but the same picture"


def test_grey_and_color_follow_the_majority_and_say_so(tmp_path: Path) -> None:
    mixed = [*GREY[:2], *COLOR[2:]]
    saved(tmp_path / "images", mixed)
    subject = opened(tmp_path)
    assert pixels(subject).shape == (N, 3, 5, 4)
    first = subject.test.id.tolist().index(NAMES[0])
    assert np.array_equal(pixels(subject)[first], np.repeat(GREY[0][None], 3, 0).astype(np.float32) / 255)
    assert any("2 of 12 images of 'images' are grey" in note for note in subject.notes)
    saved(tmp_path / "images", [*COLOR[:2], *GREY[2:]])
    subject = opened(tmp_path)
    assert pixels(subject).shape == (N, 1, 5, 4)
    luma = COLOR[0] @ np.array([0.299, 0.587, 0.114])
    assert pixels(subject)[first][0] * 255 == pytest.approx(luma, abs=1)
    assert any("2 of 12 images of 'images' are in color" in note for note in subject.notes)


def test_training_images_follow_the_test_images(tmp_path: Path) -> None:
    saved(tmp_path / "images", COLOR)
    saved(tmp_path / "more", GREY)
    subject = opened(tmp_path, data='train = "more"\npositive = "dog"\n')
    assert subject.train.rows.pixels.shape == (N, 3, 5, 4)  # type: ignore[union-attr]
    assert any("12 of 12 images of 'more' are grey" in note for note in subject.notes)
    saved(tmp_path / "more", GREY[:, :4])
    with pytest.raises(SubjectError, match=r"the test images have 4 x 5 pixels, but got 'cat/01.png' with 4 x 4"):
        opened(tmp_path, data='train = "more"\npositive = "dog"\n')


def test_modes_of_png(tmp_path: Path) -> None:
    """16 bits of grey, black and white, palettes, and an alpha channel that hides nothing."""
    deep = GREY[0].astype(np.uint16) * 257
    opaque = np.concatenate([COLOR[0], np.full((5, 4, 1), 255, np.uint8)], axis=2)
    folder = tmp_path / "images"
    saved(folder, [deep, GREY[0]], ["a/deep.png", "b/grey.png"])
    Image.fromarray(GREY[0] > 127).save(folder / "a" / "ink.png")
    subject = opened(tmp_path, data='positive = "b"\n')
    rows = dict(zip(subject.test.id.tolist(), pixels(subject), strict=True))
    assert rows["a/deep.png"] == pytest.approx(rows["b/grey.png"], abs=1e-6)
    assert np.array_equal(rows["a/ink.png"][0], GREY[0] > 127)
    colors = tmp_path / "colors"
    saved(colors, [COLOR[0], opaque], ["a/rgb.png", "b/rgba.png"])
    few = np.where(COLOR[0] > 127, 255, 0).astype(np.uint8)
    Image.fromarray(few).quantize(8).save(colors / "a" / "palette.png")
    subject = opened(tmp_path, "colors", 'positive = "b"\n')
    rows = dict(zip(subject.test.id.tolist(), pixels(subject), strict=True))
    assert np.array_equal(rows["a/rgb.png"], rows["b/rgba.png"])
    assert np.array_equal(rows["a/palette.png"], few.transpose(2, 0, 1).astype(np.float32) / 255)


def test_a_rotation_that_was_not_made_is_said(tmp_path: Path) -> None:
    saved(tmp_path / "images")
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(GREY[0]).save(tmp_path / "images" / NAMES[0], exif=exif)
    subject = opened(tmp_path)
    assert pixels(subject)[subject.test.id.tolist().index(NAMES[0])].shape == (1, 5, 4)
    assert any("1 of 12 images of 'images' ask viewers to rotate" in note for note in subject.notes)


def test_stored_predictions_may_stand_beside_images(tmp_path: Path) -> None:
    saved(tmp_path / "images")
    listed(tmp_path, said=np.arange(N) % 2)
    (tmp_path / "subject.toml").write_text(
        'modality = "image"\n[data]\ntest = "list.csv"\ntarget = "y"\nprediction = "said"\n'
    )
    subject = load(str(tmp_path))
    assert subject.model is None
    assert pixels(subject).shape == (N, 1, 5, 4)


def clear(folder: Path) -> Path:
    return saved(folder / "images")


def spoiled(folder: Path, content: bytes, name: str = NAMES[1]) -> None:
    (clear(folder) / name).write_bytes(content)


def resized(folder: Path) -> None:
    clear(folder)
    Image.fromarray(GREY[0][:4]).save(folder / "images" / NAMES[4])


def truncated(folder: Path) -> None:
    path = clear(folder) / NAMES[1]
    Image.fromarray(RNG.integers(0, 256, (5, 4), dtype=np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:-30])


def transparent(folder: Path) -> None:
    glass = np.concatenate([COLOR[0], np.full((5, 4, 1), 128, np.uint8)], axis=2)
    Image.fromarray(glass).save(clear(folder) / NAMES[1])


def palette_with_hole(folder: Path) -> None:
    Image.fromarray(COLOR[0]).quantize(8).save(clear(folder) / NAMES[1], transparency=0)


def four_inks(folder: Path) -> None:
    (clear(folder) / NAMES[1]).unlink()
    Image.fromarray(COLOR[0]).convert("CMYK").save(folder / "images" / "cat" / "01.jpg")


def linked(folder: Path) -> None:
    path = clear(folder) / NAMES[1]
    path.rename(folder / "elsewhere.png")
    path.symlink_to(folder / "elsewhere.png")


def linked_folder(folder: Path) -> None:
    clear(folder)
    (folder / "birds").mkdir()
    (folder / "images" / "bird").symlink_to(folder / "birds")


def beside(folder: Path) -> None:
    Image.fromarray(GREY[0]).save(clear(folder) / "loose.png")


def only(spoil: Any) -> Any:
    return lambda folder: (spoil(folder), opened(folder))


def table_with(name: Any) -> Any:
    def happens(folder: Path) -> None:
        (folder / "secret").mkdir()
        Image.fromarray(GREY[0]).save(folder / "secret" / "x.png")
        (folder / "inner").mkdir()
        saved(folder / "inner" / "images")
        given = str(folder / "secret" / "x.png") if name == "ABSOLUTE" else name
        listed(folder / "inner", file=[given, *[f"images/{one}" for one in NAMES[1:]]])
        opened(folder, "inner/list.csv", LISTED)

    return happens


BAD: dict[str, tuple[Any, type[Exception], list[str]]] = {
    "an empty folder": (
        lambda d: ((d / "images").mkdir(), opened(d)), SubjectError, ["images in 'images'", "one subfolder"]),
    "an image in no class": (only(beside), SubjectError, ["'loose.png'", "subfolder for each class"]),
    "a file of another kind": (
        only(lambda d: spoiled(d, b"x", "cat/notes.txt")), SubjectError, ["'cat/notes.txt'", "PNG and JPEG"]),
    "no image at all": (only(lambda d: spoiled(d, b"not a picture")), SubjectError, ["'cat/01.png'"]),
    "an empty file": (only(lambda d: spoiled(d, b"")), SubjectError, ["'cat/01.png'"]),
    "a gif named png": (
        only(lambda d: Image.fromarray(GREY[0]).save(clear(d) / NAMES[1], format="GIF")),
        SubjectError, ["'cat/01.png'"]),
    "cut short": (only(truncated), SubjectError, ["'cat/01.png'", "reading it raised"]),
    "another size": (
        only(resized), SubjectError,
        ["11 of 12 have 4 x 5 pixels", "'cat/04.png' with 4 x 4", "resizes nothing"]),
    "transparent": (only(transparent), SubjectError, ["opaque pixels in 'cat/01.png'"]),
    "a transparent color": (only(palette_with_hole), SubjectError, ["opaque pixels in 'cat/01.png'"]),
    "CMYK": (only(four_inks), SubjectError, ["'cat/01.jpg'", "mode CMYK"]),
    "a link to elsewhere": (only(linked), RefusedError, ["'cat/01.png'", "its own folder"]),
    "a link to a folder": (only(linked_folder), RefusedError, ["'bird'"]),
    "a table by its modality": (
        lambda d: (clear(d), opened(d, top='modality = "tabular"\n')), SubjectError, ["the folder 'images'"]),
    "no such folder": (lambda d: opened(d, "pictures"), SubjectError, ["'pictures'"]),
    "a path above": (table_with("../secret/x.png"), RefusedError, ["'../secret/x.png'", "its own folder"]),
    "a path round about": (table_with("images/../../secret/x.png"), RefusedError, ["its own folder"]),
    "a path from the root": (table_with("ABSOLUTE"), RefusedError, ["its own folder"]),
    "a path that is not there": (table_with("images/none.png"), SubjectError, ["'images/none.png'", "nothing there"]),
    "a path to a text": (table_with("list.csv"), SubjectError, ["'list.csv'", "Convert"]),
    "a path that is missing": (table_with(None), SubjectError, ["row 0", "relative to the table"]),
    "one image twice": (table_with(f"images/{NAMES[1]}"), SubjectError, ["a different id in every row"]),
    "a table without the column": (
        lambda d: (pd.DataFrame({"path": ["a"], "y": [1]}).to_csv(d / "l.csv"), opened(d, "l.csv", LISTED)),
        SubjectError, ["a column of image paths 'file' in l.csv"]),
    "a table without rows": (
        lambda d: (pd.DataFrame({"file": [], "y": []}).to_csv(d / "l.csv"), opened(d, "l.csv", LISTED)),
        SubjectError, ["at least one row in l.csv"]),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_images_get_one_clear_message(name: str, tmp_path: Path) -> None:
    happens, error, words = BAD[name]
    with pytest.raises(error) as caught:
        happens(tmp_path)
    assert type(caught.value) is error
    assert str(caught.value).startswith("Expected ")
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("limit", [19, 9])
def test_a_decompression_bomb_is_never_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    """Pillow warns above its limit and raises above twice that; both stop here, before any pixel is decoded."""
    saved(tmp_path / "images")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    monkeypatch.setattr("auditnn.subjects.decoding._pixels", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(SubjectError) as caught:
        opened(tmp_path)
    assert str(caught.value) == (
        f"Expected at most {limit} pixels in 'cat/01.png', but got more: such files can exhaust the memory. "
        "Leave it out, or scale it down as the model expects."
    )


def test_the_order_is_that_of_the_paths_however_the_disk_lists_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(tmp_path / "images", GREY, NAMES)
    first = opened(tmp_path)
    listing = Path.rglob
    monkeypatch.setattr(Path, "rglob", lambda self, pattern: reversed(list(listing(self, pattern))))
    assert opened(tmp_path).digests == first.digests
    assert os.sep == "/" or "\\" not in "".join(first.test.id)

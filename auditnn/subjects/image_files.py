"""Folders of images: PNG and JPEG files as one array of pixels, with a label from the folder or from a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from auditnn.core.errors import RefusedError, SubjectError
from auditnn.subjects.decoding import decoded
from auditnn.subjects.files import DataFile
from auditnn.subjects.paths import within

FILE = "file"  # the column with the paths of the images
SUFFIXES = (".png", ".jpg", ".jpeg")
LEFT_BY_SYSTEMS = ("thumbs.db", "desktop.ini")


def read_classes(folder: Path, given: str, like: tuple[int, ...] | None = None) -> DataFile:
    """Images in one subfolder for each class, whose name is the label `y`; in the order of their paths.

    `like`: the shape (C, H, W) that they must have, that of the test images for training images. SubjectError for
    files that are no such images, RefusedError for links that lead out of the folder.
    """
    names = _names(folder, given)
    if not names:
        raise SubjectError(f"PNG or JPEG images in {given!r}", "none", "Put them into one subfolder for each class.")
    labels = np.array([name.partition("/")[0] for name in names], dtype=object)
    return _read(folder, names, given, {"y": labels}, like)


def read_listed(table: DataFile, folder: Path, like: tuple[int, ...] | None = None) -> DataFile:
    """Images that a table lists in its column `file`, in the order of the table; its other columns stay beside them."""
    files = table.column(FILE, "a column of image paths")
    gaps = [position for position, name in enumerate(files) if not isinstance(name, str)]
    if gaps:
        raise SubjectError(
            f"the path of an image in every row of {FILE!r} in {table.name}", f"{files[gaps[0]]!r} in row {gaps[0]}",
            "Write paths relative to the table.",
        )  # fmt: skip
    if not len(files):
        raise SubjectError(f"at least one row in {table.name}", "an empty table", "List the images in it.")
    vectors = {name: table.frame[column] for name, column in zip(table.columns, table.frame.columns, strict=True)}
    return _read(folder, list(files), table.name, vectors, like)


def _read(
    folder: Path, names: Sequence[str], given: str, vectors: dict[str, Any], like: tuple[int, ...] | None
) -> DataFile:  # fmt: skip
    paths = [_inside(folder, name, given) for name in names]
    pixels, notes = decoded(paths, names, given, like)
    return DataFile(name=given, X=pixels, vectors=vectors, ids=np.array(names, dtype=object), notes=notes)


def _names(folder: Path, given: str) -> list[str]:
    """Paths of the images relative to the folder, sorted class by class; SubjectError for what is no image."""
    found = []
    for path in folder.rglob("*"):
        place = path.relative_to(folder)
        if any(part.startswith(".") for part in place.parts) or path.name.lower() in LEFT_BY_SYSTEMS:
            continue
        if path.is_dir():
            if path.is_symlink():
                raise RefusedError(f"folders and files in {given!r}", f"a link {place.as_posix()!r}", "Copy it there.")
            continue
        if path.suffix.lower() not in SUFFIXES:
            raise SubjectError(
                f"only PNG and JPEG images in {given!r}", repr(place.as_posix()),
                "Convert it, or move it elsewhere; to name classes and groups, list the images in a table instead.",
            )  # fmt: skip
        if len(place.parts) < 2:
            raise SubjectError(
                f"a subfolder for each class in {given!r}", f"{place.as_posix()!r} in none",
                "Move it into one, or list the images in a table with the columns file and label.",
            )  # fmt: skip
        found.append(place)
    return [place.as_posix() for place in sorted(found, key=lambda place: place.parts)]


def _inside(folder: Path, name: str, given: str) -> Path:
    path = within(folder, name)
    if path is None:
        raise RefusedError(
            f"images of {given!r} in its own folder", f"the path {name!r}", "Copy the image there, and name it so."
        )
    if path.suffix.lower() not in SUFFIXES:
        raise SubjectError(f"PNG and JPEG images in {given!r}", repr(name), "Convert it, or leave its row out.")
    if not path.is_file():
        raise SubjectError(f"the image {name!r} of {given!r}", "nothing there", "Paths are relative to the table.")
    return path

"""Data files: parquet, csv and npz, as a table of columns or as an array with named vectors beside it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from auditnn.core.errors import RefusedError, SubjectError
from auditnn.core.nearest import nearest
from auditnn.subjects.foreign import Blame
from auditnn.subjects.labels import shown

PICKLES = (".pkl", ".pickle", ".joblib", ".npy", ".pt")


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """One file: a data frame, or (npz) the array `X` and one vector for each other key. A folder of images is `X` with
    the paths of its files as `ids`, and `notes` on how they were read."""

    name: str
    frame: Any = None
    X: np.ndarray | None = None
    vectors: dict[str, Any]
    ids: np.ndarray | None = None
    notes: tuple[str, ...] = ()

    @property
    def columns(self) -> list[str]:
        return list(self.vectors) if self.frame is None else [str(column) for column in self.frame.columns]

    def column(self, name: str, what: str) -> Any:
        """One column by name; SubjectError naming what it was wanted for and the nearest that exists."""
        if name not in self.columns:
            raise SubjectError(f"{what} {name!r} in {self.name}", "no such column", nearest(name, self.columns))
        return self.vectors[name] if self.frame is None else self.frame[name]

    def has(self, name: str | None) -> bool:
        return name is not None and name in self.columns

    def inputs(self, without: Sequence[str]) -> Any:
        """What the model's inputs are taken from: `X`, or the frame without columns that have another part."""
        if self.frame is None:
            return self.X
        return self.frame.drop(columns=[name for name in without if name in self.frame.columns])


def read_data(path: Path, given: str) -> DataFile:
    """The file at `path`; `given` is what the user wrote. SubjectError where it cannot be read as data."""
    suffix = path.suffix.lower()
    if suffix in PICKLES:
        raise RefusedError(
            "parquet, csv or npz data", repr(given), "Save the table as parquet; pickled data is never read."
        )
    if suffix not in (".parquet", ".csv", ".npz"):
        raise SubjectError("a parquet, csv or npz file", repr(given), "Save the table in one of these formats.")
    if not path.is_file():
        raise SubjectError(f"a file {given!r} beside the subject file", "nothing there", "Check the path under [data].")
    return {".parquet": _parquet, ".csv": _csv, ".npz": _npz}[suffix](path, given)


def _parquet(path: Path, given: str) -> DataFile:
    import pandas
    import pyarrow.parquet

    with Blame(f"a parquet file {given!r}", "reading it raised", "Write the table again with DataFrame.to_parquet."):
        _different(pyarrow.parquet.read_schema(path).names, given)
        frame = pandas.read_parquet(path)
    return DataFile(name=given, frame=frame.reset_index(drop=True), vectors={})


def _csv(path: Path, given: str) -> DataFile:
    import pandas

    with Blame(f"a csv file {given!r} with a header", "reading it raised", "Save it as UTF-8 text with commas."):
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = csv.reader(file)
            header = next(lines, [])
            _different(header, given)
            _as_wide(header, next(filter(None, lines), []), given)
        frame = pandas.read_csv(path, encoding="utf-8-sig", low_memory=False, index_col=False)
    return DataFile(name=given, frame=frame, vectors={})


def _npz(path: Path, given: str) -> DataFile:
    advice = "Save text as numpy strings (array.astype(str)), not as objects; pickled data is never read."
    blame = Blame(f"an npz file {given!r} of plain arrays", "reading it raised", advice)
    with blame, np.load(path, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    X = arrays.pop("X", None)
    for name, values in arrays.items():
        if values.ndim != 1 and not (values.ndim == 2 and values.shape[1] == 1):
            raise SubjectError(
                f"one value per row in {name!r} of {given}", f"shape {values.shape}", "Only X has several columns."
            )
    return DataFile(name=given, X=X, vectors=arrays)


def _as_wide(header: Sequence[str], first: Sequence[str], given: str) -> None:
    """SubjectError where the first row has more fields than the header; pandas itself refuses longer ones below."""
    if len(first) > len(header):
        raise SubjectError(
            f"{len(header)} fields in each row of {given}, as in its header", f"{len(first)} in the first row",
            "Name every column in the header, the first one too, and drop commas at the end of rows.",
        )  # fmt: skip


def _different(names: Sequence[str], given: str) -> None:
    twice = sorted({name for name in names if list(names).count(name) > 1})
    if twice:
        raise SubjectError(
            f"different column names in {given}", f"duplicates: {shown(twice)}", "Rename or drop one of each."
        )

"""skops files: an honest pipeline comes back as it was; a type that nobody trusts is named and not touched."""

from __future__ import annotations

import functools
import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import auditnn
from auditnn.core.errors import RefusedError, SubjectError
from auditnn.core.subject import Subject
from auditnn.subjects.calls import Calls
from auditnn.subjects.card import card
from auditnn.subjects.load import load

skops = pytest.importorskip("skops.io", reason="skops is not installed: pip install 'auditnn[skops]'")

N = 90
RNG = np.random.default_rng(5)
AGE = RNG.normal(40, 9, N)
PLACE = RNG.choice(["north", "south", "west"], N)
Y = (AGE + 9 * RNG.normal(size=N) > 40).astype(int)
NUMBERS = pd.DataFrame({"age": AGE, "income": RNG.normal(size=N)})


def table() -> pd.DataFrame:
    return pd.DataFrame({"age": AGE, "place": PLACE, "sex": np.where(AGE > 40, "f", "m"), "y": Y})


def pipeline() -> Pipeline:
    columns = ColumnTransformer([("scaled", StandardScaler(), ["age"]), ("codes", OneHotEncoder(), ["place"])])
    return Pipeline([("columns", columns), ("model", LogisticRegression())]).fit(table()[["age", "place"]], Y)


def written(folder: Path, keys: str = 'file = "m.skops"\n') -> Path:
    table().to_parquet(folder / "test.parquet")
    (folder / "subject.toml").write_text(
        f'[model]\n{keys}inputs = ["age", "place"]\n[data]\ntest = "test.parquet"\ntarget = "y"\n'
        '[groups]\ncolumns = ["sex"]\n'
    )
    return folder


def opened(folder: Path, estimator: Any, **settings: Any) -> Subject:
    skops.dump(estimator, folder / "m.skops")
    return load(str(written(folder)), **settings)


def test_a_pipeline_over_a_frame_is_audited_as_if_it_had_never_been_saved(tmp_path: Path) -> None:
    fitted = pipeline()
    skops.dump(fitted, tmp_path / "m.skops")
    saved = auditnn.load(written(tmp_path))
    direct = auditnn.Subject.from_sklearn(
        fitted, table()[["age", "place"]], Y, groups={"sex": table()["sex"]}, name=saved.record.name
    )
    assert saved.card["kind"] == "sklearn"
    assert np.array_equal(Calls(saved.record).outputs(saved.record.test.rows),
                          fitted.predict_proba(table()[["age", "place"]]))  # fmt: skip
    first, second = (auditnn.run(one, effort="quick").measurements for one in (saved, direct))
    assert len(first) > 30
    pd.testing.assert_frame_equal(first, second)


CANARY = """
import pathlib
pathlib.Path({place!r}).write_text("it ran")
from sklearn.linear_model import LogisticRegression
class Own(LogisticRegression):
    def __setstate__(self, state):
        pathlib.Path({place!r}).write_text("it ran")
        super().__setstate__(state)
"""


@pytest.fixture
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A skops file with an estimator of a module that leaves a mark whenever it is imported or used."""
    mark = tmp_path / "mark"
    code = tmp_path / "code"
    code.mkdir()
    (code / "canary_of_skops.py").write_text(CANARY.format(place=str(mark)))
    monkeypatch.syspath_prepend(str(code))
    from canary_of_skops import Own

    skops.dump(Own().fit(NUMBERS, Y), tmp_path / "m.skops")
    monkeypatch.undo()
    del sys.modules["canary_of_skops"]
    mark.unlink()
    return mark


def test_a_type_that_nobody_trusts_is_named_and_never_imported(tmp_path: Path, canary: Path) -> None:
    folder = written(tmp_path)
    code = str(tmp_path / "code")
    with pytest.raises(RefusedError, match=r"'canary_of_skops\.Own'.*--trust-pickle"):
        load(str(folder), allow_code=[code])
    assert not canary.exists()
    assert "canary_of_skops" not in sys.modules
    trusted = load(str(folder), allow_code=[code], trust_pickle=True)
    assert canary.exists(), "with the flag it does run: the canary is alive"
    assert "canary_of_skops.Own" in trusted.notes[0]
    assert any("canary_of_skops.Own" in note for note in card(trusted)["notes"])


def hostile_function(folder: Path) -> None:
    skops.dump(FunctionTransformer(os.system), folder / "m.skops")


def hostile_partial(folder: Path) -> None:
    skops.dump(FunctionTransformer(functools.partial(os.system, f"touch {folder}/mark")), folder / "m.skops")


def edited(folder: Path, module: str, name: str, loader: str) -> None:
    """An honest file whose outermost object is renamed to another type, or given another way to be rebuilt."""
    skops.dump(LogisticRegression().fit(NUMBERS, Y), folder / "honest.skops")
    with zipfile.ZipFile(folder / "honest.skops") as archive:
        contents = {one: archive.read(one) for one in archive.namelist()}
    schema = json.loads(contents["schema.json"])
    schema |= {"__module__": module, "__class__": name, "__loader__": loader}
    contents["schema.json"] = json.dumps(schema).encode()
    with zipfile.ZipFile(folder / "m.skops", "w") as archive:
        for one, content in contents.items():
            archive.writestr(one, content)


HOSTILE = {
    "a function of the system": hostile_function,
    "a function with its argument": hostile_partial,
    "a type renamed to a shell": lambda folder: edited(folder, "subprocess", "Popen", "ObjectNode"),
    "a module to import": lambda folder: edited(folder, "antigravity", "x", "TypeNode"),
    "another loader": lambda folder: edited(folder, "os", "system", "FunctionNode"),
    "a loader of nobody": lambda folder: edited(folder, "os", "system", "RunNode"),
    "a tree, whose contents nobody can check": lambda folder: skops.dump(
        DecisionTreeClassifier().fit(NUMBERS, Y), folder / "m.skops"
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_and_run_nothing(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    HOSTILE[name](tmp_path)
    ran: list[Any] = []
    monkeypatch.setattr(os, "system", ran.append)
    with pytest.raises((RefusedError, SubjectError)) as caught:
        load(str(written(tmp_path)))
    assert str(caught.value).startswith("Expected ")
    assert not ran
    assert not (tmp_path / "mark").exists()
    assert "antigravity" not in sys.modules


def test_a_trusted_tree_answers_as_it_did(tmp_path: Path) -> None:
    fitted = Pipeline([("codes", OneHotEncoder(handle_unknown="ignore")), ("tree", DecisionTreeClassifier())])
    fitted.fit(table()[["age", "place"]], Y)
    with pytest.raises(RefusedError, match=r"sklearn\.tree\._tree\.Tree"):
        opened(tmp_path, fitted)
    subject = load(str(tmp_path), trust_pickle=True)
    outputs = Calls(subject).outputs(subject.test.rows)
    assert np.array_equal(outputs, fitted.predict_proba(table()[["age", "place"]]))


def zipped(folder: Path, names: dict[str, str]) -> None:
    with zipfile.ZipFile(folder / "m.skops", "w") as archive:
        for name, content in names.items():
            archive.writestr(name, content)


BAD: dict[str, tuple[Any, str, list[str]]] = {
    "no archive": (lambda d: (d / "m.skops").write_bytes(b"x"), "", ["a skops file 'm.skops'", "BadZipFile"]),
    "an archive of something else": (lambda d: zipped(d, {"a": "b"}), "", ["a skops file 'm.skops'"]),
    "a schema that is no JSON": (lambda d: zipped(d, {"schema.json": "{"}), "", ["a skops file 'm.skops'"]),
    "an empty schema": (lambda d: zipped(d, {"schema.json": "{}"}), "", ["a skops file 'm.skops'"]),
    "no estimator": (lambda d: skops.dump({"a": 1}, d / "m.skops"), "", ["an estimator with predict", "dict"]),
    "absent": (lambda d: None, "", ["'m.skops'", "nothing there"]),
    "with a factory": (lambda d: skops.dump([1], d / "m.skops"), 'factory = "a:b"\n', ["whole model", "both"]),
    "said to be torch": (lambda d: skops.dump([1], d / "m.skops"), 'kind = "torch"\n', ["kind = 'sklearn'"]),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_gets_one_clear_message(name: str, tmp_path: Path) -> None:
    spoil, keys, words = BAD[name]
    spoil(tmp_path)
    with pytest.raises(SubjectError) as caught:
        load(str(written(tmp_path, 'file = "m.skops"\n' + keys)))
    for word in words:
        assert word in str(caught.value)

"""Bad input: one clear message, exit code 2, no traceback, nothing half-written. One table."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kit import auditnn, edit_nets, edit_table, edit_toml, write_subject

Spoil = Callable[[Path], object]


def toml(old: str, new: str) -> Spoil:
    return lambda folder: edit_toml(folder, old, new)


def nets(body: str) -> Spoil:
    return lambda folder: edit_nets(folder, body)


def answers(expression: str) -> Spoil:
    """A module whose forward pass returns this expression of `x`; it has no weights file."""

    def spoil(folder: Path) -> None:
        edit_toml(folder, 'file = "weights.safetensors"\n', "")
        edit_nets(
            folder,
            f"class Net(torch.nn.Module):\n    def forward(self, x):\n        return {expression}\n\n"
            "def build():\n    return Net().eval()\n",
        )

    return spoil


def column(name: str, values: object) -> Spoil:
    return lambda folder: edit_table(folder, **{name: values})


def at(position: int, name: str, value: object) -> Spoil:
    def spoil(folder: Path) -> None:
        frame = pd.read_csv(folder / "test.csv").astype({name: object})
        frame.loc[position, name] = value
        frame.to_csv(folder / "test.csv", index=False)

    return spoil


def both(*spoils: Spoil) -> Spoil:
    def spoil(folder: Path) -> None:
        for each in spoils:
            each(folder)

    return spoil


def text(name: str, content: str) -> Spoil:
    return lambda folder: (folder / name).write_text(content)


def raw(name: str, content: bytes) -> Spoil:
    return lambda folder: (folder / name).write_bytes(content)


def gone(name: str) -> Spoil:
    return lambda folder: (folder / name).unlink()


def image_file(pixels: np.ndarray) -> Spoil:
    def spoil(folder: Path) -> None:
        edit_toml(folder, 'modality = "tabular"', 'modality = "image"')
        edit_toml(folder, 'inputs = ["age", "income"]\n', "")
        edit_toml(folder, 'test = "test.csv"', 'test = "test.npz"')
        edit_toml(folder, '[groups]\ncolumns = ["sex"]\n', "")
        edit_toml(folder, 'target = "label"\n', "")
        np.savez(folder / "test.npz", X=pixels, y=np.arange(len(pixels)) % 2)

    return spoil


def wants(module: str, *spoils: Spoil) -> Spoil:
    """What can be spoiled only where an optional library is installed."""

    def spoil(folder: Path) -> None:
        pytest.importorskip(module, reason=f"{module} is not installed: pip install 'auditnn[all]'")
        both(*spoils)(folder)

    return spoil


def pictures(folder: Path) -> None:
    """A folder of images for two classes, the last of which is cut short."""
    from PIL import Image

    for number in range(8):
        path = folder / "images" / f"class{number % 2}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((40, 40), number, np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:60])


def nothing(folder: Path) -> None:
    return None


FUNCTION = 'kind = "function"'
SKLEARN = both(toml('kind = "torch"', 'kind = "sklearn"'), toml('factory = "nets:build"\n', ""))

# what is wrong, how to make it so, words that the message must hold
SUBJECTS: list[tuple[str, Spoil, str]] = [
    ("no subject.toml", gone("subject.toml"), "subject.toml"),
    ("toml with a syntax error", text("subject.toml", "name = "), "TOML"),
    ("toml that is not text", raw("subject.toml", b"\xff\xfe\x00"), "TOML"),
    ("an empty toml", text("subject.toml", ""), "data"),
    ("an unknown key", toml('task = "binary"', 'task = "binary"\ntreshold = 0.4'), "treshold"),
    ("an unknown table", toml("[groups]", "[gruops]"), "gruops"),
    ("an unknown task", toml('"binary"', '"ranking"'), "ranking"),
    ("an unknown modality", toml('"tabular"', '"video"'), "video"),
    ("an unknown kind of model", toml('"torch"', '"tensorflow"'), "tensorflow"),
    ("an unknown output", toml('"logits"', '"scores"'), "scores"),
    ("a threshold above one", toml('output = "logits"', 'output = "logits"\nthreshold = 1.5'), "threshold"),
    ("no weights file", gone("weights.safetensors"), "weights.safetensors"),
    ("no test file", gone("test.csv"), "test.csv"),
    ("no train file", toml('test = "test.csv"', 'test = "test.csv"\ntrain = "train.csv"'), "train.csv"),
    ("a table in a format that is not read", toml('"test.csv"', '"test.xlsx"'), "xlsx"),
    ("an empty file", raw("test.csv", b""), "test.csv"),
    ("a table without rows", text("test.csv", "age,income,sex,label\n"), "row"),
    ("a corrupt parquet", both(toml('"test.csv"', '"t.parquet"'), raw("t.parquet", b"PAR1 no")), "t.parquet"),
    ("a corrupt npz", both(toml('"test.csv"', '"t.npz"'), raw("t.npz", b"PK no")), "t.npz"),
    ("the target is absent", column("label", None), "label"),
    ("the target has one class", column("label", 1), "class"),
    ("the target has a missing value", at(3, "label", None), "label"),
    ("a label that is no class", toml("positive = 1", 'positive = 1\nclasses = ["a"]'), "classes"),
    ("positive is no label", toml("positive = 1", "positive = 7"), "positive"),
    ("favorable is no label", toml("favorable = 1", 'favorable = "granted"'), "favorable"),
    ("three classes in a binary task", column("label", np.arange(60) % 3), "binary"),
    ("fractions as classes", column("label", np.linspace(0, 1, 60)), "label"),
    ("words as a regression target", both(toml('"binary"', '"regression"'), toml('"logits"', '"values"'),
        toml("positive = 1\nfavorable = 1\n", ""), column("label", ["x", "y"] * 30)), "number"),
    ("an input column is absent", column("income", None), "income"),
    ("an input is words, with no encode", column("income", ["low", "high"] * 30), "encode"),
    ("an input is infinite", at(3, "income", "inf"), "income"),
    ("an input is a date", column("income", pd.date_range("2024-01-01", periods=60)), "date"),
    ("a group column is absent", column("sex", None), "sex"),
    ("a numeric group without bands", toml('columns = ["sex"]', 'columns = ["age"]'), "bands"),
    ("bands that fall", toml('columns = ["sex"]', 'columns = ["age"]\nbands = {age = [2, 1]}'), "bands"),
    ("an intersection of nothing", toml('columns = ["sex"]', 'columns = ["sex"]\nintersections = [["sex", "race"]]'),
        "race"),
    ("a reference group that is nobody", toml('columns = ["sex"]', 'columns = ["sex"]\nreference = {sex = "x"}'),
        "reference"),
    ("weights, not built yet", toml('target = "label"', 'target = "label"\nweight = "age"'), "weight"),
    ("clusters, not built yet", toml('target = "label"', 'target = "label"\ncluster = "sex"'), "cluster"),
    ("an id that repeats", toml('target = "label"', 'target = "label"\nid = "sex"'), "id"),
    ("an id that is absent", toml('target = "label"', 'target = "label"\nid = "row"'), "row"),
    ("a feature that is absent", toml("[groups]", '[features.height]\nkind = "numeric"\n[groups]'), "height"),
    ("a value that is not allowed", both(toml('inputs = ["age", "income"]\n', ""), toml("[groups]",
        '[features.sex]\nkind = "categorical"\nvalues = ["f"]\n[groups]')), "sex"),
    ("bounds that fall", toml("[groups]", '[features.age]\nbounds = [3, 1]\n[groups]'), "bounds"),
    ("a factory that raises", nets("def build():\n    raise RuntimeError('no licence')\n"), "no licence"),
    ("a factory that is not there", toml("nets:build", "nets:make"), "make"),
    ("a factory without a colon", toml("nets:build", "nets"), "factory"),
    ("a factory in no module", toml("nets:build", "nuts:build"), "nuts"),
    ("a factory that returns no module", nets("def build():\n    return 3\n"), "int"),
    ("a factory with a syntax error", text("nets.py", "def build(:\n"), "SyntaxError"),
    ("weights for another network", nets("def build():\n    return torch.nn.Linear(2, 1).eval()\n"), "weights"),
    ("weights of another shape", nets("def build():\n    return torch.nn.Sequential(torch.nn.Linear(2, 5), "
        "torch.nn.ReLU(), torch.nn.Linear(5, 1)).eval()\n"), "shape"),
    ("corrupt weights", raw("weights.safetensors", b"not safetensors at all"), "safetensors"),
    ("a pickle", both(toml("weights.safetensors", "weights.pkl"), raw("weights.pkl", pickle.dumps({}))),
        "--trust-pickle"),
    ("a torch.save file", both(toml("weights.safetensors", "weights.pt"), raw("weights.pt", b"PK")), "--trust-pickle"),
    ("a joblib file", both(SKLEARN, toml("weights.safetensors", "model.joblib"), raw("model.joblib", b"x")),
        "--trust-pickle"),
    ("an encode that is not there", toml('output = "logits"', 'output = "logits"\nencode = "nets:encode"'), "encode"),
    ("an encode that raises", both(toml('output = "logits"', 'output = "logits"\nencode = "nets:encode"'),
        nets("def build():\n    return torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.ReLU(), "
             "torch.nn.Linear(4, 1)).eval()\n\ndef encode(frame):\n    raise KeyError('height')\n")), "height"),
    ("a model that raises", answers("x @ torch.ones(9, 1)"), "RuntimeError"),
    ("a model that returns NaN", answers("x[:, :1] * float('nan')"), "finite"),
    ("a model that returns infinity", answers("x[:, :1] / 0"), "finite"),
    ("a model that returns too few rows", answers("x[:3, :1]"), "rows"),
    ("a model with three outputs for two classes", answers("torch.cat([x, x[:, :1]], 1)"), "3"),
    ("a model that returns words", answers("'yes'"), "str"),
    ("logits said to be probabilities", both(toml('"logits"', '"probabilities"'), answers("9 * x[:, :1]")), "logits"),
    ("a model on another device", nets("def build():\n    return torch.nn.Sequential(torch.nn.Linear(2, 4), "
        "torch.nn.ReLU(), torch.nn.Linear(4, 1)).to('meta').eval()\n"), "meta"),
    ("images outside 0 to 1", image_file(np.full((8, 1, 4, 4), 200.0)), "between 0 and 1"),
    ("images without channels", image_file(np.zeros((8, 4, 4))), "4"),
    ("an onnx file that is none", wants("onnxruntime", toml('kind = "torch"\nfactory = "nets:build"\n', ""),
        toml("weights.safetensors", "m.onnx"), raw("m.onnx", b"\x08\x08 no")), "ONNX"),
    ("an onnx file said to be torch", both(toml("weights.safetensors", "m.onnx"), raw("m.onnx", b"x")), "kind"),
    ("a skops file that is none", wants("skops", toml('kind = "torch"\nfactory = "nets:build"\n', ""),
        toml("weights.safetensors", "m.skops"), raw("m.skops", b"PK no")), "skops"),
    ("an image cut short", wants("PIL", toml('"tabular"', '"image"'), toml("test.csv", "images/"),
        toml('target = "label"\n', ""), toml('[groups]\ncolumns = ["sex"]\n', ""), pictures), "class1/7.png"),
    ("a table of images without their paths", both(toml('"tabular"', '"image"')), "file"),
    ("a function that is no function", both(toml('kind = "torch"', FUNCTION),
        toml('file = "weights.safetensors"\n', ""), nets("def build():\n    return 'no'\n")), "str"),
]  # fmt: skip


@pytest.fixture(scope="session")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_subject(tmp_path_factory.mktemp("honest") / "subject")


def check_refused(capsys: pytest.CaptureFixture[str], out: Path, words: str, *arguments: str | Path) -> None:
    ended = auditnn(capsys, *arguments)
    assert ended.code == 2, ended
    assert "Traceback" not in ended.err + ended.out
    assert words.lower() in ended.err.lower(), ended.err
    assert len(ended.err.strip()) < 2000, "one message, not a wall"
    assert not out.exists(), "nothing half-written"


@pytest.mark.parametrize(("spoil", "words"), [case[1:] for case in SUBJECTS], ids=[case[0] for case in SUBJECTS])
def test_a_bad_subject(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, honest: Path, spoil: Spoil, words: str
) -> None:
    folder = tmp_path / "subject"
    shutil.copytree(honest, folder)
    spoil(folder)
    out = tmp_path / "run"
    check_refused(
        capsys, out, words, "run", folder / "subject.toml", "--out", out, "--allow-code", folder, "--effort", "quick"
    )


USAGE: list[tuple[str, Sequence[str], str]] = [
    ("a sample that is not there", ["run", "sample:creditt"], "credit"),
    ("a path that is not there", ["run", "nowhere/subject.toml"], "nowhere"),
    ("no subject", ["run"], "SUBJECT"),
    ("an unknown verb", ["audit"], "audit"),
    ("an unknown flag", ["run", "HONEST", "--fast"], "--fast"),
    ("an unknown effort", ["run", "HONEST", "--effort", "huge"], "huge"),
    ("a negative seed", ["run", "HONEST", "--seed", "-1"], "--seed"),
    ("no rows", ["run", "HONEST", "--rows", "0"], "--rows"),
    ("an unknown analyzer", ["run", "HONEST", "--analyzers", "fairnes"], "fairness"),
    ("no analyzers", ["run", "HONEST", "--analyzers", ","], "analyzer"),
    ("a setting without a value", ["run", "HONEST", "--set", "performance.accuracy"], "--set"),
    ("an unknown setting", ["run", "HONEST", "--set", "performance.accuracy.size=3"], "performance.accuracy"),
    ("a setting of nobody", ["run", "HONEST", "--set", "size=3"], "size"),
    ("a budget that is no time", ["run", "HONEST", "--budget", "soon"], "budget"),
    ("a budget of nothing", ["run", "HONEST", "--budget", "0"], "budget"),
    ("a policy that is not there", ["run", "HONEST", "--policy", "nothing"], "nothing"),
    ("a policy that is no TOML", ["run", "HONEST", "--policy", "BAD.toml"], "BAD.toml"),
    ("code that is not allowed", ["run", "HONEST", "--no-code"], "--allow-code"),
    ("code in a folder that is not there", ["run", "HONEST", "--no-code", "--allow-code", "nowhere"], "nowhere"),
    ("gate without a run", ["gate", "nowhere"], "nowhere"),
    ("gate on an empty folder", ["gate", "EMPTY"], "audit.json"),
    ("gate on a corrupt audit", ["gate", "CORRUPT"], "audit.json"),
    ("gate on a newer audit", ["gate", "NEWER"], "Upgrade"),
    ("a report of nothing", ["report", "nowhere"], "nowhere"),
    ("a report of a corrupt audit", ["report", "CORRUPT"], "audit.json"),
    ("runs of a folder that is not there", ["list", "runs", "nowhere"], "nowhere"),
    ("rules of a policy that is not there", ["list", "rules", "--policy", "nothing"], "nothing"),
    ("a draft of nothing", ["init"], "TABLE"),
    ("a draft of a table that is not there", ["init", "nowhere.csv"], "nowhere.csv"),
    ("a draft of a model that is not there", ["init", "nowhere.safetensors", "TABLE"], "nowhere.safetensors"),
    ("a draft of a model in an unknown format", ["init", "BAD.toml", "TABLE"], "safetensors"),
    ("a draft of a table in an unknown format", ["init", "WEIGHTS", "BAD.toml"], "parquet"),
    ("a draft of a pickled table", ["init", "table.pkl"], "parquet"),
    ("a draft of three files", ["init", "WEIGHTS", "TABLE", "TABLE"], "3 files"),
    ("a draft over a file that exists", ["init", "WEIGHTS", "TABLE", "--out", "BAD.toml"], "--force"),
    ("a draft of a model and of predictions", ["init", "WEIGHTS", "TABLE", "--prediction", "label"], "both"),
    ("a draft with a target that is absent", ["init", "WEIGHTS", "TABLE", "--target", "lable"], "'label'"),
    ("a draft with a group that is absent", ["init", "WEIGHTS", "TABLE", "--groups", "race"], "race"),
    ("a draft with bands without edges", ["init", "WEIGHTS", "TABLE", "--bands", "age"], "--bands"),
    ("a draft of an unknown kind", ["init", "WEIGHTS", "TABLE", "--kind", "keras"], "keras"),
    ("a draft where no folder can be", ["init", "WEIGHTS", "TABLE", "--out", "BAD.toml/one.toml"], "--out"),
]


@pytest.mark.parametrize(("arguments", "words"), [case[1:] for case in USAGE], ids=[case[0] for case in USAGE])
def test_bad_usage(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    honest: Path,
    arguments: Sequence[str],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in {"CORRUPT": "{", "NEWER": json.dumps({"schema": "auditnn.audit/99"})}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "audit.json").write_text(content)
    (tmp_path / "EMPTY").mkdir()
    (tmp_path / "BAD.toml").write_text("name = ")
    (tmp_path / "table.pkl").write_bytes(b"x")
    files = {"HONEST": "subject.toml", "WEIGHTS": "weights.safetensors", "TABLE": "test.csv"}
    given: list[str | Path] = [honest / files[one] if one in files else one for one in arguments]
    if "--no-code" in given:
        given.remove("--no-code")
    elif honest / "subject.toml" in given:
        given += ["--allow-code", honest]
    check_refused(capsys, tmp_path / "reports", words, *given)
    assert not (tmp_path / "subject.toml").exists()


def test_a_place_that_cannot_be_written(capsys: pytest.CaptureFixture[str], tmp_path: Path, honest: Path) -> None:
    (tmp_path / "file").write_text("here first")
    out = tmp_path / "file" / "run"
    ended = auditnn(capsys, "run", honest / "subject.toml", "--allow-code", honest, "--out", out)
    assert (ended.code, "--out" in ended.err) == (2, True)
    assert os.listdir(tmp_path) == ["file"]


def test_the_table_is_long_enough() -> None:
    assert len(SUBJECTS) + len(USAGE) >= 60

"""`auditnn init`: what it writes is what `run` takes; what it cannot know it asks for; it runs nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kit import Ended, auditnn, write_subject

ROOT = Path(__file__).resolve().parents[2]
FACTORY = """
def build():
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    import pandas as pd

    frame = pd.DataFrame(X, columns=["age", "income"])
    return LogisticRegression().fit(frame, np.where(X[:, 0] > 0, "yes", "no"))
"""
IMAGES = """
import torch

def build():
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 3)).eval()
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, with an honest table and weights."""
    write_subject(tmp_path)
    (tmp_path / "subject.toml").unlink()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def unexplained(text: str) -> set[str]:
    """Keys that are set without a word on what they were inferred from."""
    lines = text.splitlines()
    return {
        line.partition(" = ")[0]
        for before, line in zip(["", *lines], lines, strict=False)
        if " = " in line and not line.startswith("#")
        if "  # inferred: " not in line and not before.startswith("# inferred: ")
    }


def drafted(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Ended:
    ended = auditnn(capsys, "init", *arguments)
    assert ended.code == 0, ended.err
    tomllib.loads(Path("subject.toml").read_text(encoding="utf-8"))
    return ended


def check_complete(capsys: pytest.CaptureFixture[str], ended: Ended) -> None:
    """`run` takes the file unchanged, with the command that init told."""
    assert "To fill in" not in ended.err
    command = ended.err.splitlines()[-1].removeprefix("Then: auditnn ").split()
    run = auditnn(capsys, *command, "--out", "run", "--effort", "quick")
    assert run.code == 0, run.err
    assert Path("run/report.html").is_file()


def test_torch_weights_with_a_factory(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    ended = drafted(
        capsys, "weights.safetensors", "test.csv", "--factory", "nets:build", "--output", "logits", "--target", "label",
        "--groups", "sex", "--favorable", "1", "--name", "small",
    )  # fmt: skip
    text = Path("subject.toml").read_text()
    assert unexplained(text) == {"name", "file", "factory", "output", "test", "target", "favorable", "columns"}
    assert 'inputs = ["age", "income"]  # inferred: 0.weight takes 2 inputs' in text
    assert "Worth deciding" not in ended.err
    check_complete(capsys, ended)


def test_a_scikit_learn_factory(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    (here / "made.py").write_text(FACTORY)
    table = pd.read_csv("test.csv")
    table.assign(label=np.where(table["label"] == 1, "yes", "no"), row_id=range(60)).to_parquet("test.parquet")
    ended = drafted(
        capsys, "made:build", "test.parquet", "--kind", "sklearn", "--inputs", "age,income", "--positive", "yes",
        "--favorable", "no", "--groups", "sex,age", "--bands", "age=-0.5,0.5",
    )  # fmt: skip
    content = tomllib.loads(Path("subject.toml").read_text())
    assert content["data"]["id"] == "row_id"
    assert content["data"]["target"] == "label"
    assert content["groups"] == {"columns": ["sex", "age"], "bands": {"age": [-0.5, 0.5]}}
    check_complete(capsys, ended)


def test_stored_predictions(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    table = pd.read_csv("test.csv")
    table.assign(prediction=(table["age"] > 0).astype(int), proba=1 / (1 + np.exp(-table["age"]))).to_csv("p.csv")
    ended = drafted(capsys, "p.csv", "--favorable", "1", "--groups", "sex")
    content = tomllib.loads(Path("subject.toml").read_text())
    assert "model" not in content
    assert (content["data"]["prediction"], content["data"]["score"]) == ("prediction", "proba")
    assert unexplained(Path("subject.toml").read_text()) == {"test", "favorable", "columns"}
    check_complete(capsys, ended)


def test_images(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    import torch
    from safetensors.torch import save_file

    (here / "nets.py").write_text(IMAGES)
    save_file(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 3)).state_dict(), "weights.safetensors")
    rng = np.random.default_rng(0)
    np.savez("test.npz", X=rng.random((60, 1, 4, 4)), y=np.arange(60) % 3, light=np.array(["dim", "bright"] * 30))
    ended = drafted(
        capsys, "weights.safetensors", "test.npz", "--factory", "nets:build", "--output", "logits", "--groups", "light",
        "--favorable", "0",
    )  # fmt: skip
    content = tomllib.loads(Path("subject.toml").read_text())
    assert (content["task"], content["modality"]) == ("multiclass", "image")
    assert content["data"]["classes"] == [0, 1, 2]
    check_complete(capsys, ended)


def test_regression_from_another_folder(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    """Paths are relative to the file that is written."""
    pd.read_csv("test.csv").assign(label=np.linspace(0.1, 9, 60)).to_csv("test.csv", index=False)
    (here / "audits").mkdir()
    ended = auditnn(
        capsys, "init", "weights.safetensors", "test.csv", "--factory", "nets:build", "--groups", "sex",
        "--out", "audits/one.toml",
    )  # fmt: skip
    assert (ended.code, ended.out.strip()) == (0, "audits/one.toml")
    content = tomllib.loads(Path("audits/one.toml").read_text())
    assert content["data"]["test"] == "../test.csv"
    assert (content["task"], content["model"]["output"]) == ("regression", "values")
    assert ended.err.splitlines()[-1].endswith("--allow-code DIR")
    run = auditnn(capsys, "run", "audits/one.toml", "--allow-code", ".", "--out", "run", "--effort", "quick")
    assert run.code == 0, run.err


def test_what_is_not_known_is_asked_for(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    ended = drafted(capsys, "weights.safetensors", "test.csv")
    text = Path("subject.toml").read_text()
    for key in ("factory", "output", "favorable", "columns", "name", "threshold"):
        assert f"\n# {key} = " in text, key
    asked, decide = ended.err.split("Worth deciding:")
    assert "factory (" in asked
    assert "output (logits, probabilities or labels)" in asked
    assert "favorable (the outcome that people want: 0 or 1)" in decide
    assert "sex (2 values)" in decide
    assert auditnn(capsys, "run", "subject.toml").code == 2
    filled = text.replace('# factory = "mypackage.nets:build"', 'factory = "nets:build"')
    filled = filled.replace('# output = "logits"', 'output = "logits"')
    Path("subject.toml").write_text(filled)
    assert auditnn(capsys, "run", "subject.toml", "--allow-code", ".", "--effort", "quick").code == 0


def test_nothing_is_run(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    """Neither a factory nor a pickle is opened."""
    (here / "nets.py").write_text("raise SystemExit('imported')\n")
    (here / "model.joblib").write_bytes(b"no pickle at all")
    drafted(capsys, "weights.safetensors", "test.csv", "--factory", "nets:build", "--encode", "nets:encode")
    ended = drafted(capsys, "model.joblib", "test.csv", "--force")
    assert "--trust-pickle" in ended.err
    assert "needs --trust-pickle" in Path("subject.toml").read_text()


def test_torch_and_scikit_learn_are_not_imported(here: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom auditnn.cli import main\n"
        "sys.argv = ['auditnn', 'init', 'weights.safetensors', 'test.csv']\n"
        "try: main()\nexcept SystemExit as end: assert not end.code, end.code\n"
        "assert not {'torch', 'sklearn'} & set(sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=here)
    assert ended.returncode == 0, ended.stderr


def test_a_file_is_not_overwritten(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    Path("subject.toml").write_text("mine")
    ended = auditnn(capsys, "init", "weights.safetensors", "test.csv")
    assert (ended.code, "--force" in ended.err) == (2, True)
    assert Path("subject.toml").read_text() == "mine"
    assert auditnn(capsys, "init", "weights.safetensors", "test.csv", "--force").code == 0
    assert Path("subject.toml").read_text() != "mine"
    assert not [name for name in os.listdir() if name.startswith(".subject")]


def test_a_column_of_dates_is_left_out_and_said(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    (here / "made.py").write_text(FACTORY)
    table = pd.read_csv("test.csv").drop(columns="sex")
    table.assign(label=np.where(table["label"] == 1, "yes", "no"), since=pd.Timestamp("2024-01-01")).to_parquet(
        "t.parquet"
    )
    ended = drafted(capsys, "made:build", "t.parquet", "--kind", "sklearn", "--positive", "yes", "--favorable", "yes")
    assert "since: dates" in ended.err
    assert tomllib.loads(Path("subject.toml").read_text())["model"]["inputs"] == ["age", "income"]
    check_complete(capsys, ended)


def test_a_numeric_group_waits_for_its_bands(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    ended = drafted(capsys, "weights.safetensors", "test.csv", "--groups", "age")
    assert "bands (edges for " in ended.err
    assert "# bands = {age = [" in Path("subject.toml").read_text()


def test_names_that_are_no_plain_words(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    """Quotes, line breaks, markup and commas in column names and labels."""
    table = pd.read_csv("test.csv")
    names = {"age": 'a "quoted"\nname', "income": "städte & <b>", "sex": "# no comment"}
    label = np.where(table["label"] == 1, 'y"es', "n\\o")
    table.rename(columns=names).assign(label=label, prediction=label, when="2024\t1").to_parquet("odd.parquet")
    ended = drafted(capsys, "odd.parquet", "--positive", 'y"es', "--favorable", "n\\o", "--groups", "# no comment")
    content = tomllib.loads(Path("subject.toml").read_text(encoding="utf-8"))
    assert set(content["features"]) == {*names.values(), "when"}
    assert content["data"]["positive"] == 'y"es'
    check_complete(capsys, ended)


def test_several_usual_names_are_no_choice(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    pd.read_csv("test.csv").assign(target=lambda frame: frame["label"]).to_csv("test.csv", index=False)
    ended = drafted(capsys, "weights.safetensors", "test.csv")
    assert "target (the column of true labels)" in ended.err
    content = tomllib.loads(Path("subject.toml").read_text())
    assert "target" not in content["data"]
    assert "task" not in content


@pytest.mark.parametrize("suffix", [".skops", ".onnx"])
def test_a_file_that_holds_the_whole_model_needs_no_factory(
    capsys: pytest.CaptureFixture[str], here: Path, suffix: str
) -> None:
    (here / f"model{suffix}").write_bytes(b"never opened")
    ended = drafted(capsys, f"model{suffix}", "test.csv")
    assert "factory" not in ended.err + Path("subject.toml").read_text()
    assert "To fill in" not in ended.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["weights.safetensors", "test.csv", "--target", "lable"], "Did you mean 'label'"),
        (["weights.safetensors", "test.csv", "--groups", "race"], "--groups"),
        (["weights.safetensors", "test.csv", "--groups", "sex", "--bands", "age=1,2"], "--groups age"),
        (["weights.safetensors", "test.csv", "--groups", "age", "--bands", "age=2,1"], "rising"),
        (["weights.safetensors", "test.csv", "--positive", "yes"], "0, 1"),
        (["weights.safetensors", "test.csv", "--favorable", "granted"], "--favorable"),
        (["weights.safetensors", "test.csv", "--task", "multiclass"], "binary"),
        (["weights.safetensors", "test.csv", "--task", "regression", "--target", "sex"], "numbers"),
        (["weights.safetensors", "test.csv", "--output", "scores"], "scores"),
        (["weights.safetensors", "test.csv", "--kind", "sklearn"], "safetensors"),
        (["weights.safetensors", "test.csv", "--inputs", "age,height"], "height"),
        (["weights.safetensors", "test.csv", "--classes", "only"], "classes"),
        (["weights.safetensors", "test.csv", "--train", "train.csv"], "train.csv"),
        (["corrupt.safetensors", "test.csv"], "corrupt.safetensors"),
        (["empty.csv"], "row"),
        (["bad.npz", "--prediction", "y"], "between 0 and 1"),
        (["model.skops", "test.csv", "--factory", "nets:build"], "no factory"),
        (["test.csv", "--score", "age", "--target", "sx"], "sx"),
        (["test.csv", "--prediction", "label", "--target", "gap"], "missing"),
    ],
)  # fmt: skip
def test_what_no_subject_file_could_make_right(
    capsys: pytest.CaptureFixture[str], here: Path, arguments: list[str], words: str
) -> None:
    (here / "corrupt.safetensors").write_bytes(b"not safetensors")
    (here / "empty.csv").write_text("age,label\n")
    (here / "model.skops").write_bytes(b"x")
    np.savez("bad.npz", X=np.full((4, 1, 2, 2), 200.0), y=np.arange(4) % 2)
    table = pd.read_csv("test.csv")
    table.assign(gap=table["label"].where(table.index > 3)).to_csv("test.csv", index=False)
    ended = auditnn(capsys, "init", *arguments)
    assert ended.code == 2, ended
    assert "Traceback" not in ended.err
    assert words.lower() in ended.err.lower(), ended.err
    assert not Path("subject.toml").exists()

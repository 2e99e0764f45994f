"""`load`: all kinds of subject files, code from allowed folders only, samples without asking."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file
from sklearn.linear_model import LogisticRegression

from auditnn.core.errors import RefusedError, SubjectError
from auditnn.core.subject import Subject
from auditnn.subjects import samples
from auditnn.subjects.calls import Calls
from auditnn.subjects.card import card
from auditnn.subjects.check import first_predictions
from auditnn.subjects.code import CodeSpace, installed
from auditnn.subjects.load import load

N = 50
X = np.random.default_rng(3).normal(size=(N, 2))
Y = (X[:, 0] > 0).astype(int)
SEX = np.where(X[:, 1] > 0, "f", "m")
NETS = """
import torch
def build(): return torch.nn.Linear(2, 1)
"""


def table() -> pd.DataFrame:
    ages = 20 + (np.arange(N) % 50)
    return pd.DataFrame({"key": np.arange(N) + 100, "sex": SEX, "age": ages, "a": X[:, 0], "b": X[:, 1], "y": Y})


def write(folder: Path, text: str, suffix: str = ".parquet", nets: str = NETS) -> str:
    folder.mkdir(exist_ok=True)
    (folder / "nets.py").write_text(nets)
    for name in ("test", "train"):
        if suffix == ".csv":
            table().to_csv(folder / f"{name}.csv", index=False)
        else:
            table().to_parquet(folder / f"{name}.parquet")
    (folder / "subject.toml").write_text(text)
    return str(folder / "subject.toml")


def predicted(subject: Subject) -> Any:
    return first_predictions(subject, None if subject.model is None else Calls(subject))


WHOLE = """
name = "loans"
task = "binary"
modality = "tabular"
[model]
kind = "torch"
file = "w.safetensors"
factory = "nets:build"
output = "logits"
threshold = 0.3
inputs = ["a", "b"]
[data]
test = "test.{suffix}"
train = "train.{suffix}"
target = "y"
positive = 1
favorable = 0
classes = ["repaid", "defaulted"]
id = "key"
redact = ["age"]
costs = {{false_positive = 1, false_negative = 5}}
history = "loss.jsonl"
store_rows = "all"
[groups]
columns = ["sex", "age"]
bands = {{age = [25, 40]}}
intersections = [["sex", "age"]]
reference = {{sex = "m"}}
control = []
[features.a]
bounds = [-9, 9]
mutable = false
[features.age]
kind = "integer"
"""


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_every_key_of_a_torch_subject(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / suffix, WHOLE.format(suffix=suffix), f".{suffix}")
    weights = {"weight": torch.tensor([[2.0, -1.0]]), "bias": torch.tensor([0.5])}
    save_file(weights, tmp_path / suffix / "w.safetensors")
    (tmp_path / suffix / "loss.jsonl").write_text("")
    subject = load(path, allow_code=[str(tmp_path / suffix)])
    p = 1 / (1 + np.exp(-(X @ [2.0, -1.0] + 0.5)))
    found = predicted(subject)
    assert found.score == pytest.approx(p, abs=1e-6)
    assert np.array_equal(found.prediction, p >= 0.3)
    facts = json.loads(json.dumps(card(subject), allow_nan=False))
    assert (facts["name"], facts["source"], facts["kind"]) == ("loans", path, "torch")
    assert facts["rows"] == {"test": N, "train": N}
    assert (facts["positive"], facts["favorable"], facts["threshold"]) == (1, 0, 0.3)
    assert [feature["name"] for feature in facts["features"]] == ["a", "b"]
    assert facts["features"][0]["bounds"] == [-9, 9]
    assert facts["features"][0]["mutable"] is False
    assert facts["groups"]["sex"] == {"f": int((SEX == "f").sum()), "m": int((SEX == "m").sum())}
    assert list(facts["groups"]["age"]) == ["under 25", "25 to <40", "40 and over"]
    assert facts["intersections"] == [["sex", "age"]]
    assert facts["reference"] == {"sex": "m"}
    assert (facts["store_rows"], facts["redact"]) == ("all", ["age"])
    assert facts["costs"] == {"false_positive": 1, "false_negative": 5}
    assert facts["history"].endswith("loss.jsonl")
    assert facts["model"]["parameters"] == 3
    assert facts["model"]["train_mode"] is True  # the factory did not call eval()
    assert any("age" in note for note in facts["notes"])
    assert np.array_equal(subject.test.id, np.arange(N) + 100)
    assert [group.name for group in subject.train.groups] == ["sex", "age"]  # type: ignore[union-attr]
    told = {key: facts[key] for key in facts if key not in ("source", "history", "opened_with")}
    assert str(tmp_path) not in json.dumps(told)


def test_npz_tables_and_images(tmp_path: Path) -> None:
    text = 'task = "binary"\n[model]\nkind = "torch"\nfactory = "nets:build"\noutput = "logits"\n{inputs}' \
           '[data]\ntest = "test.npz"\n{extra}[groups]\ncolumns = ["sex"]\n'  # fmt: skip
    path = write(tmp_path, text.format(inputs='inputs = ["income", "age"]\n', extra=""))
    np.savez(tmp_path / "test.npz", X=X.astype(np.float32), y=Y, sex=SEX)
    subject = load(path, allow_code=[str(tmp_path)])
    assert [feature.name for feature in subject.test.rows.features] == ["income", "age"]  # type: ignore[union-attr]
    assert len(predicted(subject).prediction) == N
    nets = "import torch\ndef build(): return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 1))\n"
    path = write(tmp_path, text.format(inputs="", extra='regions = "masks.npz"\n'), nets=nets)
    np.savez(tmp_path / "test.npz", X=np.zeros((N, 1, 4, 4), dtype=np.float32), y=Y, sex=SEX)
    face = np.zeros((N, 4, 4), dtype=bool)
    face[:3, 1:3, 1:3] = True
    np.savez(tmp_path / "masks.npz", face=face)
    images = load(path, allow_code=[str(tmp_path)])
    assert images.modality == "image"
    assert len(predicted(images).prediction) == N
    assert card(images)["shape"] == [1, 4, 4]
    assert np.array_equal(images.regions["face"], face)
    assert card(images)["regions"] == {"face": 3}
    np.savez(tmp_path / "masks.npz", face=~face)
    other = load(path, allow_code=[str(tmp_path)])
    assert other.digests["data"] != images.digests["data"]
    assert other.digests["meaning"] == images.digests["meaning"]


def test_estimators_come_from_a_factory_or_a_trusted_file(tmp_path: Path) -> None:
    model = LogisticRegression().fit(table()[["a", "b"]], Y)
    joblib.dump(model, tmp_path / "m.joblib")
    text = '[model]\nkind = "sklearn"\n{how}\ninputs = ["a", "b"]\n[data]\ntest = "test.parquet"\ntarget = "y"\n'
    nets = f"def build():\n    import joblib\n    return joblib.load({str(tmp_path / 'm.joblib')!r})\n"
    path = write(tmp_path, text.format(how='factory = "nets:build"'), nets=nets)
    made = load(path, allow_code=[str(tmp_path)])
    path = write(tmp_path, text.format(how='file = "m.joblib"'))
    with pytest.raises(RefusedError, match="trust-pickle"):
        load(path)
    trusted = load(path, trust_pickle=True)
    expected = model.predict_proba(table()[["a", "b"]])[:, 1]
    for subject in (made, trusted):
        assert subject.task == "binary"
        assert np.array_equal(predicted(subject).score, expected)
    assert any("pickle was trusted" in note for note in trusted.notes)
    assert not any("pickle" in note for note in made.notes)


def test_pickled_modules_and_states_load_only_when_trusted(tmp_path: Path) -> None:
    module = torch.nn.Linear(2, 1)
    text = '[model]\nkind = "torch"\noutput = "logits"\nfile = "m.pt"\n{factory}inputs = ["a", "b"]\n' \
           '[data]\ntest = "test.parquet"\ntarget = "y"\n'  # fmt: skip
    for factory, saved in (("", module), ('factory = "nets:build"\n', module.state_dict())):
        path = write(tmp_path, text.format(factory=factory))
        torch.save(saved, tmp_path / "m.pt")
        with pytest.raises(RefusedError):
            load(path, allow_code=[str(tmp_path)])
        subject = load(path, allow_code=[str(tmp_path)], trust_pickle=True)
        z = Calls(subject).outputs(subject.test.rows)[:, 0]
        weight, bias = module.weight.detach().numpy()[0], module.bias.detach().numpy()[0]
        assert z == pytest.approx(X @ weight + bias, abs=1e-5)
        assert "pickle was trusted" in subject.notes[0]


def test_functions_and_stored_predictions(tmp_path: Path) -> None:
    nets = (
        "def build():\n    return predict\ndef predict(frame):\n    from helpers import half\n    return half(frame)\n"
    )
    (tmp_path / "helpers.py").write_text("def half(frame): return 0.5 + 0 * frame['a'].to_numpy()\n")
    path = write(tmp_path, '[model]\nkind = "function"\nfactory = "nets:build"\ninputs = ["a"]\n'
                           '[data]\ntest = "test.parquet"\ntarget = "y"\n', nets=nets)  # fmt: skip
    subject = load(path, allow_code=[str(tmp_path)])
    assert np.array_equal(predicted(subject).score, np.full(N, 0.5))
    assert subject.digests["model"].startswith("sha256:")
    table().assign(p=0.7, said=1).to_parquet(tmp_path / "stored.parquet")
    (tmp_path / "subject.toml").write_text(
        '[data]\ntest = "stored.parquet"\ntarget = "y"\nprediction = "said"\nscore = "p"\n[groups]\ncolumns = ["sex"]\n'
    )
    stored = load(str(tmp_path))
    assert stored.model is None
    assert card(stored)["kind"] == "predictions"
    assert np.array_equal(predicted(stored).score, np.full(N, 0.7))
    assert [feature.name for feature in stored.test.rows.features] == ["key", "sex", "age", "a", "b"]  # type: ignore[union-attr]
    (tmp_path / "subject.toml").write_text('[data]\ntest = "stored.parquet"\nprediction = "said"\nclasses = [0, 1]\n')
    assert load(str(tmp_path)).test.y is None


def test_two_subjects_with_the_same_module_name_do_not_meet(tmp_path: Path) -> None:
    text = '[model]\nkind = "function"\nfactory = "nets:build"\ninputs = ["a"]\n' \
           '[data]\ntest = "test.parquet"\ntarget = "y"\n'  # fmt: skip
    loaded = []
    for value in (0.25, 0.75):
        folder = tmp_path / str(value).replace(".", "_")
        nets = "import numpy\nfrom value import VALUE\ndef build():\n    return predict\n" \
               "def predict(frame):\n    import value\n    return numpy.full(len(frame), value.VALUE)\n"  # fmt: skip
        path = write(folder, text, nets=nets)
        (folder / "value.py").write_text(f"VALUE = {value}\n")
        loaded.append(load(path, allow_code=[str(folder)]))
    before = list(sys.path)
    assert [predicted(one).score[0] for one in loaded] == [0.25, 0.75]
    assert [predicted(one).score[0] for one in loaded] == [0.25, 0.75]
    assert sys.path == before
    assert not {"nets", "value"} & set(sys.modules)


def test_code_in_the_current_folder_is_not_installed_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, WHOLE.format(suffix="parquet").replace('file = "w.safetensors"\n', ""))
    (tmp_path / "loss.jsonl").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(RefusedError, match="--allow-code"):
        load(path)
    assert "nets" not in sys.modules
    assert installed("torch")
    assert not installed("os")
    assert not installed("nothing_of_that_name")
    assert CodeSpace().resolve("sklearn.linear_model:LinearRegression", "factory")().__module__.startswith("sklearn")


def test_an_allowed_folder_does_not_replace_what_is_installed_and_in_use(tmp_path: Path) -> None:
    (tmp_path / "numpy").mkdir()
    (tmp_path / "numpy" / "__init__.py").write_text("raise RuntimeError('the wrong numpy')")
    (tmp_path / "nets.py").write_text("import numpy\ndef build(): return numpy.float64(1)\n")
    assert CodeSpace([tmp_path]).resolve("nets:build", "factory")() == 1.0


@pytest.mark.parametrize("name", samples.names())
def test_samples_open_without_being_asked_for_code(name: str) -> None:
    subject = load(f"sample:{name}")
    assert (subject.name, subject.source) == (name, f"sample:{name}")
    assert len(predicted(subject).prediction) == len(subject.test)
    assert samples.describe(name)
    assert subject.encoder.units is not None or subject.modality == "image"  # type: ignore[union-attr]
    json.dumps(card(subject), allow_nan=False)


def test_the_same_files_have_the_same_digests() -> None:
    first, second = load("sample:perceptron"), load("sample:perceptron")
    assert first.digests == second.digests
    assert first.digests["model"] != load("sample:digits").digests["model"]


def test_a_sample_by_path_is_anybodys_code() -> None:
    with pytest.raises(RefusedError) as caught:
        load(str(samples.folder("perceptron")))
    assert f"--allow-code {samples.folder('perceptron')}" in str(caught.value)
    with pytest.raises(SubjectError, match="perceptron"):
        load("sample:perceptrn")


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path: Path) -> None:
    source = write(tmp_path, '\ufefftask = "binary"\n[data]\ntest = "test.parquet"\ntarget = "y"\nprediction = "y"\n')
    assert load(source).task == "binary"


def test_a_redacted_id_numbers_the_rows(tmp_path: Path) -> None:
    text = 'task = "binary"\n[data]\ntest = "test.parquet"\ntarget = "y"\nprediction = "y"\nid = "key"\n'
    assert load(write(tmp_path, text)).test.id[0] == 100
    subject = load(write(tmp_path, text + 'redact = ["key"]\n'))
    assert np.array_equal(subject.test.id, np.arange(N))
    assert subject.redact == ("key",)

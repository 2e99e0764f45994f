"""Bad input gets one clear message: what was expected, what came, what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file
from sklearn.linear_model import LogisticRegression, RidgeClassifier

from auditnn.core.errors import InputError, RefusedError, SubjectError
from auditnn.core.subject import Subject
from auditnn.subjects import build
from auditnn.subjects.calls import Calls
from auditnn.subjects.check import first_predictions
from auditnn.subjects.load import load

N = 40
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 3)).astype(np.float32)
Y = np.arange(N) % 2
Y3 = np.arange(N) % 3
FRAME = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2]})
PIXELS = RNG.random((N, 1, 4, 4)).astype(np.float32)


def changed(values: Any, position: Any, value: Any) -> Any:
    """A copy of an array or list with one entry replaced."""
    values = list(values) if isinstance(values, list) else np.array(values)
    values[position] = value
    return values


def linear(width: int = 1, columns: int = 3) -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Linear(columns, width).eval()


class Odd(torch.nn.Module):
    """A module that answers with whatever `answer` makes of its inputs."""

    def __init__(self, answer: Callable[[torch.Tensor], Any]) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, inputs: torch.Tensor) -> Any:
        return self.answer(inputs)


def first_of(subject: Subject) -> None:
    first_predictions(subject, None if subject.model is None else Calls(subject))


def module(**changes: Any) -> None:
    """Build and predict with a linear module, with some keywords changed."""
    keywords: dict[str, Any] = {"module": linear(), "X_test": X, "y_test": Y, "task": "binary", "output": "logits"}
    keywords |= changes
    first_of(build.from_torch(keywords.pop("module"), keywords.pop("X_test"), keywords.pop("y_test"), **keywords))


def function(predict: Callable[[Any], Any], X_test: Any = X, y_test: Any = Y, **keywords: Any) -> None:
    first_of(build.from_function(predict, X_test, y_test, **keywords))


def pictures(regions: Any) -> None:
    function(half, PIXELS, regions=regions)


def raises(inputs: Any) -> Any:
    raise ZeroDivisionError("a wheel came off")


def exits(inputs: Any) -> Any:
    raise SystemExit(0)


def half(inputs: Any) -> np.ndarray:
    return np.full(len(inputs), 0.5)


NETS = """
import torch
def build(): return torch.nn.Linear(3, 1).eval()
def fails(): raise ValueError("no such layer")
def exits(*arguments): raise SystemExit(0)
def wrong(): return 7
def encode(frame): return frame.to_numpy(dtype="float32")
def bad_encode(frame): raise KeyError("income")
def short(frame): return frame.to_numpy(dtype="float32")[:1]
def blurred(frame): return frame.to_numpy(dtype="float32"), {"a": [0], "b": [1]}
constant = 3
"""
MODEL = '[model]\nkind = "torch"\nfactory = "nets:build"\noutput = "logits"\n'
DATA = '[data]\ntest = "test.parquet"\ntarget = "y"\n'


def opened(
    folder: Path,
    model: str = MODEL,
    data: str = DATA,
    top: str = 'task = "binary"\n',
    table: pd.DataFrame | None = None,
    allow: bool = True,
    trust_pickle: bool = False,
) -> None:
    """Write a subject folder, load it, predict."""
    (folder / "nets.py").write_text(NETS)
    if not (folder / "test.parquet").exists():
        (FRAME.assign(y=Y) if table is None else table).to_parquet(folder / "test.parquet")
    (folder / "subject.toml").write_text(top + model + data)
    allowed = [str(folder)] if allow else []
    subject = load(str(folder / "subject.toml"), allow_code=allowed, trust_pickle=trust_pickle)
    first_of(subject)


def with_weights(folder: Path, weights: dict[str, torch.Tensor]) -> None:
    save_file(weights, folder / "w.safetensors")
    opened(folder, model=MODEL + 'file = "w.safetensors"\n')


def with_bytes(folder: Path, name: str, content: bytes, **keywords: Any) -> None:
    (folder / name).write_bytes(content)
    opened(folder, **keywords)


def with_npz(folder: Path, arrays: dict[str, Any], data: str = '[data]\ntest = "test.npz"\n') -> None:
    np.savez(folder / "test.npz", **arrays)
    opened(folder, data=data)


def with_regions(folder: Path, **masks: Any) -> None:
    np.savez(folder / "r.npz", **masks)
    opened(folder, data=DATA + 'regions = "r.npz"\n')


# name: (what happens in a folder, the error, words that the message must hold)
CASES: dict[str, tuple[Callable[[Path], Any], type[InputError], list[str]]] = {
    # the data
    "empty array": (lambda d: module(X_test=X[:0], y_test=Y[:0]), SubjectError, ["at least one row"]),
    "empty frame": (lambda d: module(X_test=FRAME[:0], y_test=Y[:0]), SubjectError, ["at least one row"]),
    "three dimensions": (lambda d: module(X_test=PIXELS[:, 0]), SubjectError, ["channel axis"]),
    "one dimension": (lambda d: module(X_test=X[:, 0]), SubjectError, ["two dimensions"]),
    "not data": (lambda d: module(X_test={"a": [1]}), SubjectError, ["data frame", "dict"]),
    "unequal lengths": (lambda d: module(y_test=Y[:-1]), SubjectError, ["40 values", "39"]),
    "feature names too few": (lambda d: module(features=["a", "b"]), SubjectError, ["3 feature names", "2"]),
    "feature names twice": (lambda d: module(features=["a", "b", "a"]), SubjectError, ["duplicates: 'a'"]),
    "feature names as text": (lambda d: module(features="abc"), SubjectError, ["list of names"]),
    "duplicate columns": (
        lambda d: module(X_test=pd.concat([FRAME, FRAME["a"]], axis=1)), SubjectError, ["duplicates: 'a'"]),
    "infinite feature": (lambda d: module(X_test=changed(X, (3, 1), np.inf)), SubjectError, ["finite", "'x1'"]),
    "input column absent": (
        lambda d: module(X_test=FRAME, inputs=["a", "b", "income"]), SubjectError, ["'income'", "no such column"]),
    "date column": (
        lambda d: function(half, FRAME.assign(day=pd.date_range("2024-01-01", periods=N))), SubjectError,
        ["'day'", "dates", "days since"]),
    "date text": (
        lambda d: function(half, FRAME.assign(day=["2024-01-01"] * N)), SubjectError, ["dates", "days since"]),
    "mixed column": (
        lambda d: function(half, FRAME.assign(m=[1, "one"] * (N // 2))), SubjectError, ["'m'", "one kind of value"]),
    "text column without encode": (
        lambda d: module(X_test=FRAME.assign(s="x"), module=linear(1, 4)), SubjectError, ["'s'", "encode"]),
    "rows of different lengths": (lambda d: function(half, [[1, 2], [3]], [0, 1]), SubjectError, ["equal length"]),
    "integers too large to keep": (
        lambda d: function(half, FRAME.assign(key=2**60 + np.arange(N))), SubjectError, ["'key'", "2**53"]),
    "lists as cells of a group": (lambda d: module(groups={"g": [{}] * N}), SubjectError, ["group 'g'", "unhashable"]),
    "declared feature absent": (
        lambda d: module(X_test=FRAME, features={"aa": {"kind": "numeric"}}), SubjectError, ["'aa'", "'a'"]),
    "unknown feature key": (
        lambda d: module(X_test=FRAME, features={"a": {"knd": "numeric"}}), SubjectError, ["'knd'", "'kind'"]),
    "bad feature kind": (
        lambda d: module(X_test=FRAME, features={"a": {"kind": "number"}}), SubjectError, ["features.a.kind"]),
    "bad bounds": (
        lambda d: module(X_test=FRAME, features={"a": {"bounds": [3, 1]}}), SubjectError, ["low < high"]),
    "bounds that are text": (
        lambda d: module(X_test=FRAME, features={"a": {"bounds": ["low", "high"]}}), SubjectError, ["low < high"]),
    "value not declared": (
        lambda d: function(half, FRAME.assign(s=["x", "y"] * (N // 2)), features={"s": {"values": ["x", "z"]}}),
        SubjectError, ["'s'", "'x', 'z'", "'y'"]),
    "ordinal without order": (
        lambda d: function(half, FRAME.assign(s="x"), features={"s": {"kind": "ordinal"}}), SubjectError, ["in order"]),
    "text declared numeric": (
        lambda d: function(half, FRAME.assign(s="x"), features={"s": {"kind": "numeric"}}),
        SubjectError, ["'s'", "text"]),
    "unit of a column that is not there": (
        lambda d: module(X_test=FRAME, units={"u": ["a", "z"]}), SubjectError, ["units.u", "'z'"]),
    "column in two units": (
        lambda d: module(X_test=FRAME, units={"u": ["a"], "v": ["a"]}), SubjectError, ["one unit", "'a'"]),
    "train without a target": (lambda d: module(train=X), SubjectError, ["(X_train, y_train)"]),
    "train lacks a column": (
        lambda d: module(X_test=FRAME, train=(FRAME[["a", "b"]], Y)), SubjectError, ["'c'", "training data"]),
    "train of another type": (
        lambda d: module(X_test=FRAME, train=(FRAME.assign(a="x"), Y)), SubjectError, ["'a'", "same types"]),
    "ids twice": (lambda d: module(id=[0] * N), SubjectError, ["different id", "39 duplicates"]),
    "ids missing": (lambda d: module(id=[None, *range(1, N)]), SubjectError, ["id in every row"]),
    "id column absent": (lambda d: module(X_test=FRAME, id="key"), SubjectError, ["id column 'key'"]),
    # images
    "images of 0 to 255": (
        lambda d: module(X_test=(PIXELS * 255).astype(np.uint8)), SubjectError, ["between 0 and 1", "Divide by 255"]),
    "normalized images": (lambda d: module(X_test=PIXELS - 0.5), SubjectError, ["inside the model"]),
    "NaN pixels": (lambda d: module(X_test=changed(PIXELS, (0, 0, 0, 0), np.nan)), SubjectError, ["finite pixels"]),
    "image modality for a table": (lambda d: module(modality="image"), SubjectError, ["N x C x H x W"]),
    # the target
    "NaN in the target": (
        lambda d: module(y_test=changed(Y.astype(float), 0, np.nan)),
        SubjectError, ["label in every row", "1 missing"]),
    "one class": (lambda d: module(y_test=np.zeros(N, int)), SubjectError, ["two classes", "only 0 in 40"]),
    "one class of declared ones": (
        lambda d: module(y_test=["no"] * N, classes=["no", "yes"]), SubjectError, ["two classes", "'no'"]),
    "float labels": (lambda d: module(y_test=X[:, 0]), SubjectError, ["class labels", "regression"]),
    "labels that are tables": (lambda d: module(y_test=[{}, {}] * (N // 2), task=None), SubjectError, ["a task"]),
    "labels that are sets": (lambda d: module(y_test=[set()] * N), SubjectError, ["one kind", "set"]),
    "mixed labels": (lambda d: module(y_test=[0, "1"] * (N // 2)), SubjectError, ["one kind"]),
    "one-hot labels": (lambda d: module(y_test=np.eye(2)[Y]), SubjectError, ["one value per row", "argmax"]),
    "three labels, binary": (lambda d: module(y_test=Y3), SubjectError, ["two labels", "multiclass"]),
    "two labels, multiclass": (lambda d: module(task="multiclass"), SubjectError, ["three labels", "binary"]),
    "text for regression": (
        lambda d: module(y_test=["a"] * N, task="regression", output="values"), SubjectError, ["numbers"]),
    "infinite regression target": (
        lambda d: module(y_test=changed(X[:, 0], 0, np.inf), task="regression", output="values"), SubjectError,
        ["finite number"]),
    "no target": (lambda d: module(y_test=None), SubjectError, ["from_predictions"]),
    "a task that cannot be told": (
        lambda d: module(y_test=np.arange(N), task=None), SubjectError, ["a task", "'regression'"]),
    "text labels, positive not said": (
        lambda d: module(y_test=np.where(Y, "bad", "good")), SubjectError, ["counts as positive", "positive = 'good'"]),
    "positive not a label": (lambda d: module(positive=2), SubjectError, ["positive", "0, 1", "2"]),
    "favorable not a label": (lambda d: module(favorable="yes"), SubjectError, ["favorable", "'yes'"]),
    "favorable is everything": (lambda d: module(favorable=[0, 1]), SubjectError, ["not all"]),
    "favorable for regression": (
        lambda d: module(y_test=X[:, 0], task="regression", output="values", favorable=1), SubjectError,
        ["no favorable"]),
    "classes too few": (
        lambda d: module(module=linear(3), y_test=Y3, task="multiclass", classes=["a", "b"]), SubjectError,
        ["2 classes"]),
    "classes twice": (lambda d: module(classes=["a", "a"]), SubjectError, ["different names"]),
    "label that is no class": (
        lambda d: module(y_test=["no", "maybe"] * (N // 2), classes=["no", "yes"]), SubjectError, ["'maybe'"]),
    "label the estimator does not know": (
        lambda d: build.from_sklearn(LogisticRegression().fit(X, Y), X, changed(Y, 0, 5)), SubjectError,
        ["the model knows", "5"]),
    "training label nobody tests": (
        lambda d: module(train=(X, changed(Y, 0, 2))), SubjectError, ["two labels", "3: 0, 1, 2"]),
    # keywords
    "unknown keyword": (lambda d: module(favourable=0), SubjectError, ["'favourable'", "'favorable'"]),
    "bad task": (lambda d: module(task="binray"), SubjectError, ["task", "'binary'"]),
    "anomaly": (lambda d: module(task="anomaly"), SubjectError, ["not supported yet"]),
    "text modality": (lambda d: module(modality="text"), SubjectError, ["not supported yet"]),
    "bad output": (lambda d: module(output="logit"), SubjectError, ["output", "'logits'"]),
    "output not said": (lambda d: module(output=None), SubjectError, ["'logits'", "'probabilities'"]),
    "logits for regression": (
        lambda d: module(y_test=X[:, 0], task="regression"), SubjectError, ["regression", "'logits'"]),
    "values for classification": (lambda d: module(output="values"), SubjectError, ["'binary'", "'values'"]),
    "threshold beyond 1": (lambda d: module(threshold=1.5), SubjectError, ["between 0 and 1", "1.5"]),
    "threshold as text": (lambda d: module(threshold="0.5"), SubjectError, ["between 0 and 1"]),
    "threshold for regression": (
        lambda d: module(y_test=X[:, 0], task="regression", output="values", threshold=0.3), SubjectError,
        ["no threshold"]),
    "redacted column absent": (
        lambda d: module(X_test=FRAME.assign(name="x"), inputs=["a", "b", "c"], redact=["nmae"]), SubjectError,
        ["'nmae'", "'name'"]),
    "redacted column absent from the file": (
        lambda d: opened(d, data=DATA + 'redact = ["yy"]\n'), SubjectError, ["'yy'", "'y'"]),
    "redacted column as text": (lambda d: module(redact="a"), SubjectError, ["list of columns"]),
    "NUL in a column name": (
        lambda d: module(X_test=FRAME.rename(columns={"a": "a\0"})), SubjectError, ["a NUL", "x00"]),
    "NUL in a feature name": (lambda d: module(features=["a\0", "b", "c"]), SubjectError, ["a NUL"]),
    "NUL in a group name": (lambda d: module(groups={"g\0": ["f", "m"] * (N // 2)}), SubjectError, ["a group name"]),
    "half a surrogate in a feature name": (
        lambda d: module(features=["a\ud800", "b", "c"]), SubjectError, ["half surrogates", "ud800"]),
    "half a surrogate in a class name": (
        lambda d: module(classes=["no", "yes\ud800"]), SubjectError, ["a class name", "ud800"]),
    "half a surrogate in a category": (
        lambda d: function(half, FRAME.assign(s=pd.Series(["x", "y\ud800"] * (N // 2), dtype=object))),
        SubjectError, ["'s'", "ud800"]),
    "bad store_rows": (lambda d: module(store_rows="some"), SubjectError, ["store_rows", "sample"]),
    "weights": (lambda d: module(weight=np.ones(N)), SubjectError, ["not supported yet"]),
    "clusters": (lambda d: module(cluster=np.ones(N)), SubjectError, ["not supported yet"]),
    "negative cost": (lambda d: module(costs={"false_positive": -1}), SubjectError, ["costs.false_positive"]),
    "unknown cost": (lambda d: module(costs={"false_postive": 1}), SubjectError, ["'false_positive'"]),
    # groups
    "group column absent": (
        lambda d: module(X_test=FRAME, groups=["sex"]), SubjectError, ["group column 'sex'", "no such column"]),
    "group names beside an array": (lambda d: module(groups=["sex"]), SubjectError, ["{name: values}"]),
    "group too short": (lambda d: module(groups={"sex": ["f"]}), SubjectError, ["40 values", "group 'sex'"]),
    "numeric group without bands": (
        lambda d: module(groups={"age": np.arange(N)}), SubjectError, ["bands", "'age'", "40 distinct"]),
    "dates as a group": (
        lambda d: module(groups={"born": pd.Series(pd.date_range("2000-01-01", periods=N))}), SubjectError, ["dates"]),
    "bands that fall": (
        lambda d: module(groups={"age": np.arange(N)}, bands={"age": [40, 20]}), SubjectError, ["rising"]),
    "bands on text": (
        lambda d: module(groups={"sex": ["f", "m"] * (N // 2)}, bands={"sex": [1]}), SubjectError, ["bands", "'sex'"]),
    "bands of no group": (lambda d: module(bands={"age": [20]}), SubjectError, ["bands", "'age'"]),
    "reference that is no level": (
        lambda d: module(groups={"sex": ["f", "m"] * (N // 2)}, reference={"sex": "male"}), SubjectError,
        ["reference.sex", "'f', 'm'"]),
    "reference of no group": (lambda d: module(reference={"sex": "f"}), SubjectError, ["reference", "'sex'"]),
    "intersection of no group": (
        lambda d: module(groups={"sex": ["f", "m"] * (N // 2)}, intersections=[["sex", "race"]]), SubjectError,
        ["intersections", "'race'"]),
    "intersection of one": (
        lambda d: module(groups={"sex": ["f", "m"] * (N // 2)}, intersections=["sex"]), SubjectError, ["lists of two"]),
    "intersection with the name of a group": (
        lambda d: module(groups={name: ["f", "m"] * (N // 2) for name in ("a & b", "a", "b")},
                         intersections=[["a", "b"]]), SubjectError, ["'a & b'", "Rename"]),
    "intersection asked for twice": (
        lambda d: module(groups={name: ["f", "m"] * (N // 2) for name in "ab"}, intersections=[["a", "b"], ["b", "a"]]),
        SubjectError, ["'b & a' twice"]),
    # the model
    "not a module": (lambda d: module(module=half), SubjectError, ["torch.nn.Module", "from_function"]),
    "model that exits": (lambda d: module(module=Odd(exits)), SubjectError, ["SystemExit: 0"]),
    "function that exits": (lambda d: function(exits), SubjectError, ["SystemExit: 0"]),
    "class instead of an estimator": (
        lambda d: build.from_sklearn(LogisticRegression, X, Y), SubjectError, ["a fitted estimator", "().fit(X, y)"]),
    "not an estimator": (lambda d: build.from_sklearn(half, X, Y), SubjectError, ["predict"]),
    "not a function": (lambda d: function("half"), SubjectError, ["callable"]),
    "estimator without probabilities": (
        lambda d: build.from_sklearn(RidgeClassifier().fit(X, Y), X, Y, output="probabilities"), SubjectError,
        ["predict_proba"]),
    "estimator not fitted": (
        lambda d: first_of(build.from_sklearn(LogisticRegression(), X, Y, task="binary")),
        SubjectError, ["NotFittedError"]),
    "model raises": (lambda d: function(raises), SubjectError, ["ZeroDivisionError: a wheel came off"]),
    "module takes other columns": (
        lambda d: module(module=linear(1, 5)), SubjectError, ["RuntimeError", "3 features (x0, x1, x2)"]),
    "NaN outputs": (
        lambda d: module(X_test=changed(X, (7, 0), np.nan)), SubjectError, ["finite outputs", "1 of 40", "row 7"]),
    "too few rows out": (lambda d: function(lambda a: half(a)[:-1]), SubjectError, ["(40,)", "(39,)"]),
    "cube out": (lambda d: module(module=Odd(lambda a: a[:, :, None, None])), SubjectError, ["shape (40, 3, 1, 1)"]),
    "tuple out": (lambda d: module(module=Odd(lambda a: (a, a))), SubjectError, ["one tensor", "tuple"]),
    "text out": (lambda d: function(lambda a: ["x"] * len(a)), SubjectError, ["numbers from the model"]),
    "three columns, binary": (
        lambda d: module(module=linear(3)), SubjectError, ["1 or 2 output columns", "multiclass"]),
    "two columns, three classes": (
        lambda d: module(module=linear(2), y_test=Y3, task="multiclass"), SubjectError, ["3 output columns", "got 2"]),
    "logits called probabilities": (
        lambda d: module(module=Odd(lambda a: a[:, :1] * 9), output="probabilities"), SubjectError,
        ["output = 'logits'"]),
    "labels that are no class": (
        lambda d: function(lambda a: np.full(len(a), 7), output="labels"), SubjectError, ["the model's output", "7"]),
    "scores called labels": (lambda d: function(half, output="labels"), SubjectError, ["the model's output", "0.5"]),
    "module on another device": (lambda d: module(module=linear().to("meta")), SubjectError, ["meta", "load them"]),
    "module on two devices": (
        lambda d: module(module=torch.nn.Sequential(linear(3), linear(1).to("meta"))), SubjectError, ["cpu and meta"]),
    "encode is no function": (lambda d: module(encode="nets:encode"), SubjectError, ["encode", "str"]),
    "encode returns text": (lambda d: module(X_test=FRAME, encode=lambda f: "x"), SubjectError, ["array from encode"]),
    # stored predictions
    "no predictions": (lambda d: build.from_predictions(Y), SubjectError, ["prediction or a score"]),
    "no stored rows": (
        lambda d: build.from_predictions([], [], task="binary", classes=[0, 1]), SubjectError, ["at least one"]),
    "predictions too short": (lambda d: build.from_predictions(Y, Y[:-1]), SubjectError, ["39 values", "40"]),
    "scores too short": (lambda d: build.from_predictions(Y, Y, score=X[1:, 0] * 0), SubjectError, ["40 scores", "39"]),
    "scores that are logits": (lambda d: build.from_predictions(Y, score=X[:, 0] * 9), SubjectError, ["sigmoid"]),
    "missing scores": (lambda d: build.from_predictions(Y, score=[None] * N), SubjectError, ["scores"]),
    "predicted label unknown": (
        lambda d: build.from_predictions(Y, changed(Y, 0, 9), classes=["no", "yes"]), SubjectError, ["9"]),
    "a score for a regression": (
        lambda d: build.from_predictions(X[:, 0], score=X[:, 0], task="regression"), SubjectError, ["prediction"]),
    "an encode without a model": (
        lambda d: build.from_predictions(Y, Y, encode=half), SubjectError, ["no encode"]),
    # the subject file
    "nothing there": (lambda d: load(str(d / "none.toml")), SubjectError, ["nothing at"]),
    "folder without a subject file": (lambda d: load(str(d)), SubjectError, ["subject.toml", "none"]),
    "unknown sample": (lambda d: load("sample:credot"), SubjectError, ["'credot'"]),
    "not a toml": (lambda d: with_bytes(d, "m.pt", b"") or load(str(d / "m.pt")), SubjectError, ["TOML"]),
    "broken toml": (lambda d: opened(d, top="task = \n"), SubjectError, ["as TOML", "line 1"]),
    "brackets without end": (lambda d: opened(d, top="task = " + "[" * 5000), SubjectError, ["nested too deep"]),
    "several mistakes at once": (
        lambda d: opened(d, top='task = "binray"\ncolour = 1\n', model=MODEL + "threshold = 2\n"), SubjectError,
        ["3 mistakes", "task", "colour", "model.threshold"]),
    "unknown key": (
        lambda d: opened(d, model=MODEL.replace("output", "outptu")), SubjectError, ["model.outptu", "'output'"]),
    "no data": (lambda d: opened(d, data=""), SubjectError, ["data (missing)"]),
    "weight in the file": (lambda d: opened(d, data=DATA + 'weight = "a"\n'), SubjectError, ["data.weight"]),
    "neither model nor predictions": (lambda d: opened(d, model=""), SubjectError, ["[model]", "neither"]),
    "both model and predictions": (
        lambda d: opened(d, data=DATA + 'prediction = "a"\n'), SubjectError, ["both", "Remove"]),
    "no target named": (
        lambda d: opened(d, data='[data]\ntest = "test.parquet"\n'), SubjectError, ["target", "a, b, c, y"]),
    "target absent": (
        lambda d: opened(d, data=DATA.replace('"y"', '"yy"')), SubjectError, ["target column 'yy'", "'y'"]),
    "data absent": (lambda d: opened(d, data=DATA.replace("test.parquet", "t.csv")), SubjectError, ["'t.csv'"]),
    "data of another format": (
        lambda d: opened(d, data=DATA.replace("test.parquet", "t.xlsx")), SubjectError, ["parquet, csv or npz"]),
    "pickled data": (
        lambda d: opened(d, data=DATA.replace("test.parquet", "t.pkl")), RefusedError, ["pickled data is never read"]),
    "corrupt parquet": (lambda d: with_bytes(d, "test.parquet", b"PAR1"), SubjectError, ["parquet", "Arrow"]),
    "empty csv": (
        lambda d: with_bytes(d, "t.csv", b"", data=DATA.replace("test.parquet", "t.csv")), SubjectError, ["csv"]),
    "csv with duplicate columns": (
        lambda d: with_bytes(d, "t.csv", b"a,a,y\n1,2,0\n", data=DATA.replace("test.parquet", "t.csv")), SubjectError,
        ["duplicates: 'a'"]),
    "csv that is not utf-8": (
        lambda d: with_bytes(d, "t.csv", b"\xff\xfea,y\n", data=DATA.replace("test.parquet", "t.csv")), SubjectError,
        ["csv", "UTF-8"]),
    "csv with a header only": (
        lambda d: with_bytes(d, "t.csv", b"a,b,c,y\n", data=DATA.replace("test.parquet", "t.csv")), SubjectError,
        ["at least one row"]),
    "csv with more fields than its header": (
        lambda d: with_bytes(d, "t.csv", b"a,b,c,y\n9,1,2,3,0\n9,1,2,3,1\n",
                             data=DATA.replace("test.parquet", "t.csv")),
        SubjectError, ["4 fields in each row", "5 in the first row"]),
    "csv with a longer row below": (
        lambda d: with_bytes(d, "t.csv", b"a,b,c,y\n1,2,3,0\n9,1,2,3,1\n",
                             data=DATA.replace("test.parquet", "t.csv")), SubjectError, ["line 3"]),
    "npz of objects": (
        lambda d: with_npz(d, {"X": X, "y": np.array(["a", None] * (N // 2), dtype=object)}), SubjectError,
        ["astype(str)"]),
    "npz without X": (lambda d: with_npz(d, {"x": X[:, 0], "y": Y}), SubjectError, ["array X", "keys x, y"]),
    "npz without y": (lambda d: with_npz(d, {"X": X}), SubjectError, ["target column 'y'"]),
    "group column absent from the file": (
        lambda d: opened(d, data=DATA + '[groups]\ncolumns = ["sex"]\n'), SubjectError, ["group column 'sex'"]),
    "regions absent": (lambda d: opened(d, data=DATA + 'regions = "r.npz"\n'), SubjectError, ["'r.npz'", "regions"]),
    "regions beside a table": (
        lambda d: with_regions(d, face=np.zeros((N, 4, 4))), SubjectError,
        ["regions beside images", "Leave regions out"]),
    "regions in no npz": (
        lambda d: with_bytes(d, "r.png", b"", data=DATA + 'regions = "r.png"\n'), SubjectError, ["npz", "'r.png'"]),
    "regions in a broken npz": (
        lambda d: with_bytes(d, "r.npz", b"PK", data=DATA + 'regions = "r.npz"\n'), SubjectError, ["npz", "'r.npz'"]),
    "no regions in the npz": (
        lambda d: with_regions(d), SubjectError, ["an array for each region", "none"]),
    "regions as an array": (lambda d: pictures(np.zeros((N, 4, 4))), SubjectError, ["{name: masks}", "ndarray"]),
    "regions of other rows": (
        lambda d: pictures({"face": np.zeros((3, 4, 4))}), SubjectError, ["(40, 4, 4)", "'face'", "(3, 4, 4)"]),
    "regions with a channel": (
        lambda d: pictures({"face": np.zeros((N, 1, 4, 4))}), SubjectError, ["(40, 1, 4, 4)", "masks[:, 0]"]),
    "soft regions": (
        lambda d: pictures({"face": np.full((N, 4, 4), 0.5)}), SubjectError, ["'face'", "0.5", "masks > 0.5"]),
    "regions of NaN": (lambda d: pictures({"face": np.full((N, 4, 4), np.nan)}), SubjectError, ["'face'", "nan"]),
    "regions of text": (lambda d: pictures({"face": np.full((N, 4, 4), "a")}), SubjectError, ["values of type"]),
    "region without a name": (lambda d: pictures({"": np.zeros((N, 4, 4))}), SubjectError, ["a name", "empty"]),
    "region with a NUL": (lambda d: pictures({"a\0": np.zeros((N, 4, 4))}), SubjectError, ["NUL"]),
    "declared column absent": (
        lambda d: opened(d, data=DATA + "[features.income]\nmutable = false\n"), SubjectError, ["features.income"]),
    # code and weights
    "factory not allowed": (
        lambda d: opened(d, allow=False), RefusedError, ["--allow-code", "'nets:build'"]),
    "factory from the standard library": (
        lambda d: opened(d, MODEL.replace("nets:build", "os:getcwd"), allow=False), RefusedError, ["--allow-code"]),
    "factory absent": (lambda d: opened(d, MODEL.replace(":build", ":biuld")), SubjectError, ["'biuld'", "'build'"]),
    "factory in no module": (
        lambda d: opened(d, MODEL.replace("nets:", "networks:")), SubjectError, ["no module 'networks'"]),
    "factory misspelled": (
        lambda d: opened(d, MODEL.replace("nets:build", "nets.build")), SubjectError, ["module.path:function"]),
    "factory is no function": (
        lambda d: opened(d, MODEL.replace(":build", ":constant")), SubjectError, ["to be a function", "int"]),
    "factory fails": (
        lambda d: opened(d, MODEL.replace(":build", ":fails")), SubjectError, ["ValueError: no such layer"]),
    "factory exits": (lambda d: opened(d, MODEL.replace(":build", ":exits")), SubjectError, ["SystemExit: 0"]),
    "module that exits when imported": (
        lambda d: with_bytes(d, "gone.py", b"raise SystemExit(0)", model=MODEL.replace("nets:", "gone:")),
        SubjectError, ["importing 'gone' raised SystemExit: 0"]),
    "encode exits": (lambda d: opened(d, MODEL + 'encode = "nets:exits"\n'), SubjectError, ["SystemExit: 0"]),
    "factory returns a number": (
        lambda d: opened(d, MODEL.replace(":build", ":wrong")), SubjectError, ["torch.nn.Module", "int"]),
    "factory returns no estimator": (
        lambda d: opened(d, '[model]\nkind = "sklearn"\nfactory = "nets:wrong"\n'), SubjectError, ["fitted estimator"]),
    "module that does not import": (
        lambda d: with_bytes(d, "broken.py", b"import nothing_of_that_name", model=MODEL.replace("nets:", "broken:")),
        SubjectError, ["ModuleNotFoundError"]),
    "allowed folder absent": (
        lambda d: load("sample:credit", allow_code=[str(d / "none")]), SubjectError, ["--allow-code"]),
    "encode fails": (
        lambda d: opened(d, MODEL + 'encode = "nets:bad_encode"\n'),
        SubjectError, ["encode raised KeyError: 'income'"]),
    "encode drops rows": (
        lambda d: opened(d, MODEL + 'encode = "nets:short"\n'), SubjectError, ["2 rows from encode", "(1, 3)"]),
    "encode shares out too little": (
        lambda d: opened(d, MODEL + 'encode = "nets:blurred"\n'), SubjectError, ["columns 0 to 2"]),
    "no factory and no file": (
        lambda d: opened(d, '[model]\nkind = "torch"\noutput = "logits"\n'), SubjectError, ["factory or a file"]),
    "weights without a factory": (
        lambda d: save_file({"w": torch.zeros(1)}, d / "w.safetensors")
        or opened(d, '[model]\nkind = "torch"\noutput = "logits"\nfile = "w.safetensors"\n'),
        SubjectError, ["factory"]),
    "weights absent": (lambda d: opened(d, MODEL + 'file = "w.safetensors"\n'), SubjectError, ["'w.safetensors'"]),
    "weights missing one": (
        lambda d: with_weights(d, {"weight": torch.zeros(1, 3)}), SubjectError, ["missing 'bias'"]),
    "weights with one more": (
        lambda d: with_weights(d, {"weight": torch.zeros(1, 3), "bias": torch.zeros(1), "w": torch.zeros(1)}),
        SubjectError, ["unexpected 'w'"]),
    "weights of another shape": (
        lambda d: with_weights(d, {"weight": torch.zeros(1, 4), "bias": torch.zeros(1)}), SubjectError,
        ["weight (1, 4) instead of (1, 3)"]),
    "weights that are not safetensors": (
        lambda d: with_bytes(d, "w.safetensors", b"PK\x03\x04", model=MODEL + 'file = "w.safetensors"\n'), SubjectError,
        ["SafetensorError"]),
    "pickled module": (
        lambda d: with_bytes(d, "m.pt", b"x", model=MODEL + 'file = "m.pt"\n'), RefusedError, ["--trust-pickle"]),
    "exported program": (
        lambda d: with_bytes(d, "m.pt2", b"x", model=MODEL + 'file = "m.pt2"\n'), RefusedError, ["--trust-pickle"]),
    "joblib estimator": (
        lambda d: with_bytes(d, "m.joblib", b"x", model='[model]\nkind = "sklearn"\nfile = "m.joblib"\n'), RefusedError,
        ["--trust-pickle", "factory"]),
    "trusted pickle that is broken": (
        lambda d: with_bytes(
            d, "m.joblib", b"x", model='[model]\nkind = "sklearn"\nfile = "m.joblib"\n', trust_pickle=True),
        SubjectError, ["unpickle"]),
    "onnx": (
        lambda d: with_bytes(d, "m.onnx", b"x", model=MODEL + 'file = "m.onnx"\n'),
        SubjectError, ["kind = 'function'", "kind = 'torch'"]),
    "weights of no known format": (
        lambda d: with_bytes(d, "m.xyz", b"x", model=MODEL + 'file = "m.xyz"\n'), SubjectError, ["safetensors"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_one_clear_message(name: str, tmp_path: Path) -> None:
    happens, error, words = CASES[name]
    with pytest.raises(error) as caught:
        happens(tmp_path)
    assert type(caught.value) is error
    message = str(caught.value)
    assert message.startswith("Expected ")
    assert caught.value.expected
    assert caught.value.got
    assert caught.value.advice.endswith((".", ")", "?", "DIR", "]", '"')), message
    assert "Traceback" not in message
    for word in words:
        assert word in message


def test_the_table_is_long_enough() -> None:
    assert len(CASES) >= 60


def test_a_later_call_that_exits_is_an_error_and_an_interrupt_passes() -> None:
    for error, expected in ((SystemExit(0), SubjectError), (KeyboardInterrupt(), KeyboardInterrupt)):

        def answer(inputs: Any, error: BaseException = error) -> Any:
            raise error

        calls = Calls(build.from_function(answer, X, Y))
        with pytest.raises(expected):
            calls.forward(X)

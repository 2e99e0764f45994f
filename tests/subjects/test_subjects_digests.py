"""Digests: equal for the same thing made twice, different for whatever changes a number, None where nobody can tell."""

from __future__ import annotations

import functools
import pickle
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from auditnn.core.hashing import unconfirmed
from auditnn.subjects import build
from auditnn.subjects.card import card
from auditnn.subjects.contents import contents_digest

N = 40
X = np.random.default_rng(3).normal(size=(N, 3))
Y = (X[:, 0] > 0).astype(int)
FRAME = pd.DataFrame(X, columns=["a", "b", "c"])
SEX = np.where(np.arange(N) % 2, "f", "m")
SCALE = {"by": 2.0}


def linear(**keys: Any) -> torch.nn.Linear:
    torch.manual_seed(0)
    return torch.nn.Linear(3, 1, **keys)


def network(forward: Callable[..., Any], **held: Any) -> torch.nn.Module:
    """A module of a class that is always called Net, with this forward."""
    kind = type("Net", (torch.nn.Module,), {"forward": forward, "__qualname__": "Net"})
    module: torch.nn.Module = kind()
    module.inner = linear()
    for name, value in held.items():
        setattr(module, name, value)
    return module


def once(self: Any, x: torch.Tensor) -> Any:
    return self.inner(x)


def negated(self: Any, x: torch.Tensor) -> Any:
    return -self.inner(x)


def scaled(values: Any) -> Any:
    return np.asarray(values) * SCALE["by"]


def same(values: Any) -> Any:
    return np.asarray(values, dtype=np.float32)


def halved(values: Any) -> Any:
    return np.asarray(values, dtype=np.float32) / 2


def through(function: Callable[[Any], Any], values: Any) -> Any:
    return function(values)


def adding(number: float) -> Callable[[Any], Any]:
    return lambda values: values + number


class Cut(ClassifierMixin, BaseEstimator):
    """A classifier of the user's own."""

    def __init__(self, at: float = 0.0) -> None:
        self.at = at
        self.classes_ = np.array([0, 1])

    def predict(self, values: Any) -> Any:
        return (np.asarray(values)[:, 0] > self.at).astype(int)


def meaning(**keys: Any) -> str | None:
    y = keys.pop("y", Y)
    made = {"task": "binary", "output": "logits", "groups": {"sex": SEX}, **keys}
    return build.from_torch(linear(), FRAME, y, **made).digests["meaning"]


@pytest.mark.parametrize(
    "changed",
    [
        {"threshold": 0.3},
        {"favorable": 0},
        {"positive": 0},
        {"output": "probabilities"},
        {"classes": ["no", "yes"]},
        {"reference": {"sex": "f"}},
        {"control": ["sex"]},
        {"groups": {}},
        {"groups": {"gender": SEX}},
        {"groups": {"sex": X[:, 1]}, "bands": {"sex": [0.0]}},
        {"groups": {"sex": X[:, 1]}, "bands": {"sex": [0.1]}},
        {"groups": {"sex": SEX, "half": np.arange(N) < 20}},
        {"groups": {"sex": SEX, "half": np.arange(N) < 20}, "intersections": [["sex", "half"]]},
        {"units": {"ab": ["a", "b"]}},
        {"features": {"a": {"mutable": False}}},
        {"features": {"a": {"bounds": [-9, 9]}}},
        {"encode": same},
        {"encode": halved},
        {"y": Y.astype(bool)},
    ],
    ids=lambda changed: " ".join(map(str, changed)),
)
def test_the_meaning_changes_with_every_declaration(changed: dict[str, Any]) -> None:
    assert meaning() == meaning() is not None
    assert meaning(**changed) == meaning(**changed) is not None
    assert meaning(**changed) != meaning()


def test_encoders_are_told_apart_by_what_they_do() -> None:
    assert meaning(encode=same) != meaning(encode=halved)
    assert meaning(encode=functools.partial(through, same)) != meaning(encode=functools.partial(through, halved))


def test_the_meaning_is_on_the_card_and_neither_names_nor_storage_change_it() -> None:
    subject = build.from_torch(linear(), FRAME, Y, task="binary", output="logits", groups={"sex": SEX})
    assert card(subject)["digests"]["meaning"] == subject.digests["meaning"] == meaning(name="x", store_rows="none")
    assert set(build.from_predictions(Y, Y, task="binary").digests) == {"data", "meaning"}


def test_modules_of_one_name_are_told_apart_by_their_forward() -> None:
    assert contents_digest(network(once)) == contents_digest(network(once)) is not None
    assert contents_digest(network(once)) != contents_digest(network(negated))


def test_modules_are_told_apart_by_what_is_no_parameter() -> None:
    found = [
        network(once),
        network(once, factor=2.0),
        network(once, factor=3.0),
        network(once, table={"a": np.arange(3)}),
        network(once, table={"a": np.arange(1, 4)}),
        network(once, fixed=torch.zeros(2)),
        network(once, fixed=torch.ones(2)),
        network(once, act=torch.nn.functional.relu),
        network(once, act=torch.tanh),
        linear(),
        linear(dtype=torch.float64),
        linear(dtype=torch.bfloat16),
        linear(bias=False),
        torch.nn.LeakyReLU(0.1),
        torch.nn.LeakyReLU(0.2),
        torch.nn.Sequential(OrderedDict(a=torch.nn.ReLU(), b=torch.nn.Tanh())),
        torch.nn.Sequential(OrderedDict(b=torch.nn.Tanh(), a=torch.nn.ReLU())),
    ]
    digests = [contents_digest(module) for module in found]
    assert None not in digests
    assert len(set(digests)) == len(found)


def test_hooks_count_and_modes_and_gradient_flags_do_not() -> None:
    module = linear()
    first = contents_digest(module)
    hook = module.register_forward_hook(lambda module, inputs, output: 2 * output)
    assert contents_digest(module) != first
    hook.remove()
    assert contents_digest(module) == first
    assert contents_digest(module.eval().requires_grad_(False)) == first


def test_functions_are_told_apart_by_source_closure_globals_and_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = lambda x: x + 1, lambda x: x + 2
    assert contents_digest(first) != contents_digest(second)
    assert contents_digest(adding(1)) == contents_digest(adding(1)) != contents_digest(adding(2))
    before = contents_digest(scaled)
    assert contents_digest(scaled) == before
    monkeypatch.setitem(SCALE, "by", 3.0)
    assert contents_digest(scaled) != before


def test_code_without_source_is_told_apart_by_its_bytecode() -> None:
    def defined(text: str) -> Any:
        space: dict[str, Any] = {}
        exec(text, space)  # as in an interactive session
        return space["f"]

    assert contents_digest(defined("def f(x): return x + 1")) == contents_digest(defined("def f(x): return x + 1"))
    assert contents_digest(defined("def f(x): return x + 1")) != contents_digest(defined("def f(x): return x + 2"))


def test_what_a_function_reaches_through_another_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    def outer(values: Any) -> Any:
        return [scaled(one) for one in values]

    before = contents_digest(outer)
    monkeypatch.setitem(SCALE, "by", 3.0)
    assert contents_digest(outer) != before


def test_bound_methods_are_those_of_their_object() -> None:
    low, high = LogisticRegression(C=0.01).fit(X, Y), LogisticRegression(C=10).fit(X, Y)
    digests = {contents_digest(one) for one in (low.predict, low.predict_proba, high.predict_proba)}
    assert len(digests) == 3
    assert contents_digest(LogisticRegression(C=10).fit(X, Y).predict_proba) in digests


def test_estimators_are_told_apart_by_state_and_by_the_functions_in_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def pipeline(function: Any) -> Any:
        return make_pipeline(FunctionTransformer(function), LogisticRegression()).fit(X, Y)

    assert contents_digest(pipeline(np.tanh)) != contents_digest(pipeline(np.sinh))
    assert contents_digest(pipeline(same)) != contents_digest(pipeline(scaled))
    assert contents_digest(Cut()) == contents_digest(Cut()) != contents_digest(Cut(0.5))
    before = contents_digest(Cut())
    monkeypatch.setattr(Cut, "predict", lambda self, values: np.zeros(len(values), int))
    assert contents_digest(Cut()) != before


def test_a_model_read_from_a_file_is_the_one_that_was_written() -> None:
    pipeline = make_pipeline(FunctionTransformer(same), LogisticRegression()).fit(FRAME, Y)
    for model in (pipeline, Cut(0.25), torch.nn.Sequential(linear(), torch.nn.ReLU())):
        assert contents_digest(pickle.loads(pickle.dumps(model))) == contents_digest(model)
    values = np.arange(12.0).reshape(3, 4)
    assert contents_digest([values]) == contents_digest([np.asfortranarray(values)]) != contents_digest([values.T])


def test_what_cannot_be_told_confirms_nothing() -> None:
    lock = threading.Lock()
    subject = build.from_function(lambda values: same(values)[:, 0] * 0 + (0.5 if lock else 0), X, Y)
    assert subject.digests["model"] is None
    assert unconfirmed(subject.digests, subject.digests) == ("model",)
    assert contents_digest(torch.nn.Linear(3, 1, device="meta")) is None
    assert (
        contents_digest(torch.sparse_coo_tensor(torch.tensor([[0]]), torch.tensor([1.0]), (2,), check_invariants=True))
        is None
    )


def test_digests_that_show_the_same() -> None:
    first = build.from_torch(linear(), X, Y, task="binary", output="logits").digests
    assert unconfirmed(first, dict(first)) == ()
    assert unconfirmed(first, {**first, "data": "sha256:0"}) == ("data",)
    assert unconfirmed(first, {"data": first["data"]}) == ("model", "meaning")


def test_what_is_declared_and_not_used_is_said() -> None:
    subject = build.from_predictions(
        Y, Y, task="binary", favorable=1, groups={"sex": SEX}, control=["sex"], costs={"false_positive": 2}
    )
    told = card(subject)["notes"]
    assert told[0].startswith("control is recorded but no analyzer uses it yet")
    assert told[1].startswith("costs are recorded but no analyzer uses them yet")
    assert build.from_predictions(Y, Y, task="binary", favorable=1).notes == ()

"""Small subjects of every kind that an analyzer may meet, built once each."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from auditnn.core.subject import Subject
from auditnn.subjects.build import from_function, from_predictions, from_sklearn, from_torch

ROWS = 240


def groups(rng: np.random.Generator, n: int = ROWS) -> dict[str, Any]:
    """Two attributes: one common, one with a rare and a missing level."""
    region = rng.choice(np.array(["north", "south", "<b>ü</b>", None], dtype=object), n, p=[0.6, 0.3, 0.05, 0.05])
    return {"groups": {"sex": rng.choice(["f", "m"], n), "region": region}, "intersections": [["sex", "region"]]}


def binary_torch() -> Subject:
    """A module given in training mode, with logits and training rows, and no groups."""
    import torch

    rng = np.random.default_rng(0)
    torch.manual_seed(0)
    X = rng.normal(size=(2 * ROWS, 4)).astype(np.float32)
    y = (X[:, 0] + rng.normal(size=2 * ROWS) > 0.5).astype(int)
    module = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Dropout(0.2), torch.nn.Linear(8, 1))
    train = (X[ROWS:], y[ROWS:])
    return from_torch(module, X[:ROWS], y[:ROWS], output="logits", train=train, favorable=0, name="binary torch")


def binary_frame() -> Subject:
    """A pipeline over a data frame of mixed kinds, string labels, groups and an intersection."""
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"income": rng.normal(size=ROWS), "city": rng.choice(["a", "b", "c"], ROWS), "one": 1})
    y = np.where(frame["income"] + rng.normal(size=ROWS) > 0, "good", "bad")
    encode = make_column_transformer((OneHotEncoder(), ["city"]), remainder="passthrough")
    fitted = make_pipeline(encode, LogisticRegression()).fit(frame, y)
    return from_sklearn(fitted, frame, y, positive="bad", favorable="good", name="binary frame", **groups(rng))


def multiclass_sklearn() -> Subject:
    """A forest on four named classes of unequal size, with one group attribute."""
    from sklearn.ensemble import RandomForestClassifier

    rng = np.random.default_rng(2)
    y = rng.choice(4, 2 * ROWS, p=[0.5, 0.3, 0.15, 0.05])
    X = rng.normal(size=(2 * ROWS, 3)) + np.eye(4)[y][:, :3]
    names = np.array(["oak", "elm", "ash", "fir"])[y]
    fitted = RandomForestClassifier(5, random_state=0).fit(X[ROWS:], names[ROWS:])
    return from_sklearn(fitted, X[:ROWS], names[:ROWS], name="multiclass sklearn", groups={"plot": y[:ROWS] % 2})


def regression_function() -> Subject:
    """A plain function with missing inputs, groups and training rows."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(2 * ROWS, 2))
    y = 10 * X[:, 0] + rng.normal(size=2 * ROWS)
    X[rng.random(X.shape) < 0.02] = np.nan
    return from_function(
        lambda x: 9 * np.nan_to_num(np.asarray(x))[:, 0], X[:ROWS], y[:ROWS], task="regression", output="values",
        train=(X[ROWS:], y[ROWS:]), name="regression function", groups={"site": rng.choice(["p", "q", "r"], ROWS)},
    )  # fmt: skip


def stored_predictions() -> Subject:
    """No model: predictions, scores and groups only."""
    rng = np.random.default_rng(4)
    y = rng.integers(0, 2, ROWS)
    score = np.clip(rng.normal(0.35 + 0.3 * y, 0.2), 0, 1)
    return from_predictions(y, None, score, task="binary", favorable=1, name="stored predictions", **groups(rng))


def stored_outcomes() -> Subject:
    """No labels, no scores, no rows: what was decided, by group."""
    rng = np.random.default_rng(5)
    decided = rng.integers(0, 2, ROWS)
    return from_predictions(None, decided, task="binary", favorable=1, name="stored outcomes", **groups(rng))


def images_torch() -> Subject:
    """A small convolutional network on three classes of 8 x 8 images, with a region that is in a third of them."""
    import torch

    rng = np.random.default_rng(6)
    torch.manual_seed(0)
    y = np.concatenate([[0, 1, 2], rng.integers(0, 3, 57)])
    pixels = np.clip(rng.random((60, 1, 8, 8)) * 0.5 + y[:, None, None, None] / 4, 0, 1).astype(np.float32)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(),
        torch.nn.Linear(4, 3), torch.nn.Softmax(dim=1),
    ).eval()  # fmt: skip
    middle, corner = np.zeros((60, 8, 8), dtype=bool), np.zeros((60, 8, 8), dtype=bool)
    middle[:, 2:6, 2:6], corner[::3, :2, :2] = True, True
    return from_torch(
        network, pixels, y, output="probabilities", modality="image", name="images torch",
        regions={"object": middle, "corner": corner},
    )  # fmt: skip


def constant_labels() -> Subject:
    """A function that gives one label for every row, on two rows."""
    X = np.array([[1.0], [2.0]])
    return from_function(
        lambda x: np.zeros(len(x), int), X, [0, 1], task="binary", output="labels", name="constant labels",
        groups={"one": ["a", "b"]},
    )  # fmt: skip


def one_row() -> Subject:
    """All the data there is: one row."""
    return from_predictions([1], [0], [0.3], task="binary", classes=[0, 1], name="one row", groups={"sex": ["f"]})


BUILDERS: dict[str, Callable[[], Subject]] = {
    builder.__name__: builder
    for builder in (
        binary_torch, binary_frame, multiclass_sklearn, regression_function, stored_predictions, stored_outcomes,
        images_torch, constant_labels, one_row,
    )
}  # fmt: skip


@cache
def built(name: str) -> Subject:
    """The subject of this name; always the same object."""
    return BUILDERS[name]()

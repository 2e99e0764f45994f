"""Shapley values: closed forms, planted rows, and what must stay out of a run folder."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from one_analyzer import Answers, answers

from auditnn.analyzers.catalog import load_catalog
from auditnn.core.errors import SettingsError
from auditnn.core.exhibit import Exhibit
from auditnn.core.subject import Subject
from auditnn.runner import run
from auditnn.subjects.build import from_function, from_torch

ID = "explanation.shapley_values"
WEIGHTS = np.array([2.0, -1.0, 0.5, 0.0])


def inputs(n: int = 120, d: int = 4, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d))


def linear(x: np.ndarray) -> np.ndarray:
    return np.asarray(x) @ WEIGHTS + 3.0


def line(**keywords: Any) -> Subject:
    X, background = inputs(), inputs(60, seed=1)
    keywords = {"features": list("abcd"), "train": (background, linear(background)), **keywords}
    return from_function(linear, X, linear(X) + 1.0, task="regression", output="values", **keywords)


def classes(k: int = 3, d: int = 4, n: int = 90, **keywords: Any) -> Subject:
    """Softmax regression as a module, with k logits."""
    import torch

    torch.manual_seed(0)
    module = torch.nn.Linear(d, k)
    X = inputs(n, d).astype(np.float32)
    y = (module(torch.from_numpy(X)).argmax(1).numpy() + (np.arange(n) % 7 == 0)) % k
    return from_torch(module, X, y, output="logits", task="multiclass", classes=list(range(k)), **keywords)


def named(found: Answers, name: str, **pairs: str) -> list[Exhibit]:
    wanted = set(pairs.items())
    return [one for one in found.all_exhibits if one.id == f"{ID}/{name}" and wanted <= set(one.slice.items())]


def test_values_and_mean_sizes_of_a_linear_model() -> None:
    subject = line()
    found = answers(subject, ID)
    rows, values = found.arrays["rows"].data, found.arrays["values"]
    assert subject.test.rows is not None
    assert subject.train is not None
    X = np.column_stack([subject.test.rows.columns[name] for name in "abcd"])[rows]  # type: ignore[attr-defined]
    center = np.mean([subject.train.rows.columns[name] for name in "abcd"], axis=1)  # type: ignore[union-attr]
    expected = WEIGHTS * (X - center)
    np.testing.assert_allclose(values.data[:, :, 0], expected, atol=1e-5)
    np.testing.assert_allclose(found.arrays["base"].data[:, 0], 3.0 + WEIGHTS @ center, atol=1e-5)
    assert values.coords == {"unit": tuple("abcd"), "class": ("value",)}
    assert values.base == f"{ID}/base"
    for at, name in enumerate("abcd"):
        size = np.abs(expected[:, at])
        one = found["mean_abs_value", name]
        assert one.value == pytest.approx(size.mean(), rel=1e-6, abs=1e-9)
        assert one.n == len(rows)
        assert one.high == pytest.approx(size.mean() + 1.98 * size.std(ddof=1) / np.sqrt(len(size)), rel=0.02, abs=1e-9)
    assert found.value("additivity_error") < 1e-9
    assert found.value("mean_abs_value", "d") == pytest.approx(0.0, abs=1e-12)


def test_every_class_of_a_module_adds_up_to_its_logit() -> None:
    subject = classes()
    found = answers(subject, ID)
    values, base = found.arrays["values"], found.arrays["base"]
    assert values.coords["class"] == ("0", "1", "2")
    assert subject.model is not None
    assert subject.encoder is not None
    assert subject.test.rows is not None
    logits = subject.model.forward(subject.encoder(subject.test.rows.take(found.arrays["rows"].data)))
    np.testing.assert_allclose(base.data + values.data.sum(axis=1), logits, atol=1e-4)


def test_only_the_classes_asked_for() -> None:
    found = answers(classes(), ID, classes=("2", "0"))
    assert found.arrays["values"].coords["class"] == ("0", "2")
    assert {one.slice["class"] for one in found.measurements if "class" in one.slice} == {"0", "2"}
    with pytest.raises(SettingsError, match="Its classes are 0, 1, 2"):
        answers(classes(), ID, classes=("3",))


def test_mirrored_classes_are_told_once() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 3))
    subject = from_function(
        lambda x: x[:, 0] - x[:, 1], X, np.where(X[:, 0] > 0, "in", "out"), task="binary", output="logits",
        positive="in",
    )  # fmt: skip
    found = answers(subject, ID)
    assert {one.slice["class"] for one in found.measurements if one.id.endswith("mean_abs_value")} == {"in"}
    assert found.arrays["values"].data.shape[2] == 2


def test_many_features_and_classes_stay_few_measurements() -> None:
    found = answers(classes(12, 14, 300), ID, masks=64, rows=5, background=5)
    measured = [one for one in found.measurements if one.id.endswith("mean_abs_value")]
    assert len({one.slice["class"] for one in measured}) == 10
    wide = answers(classes(3, 40, 300), ID, masks=200, rows=5, background=5)
    per_class = [one for one in wide.measurements if one.slice.get("class") == "0"]
    assert len(per_class) == 30
    (table,) = named(wide, "all_features")
    assert len(table.columns["feature"]) == 3 * 40
    assert "the 30 largest of each class are measurements" in table.summary


@pytest.mark.parametrize("kind", ["ignores", "constant feature", "one background row", "twins", "one row"])
def test_odd_models_and_data_give_numbers_or_reasons(kind: str) -> None:
    X, model, background = inputs(50, 3), (lambda x: x[:, 0] * x[:, 1]), inputs(20, 3, 1)
    if kind == "ignores":
        model = lambda x: np.full(len(x), 0.1)  # noqa: E731
    elif kind == "constant feature":
        X[:, 2] = background[:, 2] = 1.0
    elif kind == "one background row":
        background = background[:1]
    elif kind == "twins":
        X[:, 2], background[:, 2] = X[:, 0], background[:, 0]
        model = lambda x: x[:, 0] + x[:, 2] + x[:, 1]  # noqa: E731
    else:
        X = X[:1]
    train = (background, np.zeros(len(background)))
    subject = from_function(model, X, np.zeros(len(X)), task="regression", output="values", train=train)
    found = answers(subject, ID)
    for one in found.measurements:
        assert one.value is None or np.isfinite([one.value, one.low, one.high]).all()
        assert one.value is not None or one.reason
    assert found.value("additivity_error") < 1e-9
    sizes = {one.slice["feature"]: one for one in found.measurements if "feature" in one.slice}
    names = list(sizes)
    if kind == "ignores":
        assert max(one.high or 0.0 for one in sizes.values()) < 1e-12
    elif kind == "constant feature":
        assert sizes[sorted(names)[2]].value == pytest.approx(0.0, abs=1e-12)
    elif kind == "twins":
        assert sizes[sorted(names)[0]].value == pytest.approx(sizes[sorted(names)[2]].value)
    elif kind == "one row":
        assert {one.interval_method for one in sizes.values()} == {"exact"}


def scored(n: int = 60) -> Subject:
    """Probabilities that are written in the first column, so that telling rows are known."""
    p = np.linspace(0.02, 0.97, n)
    y = (p > 0.5).astype(int)
    y[5] = 1  # predicted 0 with 0.90
    y[20] = 1  # and less surely
    X = np.column_stack([p, np.zeros(n)])
    return from_function(
        lambda x: np.asarray(x)[:, 0], X, y, task="binary", output="probabilities", features=["p", "nothing"],
        store_rows="all",
    )  # fmt: skip


def test_telling_rows_are_the_planted_ones() -> None:
    subject = scored()
    found = answers(subject, ID, rows=60)
    told = {one.title.split(", ", 1)[1]: one.slice["row"] for one in named(found, "waterfall")}
    assert told["the most confident error"] == "5"
    p = np.linspace(0.02, 0.97, 60)
    assert told["nearest the boundary"] == str(int(np.argmin(np.abs(p - 0.5))))
    typical = next(row for why, row in told.items() if why.startswith("typical"))
    common = p[p < 0.5] if (p < 0.5).sum() >= 30 else p[p >= 0.5]
    assert abs(p[int(typical)] - np.median(common)) < 0.02
    unlabelled = replace(subject, test=replace(subject.test, y=None))
    titles = [one.title for one in named(answers(unlabelled, ID, rows=60), "waterfall")]
    assert len(titles) == 2
    assert not any("error" in title for title in titles)


def test_a_waterfall_goes_from_the_base_to_the_output_largest_first() -> None:
    found = answers(classes(3, 14), ID, masks=16_384, rows=8, background=5)
    for one in named(found, "waterfall"):
        start, end, values = (one.columns[name] for name in ("from", "to", "Shapley value"))
        place = found.arrays["rows"].data.tolist().index(int(one.slice["row"]))
        at = found.arrays["values"].coords["class"].index(one.slice["class"])
        assert start[0] == pytest.approx(found.arrays["base"].data[place, at], abs=1e-5)
        expected = found.arrays["base"].data[place, at] + found.arrays["values"].data[place, :, at].sum()
        assert end[-1] == pytest.approx(expected, abs=1e-4)
        assert list(start[1:]) == list(end[:-1])
        assert (np.diff(np.abs(values[:-1])) <= 0).all()
        assert one.columns["feature"][-1] == "5 others together"
        assert len(values) == 10


def test_the_beeswarm_holds_the_values_and_places_of_the_rows() -> None:
    found = answers(line(), ID)
    (swarm,) = named(found, "beeswarm")
    values, rows = found.arrays["values"].data[:, 0, 0], found.arrays["rows"].data
    mine = [i for i, name in enumerate(swarm.columns["feature"]) if name == "a"]
    np.testing.assert_allclose([swarm.columns["Shapley value"][i] for i in mine], values, rtol=1e-4, atol=1e-5)
    assert [swarm.columns["row"][i] for i in mine] == [str(row) for row in rows]
    places = np.array([swarm.columns["place of its value"][i] for i in mine], float)
    assert (places[np.argsort(values)] == np.sort(places)).all()
    assert (places.min(), places.max()) == (0.0, 1.0)
    assert len(named(found, "dependence")) == 3
    assert len(swarm.columns["row"]) <= 2000


def mixed(**keywords: Any) -> Subject:
    frame = pd.DataFrame(
        {"code": np.arange(80) + 7_654_321.0, "city": ["Zyzzogeton", "Xanadu"] * 40, "x": inputs(80, 1)[:, 0]}
    )
    y = frame["x"].to_numpy()
    return from_function(
        lambda rows: rows["x"].to_numpy() + rows["code"].to_numpy() * 1e-3 + (rows["city"] == "Xanadu"), frame, y,
        task="regression", output="values", **keywords,
    )  # fmt: skip


def held(found: Answers) -> str:
    return json.dumps([asdict(one) for one in found.all_exhibits])


def test_values_stand_beside_names_unless_redacted() -> None:
    open_, closed = held(answers(mixed(), ID)), held(answers(mixed(redact=["code", "city"]), ID))
    assert "7,654,3" in open_
    assert "city = " in open_
    for secret in ("7,654,3", "76543", "Zyzzogeton", "Xanadu"):
        assert secret not in closed
    swarm = named(answers(mixed(redact=["code"]), ID), "beeswarm")[0]
    colors = [
        color
        for name, color in zip(swarm.columns["feature"], swarm.columns["place of its value"], strict=True)
        if name == "code"
    ]
    assert colors
    assert set(colors) == {None}


def test_no_row_is_shown_where_none_is_stored() -> None:
    found = answers(line(store_rows="none"), ID)
    assert {one.id.split("/")[1] for one in found.all_exhibits} == {"importance", "method"}


def test_rows_asked_about_are_the_rows_explained() -> None:
    audit = run(line(), [ID], positions=[17])
    values = audit.arrays[f"{ID}/values"].data
    assert values.shape == (1, 4, 1)
    assert audit.arrays[f"{ID}/rows"].data.tolist() == [17]
    sizes = [one for one in audit.measurements if one.id == f"{ID}/mean_abs_value"]
    assert {one.interval_method for one in sizes} == {"exact"}
    assert {one.slice["feature"]: pytest.approx(one.value, abs=1e-5) for one in sizes} == dict(
        zip("abcd", np.abs(values[0, :, 0]).tolist(), strict=True)
    )
    assert [one.slice["row"] for one in audit.exhibits if one.id == f"{ID}/waterfall"] == ["17"]


def test_images_are_shown_with_their_parts() -> None:
    from auditnn.core.png import heat_of

    rng = np.random.default_rng(0)
    pixels = rng.random((40, 1, 8, 8)).astype(np.float32)

    def corner(x: np.ndarray) -> np.ndarray:
        return 0.25 + 0.5 * np.asarray(x)[:, 0, :2, :2].mean(axis=(1, 2))

    subject = from_function(
        corner, pixels, (pixels[:, 0, :2, :2].mean(axis=(1, 2)) > 0.5).astype(int), task="binary",
        output="probabilities", modality="image",
    )  # fmt: skip
    found = answers(subject, ID, rows=6)
    (maps,) = named(found, "maps")
    for heat in maps.columns["values"]:
        painted = heat_of(heat)
        assert np.abs(painted[:2, :2]).min() == 1.0
        assert np.abs(painted[2:]).max() == 0.0
    sizes = {one.slice["feature"]: one.value for one in found.measurements if "feature" in one.slice}
    assert sizes["patch 0"] > 0.01
    assert max(value for name, value in sizes.items() if name != "patch 0") == pytest.approx(0.0, abs=1e-12)
    assert found.arrays["segments"].data.shape == (6, 8, 8)


def test_what_was_done_is_told() -> None:
    told = answers(line(), ID, background=10).exhibit("method")
    lines = dict(zip(told.columns["what"], told.columns["value"], strict=True))
    assert lines["background rows"] == "10"
    assert "seeded sample of the training rows" in lines["background"]
    assert lines["why this one"] in told.summary
    bare = answers(line(train=None), ID).exhibit("method")
    assert "test rows, as there are no training rows" in bare.summary


def test_texts_as_ids_go_through_a_file() -> None:
    subject = line(id=[f"person {i}" for i in range(120)])
    rows = answers(subject, ID).arrays["rows"].data
    assert rows.dtype.kind == "U"


def test_no_more_than_foretold() -> None:
    subject = classes()
    declared = load_catalog()[ID]
    audit = run(subject, [ID], effort="quick")
    record = audit.record(ID)
    assert record is not None
    assert declared.cost is not None
    assert 0 < record.rows_forward <= declared.cost(subject, declared.settings(), "quick", None)

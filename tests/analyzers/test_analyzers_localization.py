"""Localization: models that look at one place by construction are told apart, by behavior and by mass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from one_analyzer import Answers, answers

import auditnn
from auditnn.analyzers.catalog import load_catalog
from auditnn.analyzers.context import Context
from auditnn.core.errors import NotApplicable, SettingsError
from auditnn.core.subject import Subject
from auditnn.runner import run
from auditnn.subjects.build import from_function, from_predictions, from_torch
from auditnn.subjects.calls import Calls
from auditnn.subjects.check import first_predictions

ID = "explanation.localization"
N, SIDE = 40, 12
GROUND = 0.2
OBJECT, MARK = slice(4, 8), slice(0, 2)


def pictures(seed: int = 0) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Plain ground; a bright object in rows of class 1; a bright mark in every second row, whatever its class."""
    y = np.random.default_rng(seed).permutation(np.arange(N) // (N // 2))
    pixels = np.full((N, 1, SIDE, SIDE), GROUND, dtype=np.float32)
    pixels[y == 1, :, OBJECT, OBJECT] = 0.9
    marked = np.arange(N) % 2 == 0
    pixels[marked, :, MARK, MARK] = 1.0
    masks = {"object": np.zeros((N, SIDE, SIDE), dtype=bool), "mark": np.zeros((N, SIDE, SIDE), dtype=bool)}
    masks["object"][:, OBJECT, OBJECT] = True
    masks["mark"][marked, MARK, MARK] = True
    return pixels, y, masks


def looks_at(rows: slice) -> Callable[[np.ndarray], np.ndarray]:
    """Class 1 where that square is brighter than the ground."""
    return lambda pixels: 1.0 / (1.0 + np.exp(-20.0 * (pixels[:, :, rows, rows].mean(axis=(1, 2, 3)) - 0.5)))


def subject(look: Callable[[np.ndarray], np.ndarray], **keywords: Any) -> Subject:
    pixels, y, masks = pictures()
    given: dict[str, Any] = {"task": "binary", "output": "probabilities", "favorable": 1, "regions": masks}
    return from_function(look, pixels, y, **{**given, **keywords})


def linear(weights: np.ndarray, **keywords: Any) -> Subject:
    """One linear layer of these weights (SIDE, SIDE) on the pixels, a logit."""
    pixels, y, masks = pictures()
    layer = torch.nn.Linear(SIDE * SIDE, 1)
    with torch.no_grad():
        layer.weight[:] = torch.tensor(weights.reshape(1, -1))
        layer.bias[:] = -0.1
    module = torch.nn.Sequential(torch.nn.Flatten(), layer).eval()
    given: dict[str, Any] = {"task": "binary", "output": "logits", "favorable": 1, "regions": masks}
    return from_torch(module, pixels, y, **{**given, **keywords})


def measured(found: Answers, name: str, **slice: str) -> Any:
    return next(one for one in found.measurements if one.id == f"{ID}/{name}" and dict(one.slice) == slice)


def test_a_model_that_looks_at_the_mark_alone() -> None:
    """Without the mark each of its 20 rows changes; without anything else none does, and nowhere else."""
    found = answers(subject(looks_at(MARK)), ID, methods=("occlusion",))
    mark, evidence = measured(found, "reliance", region="mark"), measured(found, "evidence_reliance", region="object")
    assert mark.value == 1.0
    assert mark.n == N // 2
    assert mark.high == 1.0
    assert 0.75 < mark.low < 0.95  # twenty rows that all change do not show that every row would
    assert evidence.value == pytest.approx(-0.0, abs=0.05)
    assert evidence.low < 0 < evidence.high


def test_a_model_that_looks_at_the_object_alone() -> None:
    found = answers(subject(looks_at(OBJECT)), ID, methods=("occlusion",))
    mark, evidence = measured(found, "reliance", region="mark"), measured(found, "evidence_reliance", region="object")
    assert abs(mark.value) <= 0.1
    assert mark.low <= 0
    assert evidence.value == pytest.approx(0.5, abs=0.1)  # half of the rows have a bright object to lose


def test_a_model_that_looks_nowhere() -> None:
    found = answers(subject(lambda pixels: np.full(len(pixels), 0.9)), ID, methods=("occlusion",))
    for name, region in (("reliance", "mark"), ("evidence_reliance", "object"), ("output_change", "mark")):
        assert measured(found, name, region=region).value == 0.0
    mass = measured(found, "mass_share", method="occlusion", region="mark")
    assert (mass.status, mass.reason) == ("undefined", "the method gives these images no value at all")


def test_the_interval_of_reliance_is_the_paired_t_interval() -> None:
    found = answers(subject(looks_at(OBJECT)), ID, methods=("occlusion",))
    painted, changed, elsewhere = (found.arrays[name].data[:, 0] for name in ("painted", "changed", "elsewhere"))
    difference = (changed - elsewhere)[painted > 0].astype(float)
    one = measured(found, "evidence_reliance", region="object")
    assert one.value == pytest.approx(difference.mean())
    assert one.basis["se"] == pytest.approx(difference.std(ddof=1) / np.sqrt(N), rel=1e-5)


def test_the_output_change_of_a_linear_model_in_closed_form() -> None:
    """The mark's pixels fall from 1 to the ground, 4 pixels of weight 2: a logit of 4 x 2 x 0.8; elsewhere nothing."""
    weights = np.zeros((SIDE, SIDE), dtype=np.float32)
    weights[MARK, MARK] = 2.0
    one = measured(answers(linear(weights), ID, methods=("gradient",)), "output_change", region="mark")
    assert one.value == pytest.approx(4 * 2.0 * (1.0 - GROUND), rel=1e-5)
    assert one.unit == "logit"


def test_mass_of_a_linear_model_in_closed_form() -> None:
    """The gradient is the weights, so the mass inside is their absolute share, whatever the row."""
    weights = np.random.default_rng(2).normal(size=(SIDE, SIDE)).astype(np.float32)
    found = answers(linear(weights), ID, methods=("gradient", "input_x_gradient"))
    share = np.abs(weights[MARK, MARK]).sum() / np.abs(weights).sum()
    area = 4 / SIDE**2
    assert measured(found, "mass_share", method="gradient", region="mark").value == pytest.approx(share, rel=1e-5)
    assert measured(found, "area_share", region="mark").value == pytest.approx(area)
    ratio = measured(found, "concentration", method="gradient", region="mark")
    assert ratio.value == pytest.approx(share / area, rel=1e-5)
    beyond = measured(found, "distraction", method="gradient", region="mark")
    assert beyond.value == pytest.approx(share - area, rel=1e-4)
    pixels, _, masks = pictures()
    mass = np.abs(weights * pixels[:, 0])
    rows = masks["mark"].any(axis=(1, 2))
    expected = ((mass * masks["mark"]).sum(axis=(1, 2)) / mass.sum(axis=(1, 2)))[rows].mean()
    own = measured(found, "mass_share", method="input_x_gradient", region="mark")
    assert own.value == pytest.approx(expected, rel=1e-4)
    with pytest.raises(StopIteration):
        measured(found, "distraction", method="gradient", region="object")


def test_a_regression_has_output_changes_and_no_share_of_predictions() -> None:
    pixels, _, masks = pictures()
    regression = from_function(
        lambda x: 3.0 * x[:, 0, MARK, MARK].mean(axis=(1, 2)), pixels, np.linspace(0, 1, N), task="regression",
        output="values", regions=masks,
    )  # fmt: skip
    found = answers(regression, ID)
    assert measured(found, "output_change", region="mark").value == pytest.approx(3.0 * (1 - GROUND), rel=1e-5)
    assert measured(found, "output_change", region="mark").unit == "target"
    assert not [one for one in found.measurements if one.id in (f"{ID}/reliance", f"{ID}/evidence_reliance")]


def test_models_without_gradients_are_asked_by_occlusion() -> None:
    found = answers(subject(looks_at(MARK)), ID)
    methods = {one.slice["method"] for one in found.measurements if "method" in one.slice}
    assert methods == {"occlusion"}
    asked = answers(subject(looks_at(MARK)), ID, methods=("gradient", "occlusion"))
    assert "Left out: Gradient (a function model gives no gradients" in asked.all_exhibits[-2].summary


def test_other_regions_may_be_the_evidence() -> None:
    found = answers(subject(looks_at(MARK)), ID, evidence=("mark",), methods=("occlusion",))
    assert measured(found, "evidence_reliance", region="mark").value == 1.0
    assert abs(measured(found, "reliance", region="object").value) <= 0.05
    every = answers(subject(looks_at(MARK)), ID, evidence=("mark", "object"), methods=("occlusion",))
    none = measured(every, "reliance")
    assert (none.status, none.reason) == (
        "not_applicable", "every region is declared to be evidence: none is there that should not decide"
    )  # fmt: skip


def test_what_cannot_be_asked_says_why() -> None:
    pixels, y, masks = pictures()
    with pytest.raises(NotApplicable, match="no regions were given"):
        answers(subject(looks_at(MARK), regions=None), ID)
    empty = {name: np.zeros_like(mask) for name, mask in masks.items()}
    with pytest.raises(NotApplicable, match="every region is empty in all test rows"):
        answers(subject(looks_at(MARK), regions=empty), ID)
    part = answers(subject(looks_at(MARK), regions={**masks, "frame": empty["mark"]}), ID, methods=("occlusion",))
    frame = measured(part, "reliance", region="frame")
    assert (frame.status, frame.reason) == ("undefined", "the region is empty in all test rows")
    table = from_predictions(y, y, task="binary", favorable=1, X_test=pixels.reshape(N, -1))
    stored = from_predictions(y, y, task="binary", favorable=1, X_test=pixels, regions=masks)
    for one, reason in ((table, "tabular"), (stored, "model")):
        record = run(one, [ID]).record(ID)
        assert record is not None
        assert record.status == "not_applicable"
        assert reason in str(record.reason)
    with pytest.raises(SettingsError, match="'gradeint'"):
        answers(subject(looks_at(MARK)), ID, methods=("gradeint",))
    with pytest.raises(SettingsError, match="'frame'"):
        answers(subject(looks_at(MARK)), ID, evidence=("frame",))


def test_a_region_as_large_as_the_image_and_one_of_a_single_pixel() -> None:
    _, _, masks = pictures()
    whole, dot = np.ones_like(masks["mark"]), np.zeros_like(masks["mark"])
    dot[:, 0, 0] = True
    found = answers(subject(looks_at(MARK), regions={"all": whole, "dot": dot}), ID, methods=("occlusion",))
    assert measured(found, "reliance", region="all").value == 0.0  # elsewhere is the same place
    assert measured(found, "concentration", method="occlusion", region="all").value == pytest.approx(1.0)
    assert measured(found, "reliance", region="dot").status == "measured"


def test_beyond_twenty_regions_the_rest_is_skipped_and_said() -> None:
    _, _, masks = pictures()
    many = {"object": masks["object"]} | {f"mark {i:02d}/../x": masks["mark"] for i in range(22)}
    found = answers(subject(looks_at(MARK), regions=many), ID, methods=("occlusion",), rows=4, explained=2)
    skipped = {one.slice["region"]: one.reason for one in found.measurements if one.status == "skipped"}
    assert skipped == dict.fromkeys(list(many)[20:], "only the first 20 regions are measured")
    assert len([one for one in found.measurements if one.id == f"{ID}/reliance"]) == 19


def test_rows_that_a_user_asked_about() -> None:
    one = subject(looks_at(MARK))
    calls = Calls(one)
    declared = load_catalog()[ID]
    context = Context(
        analyzer=ID, subject=one, predictions=first_predictions(one, calls), calls=calls, positions=(6,)
    )  # fmt: skip
    found = Answers(ID, list(declared.run(one, declared.settings(), context)))
    alone = measured(found, "reliance", region="mark")
    assert (alone.status, alone.reason) == ("undefined", "one row has no spread to judge a mean by")
    assert found.arrays["rows"].data.tolist() == [6]
    assert found.arrays["changed"].coords["region"] == ("object", "mark")
    assert found.arrays["changed"].data.tolist() == [[0.0, 1.0]]
    assert {"row 6, the row asked about"} == set(found.exhibit("rows").columns["row"])
    unmarked = list(declared.run(one, declared.settings(), replace(context, positions=(7,))))
    (reason,) = (item.reason for item in unmarked if getattr(item, "slice", {}) == {"region": "mark"})
    assert reason == "the region is empty in the row looked at"
    alone = replace(context, positions=(7,), subject=replace(one, regions={"mark": one.regions["mark"]}))
    with pytest.raises(NotApplicable, match="every region is empty in the row looked at"):
        list(declared.run(alone.subject, declared.settings(), alone))


def test_places_depend_on_the_seed_and_the_id_of_a_row_alone() -> None:
    """In another order the rows give the same numbers; another seed moves the patches."""
    one = subject(lambda pixels: (pixels[:, 0, OBJECT, OBJECT].mean(axis=(1, 2)) > 0.89).astype(float))
    order = np.random.default_rng(5).permutation(N)
    test = one.test
    assert test.rows is not None
    assert test.y is not None
    other = replace(
        one,
        test=replace(test, id=test.id[order], y=test.y[order], rows=test.rows.take(order)),
        regions={name: masks[order] for name, masks in one.regions.items()},
    )
    first, second = (answers(some, ID, methods=("occlusion",)) for some in (one, other))
    for found, same in zip(first.measurements, second.measurements, strict=True):
        assert found.value == pytest.approx(same.value, abs=1e-9)
    assert first.arrays["elsewhere"].data.any()
    moved = answers(one, ID, seed=1, methods=("occlusion",))
    assert not np.array_equal(first.arrays["elsewhere"].data, moved.arrays["elsewhere"].data)


def test_what_is_shown() -> None:
    found = answers(subject(looks_at(MARK)), ID)
    changed = found.exhibit("changed_predictions")
    told = dict(zip(zip(changed.columns["region"], changed.columns["what"], strict=True),
                    changed.columns["predictions that change"], strict=True))  # fmt: skip
    assert told["mark", "the region painted over"] == 1.0
    assert told["mark", "as much elsewhere"] == 0.0
    assert "With mark painted over with its surroundings, 100% of 20 rows" in changed.summary
    table = found.exhibit("changed_by_class").columns
    row = [list(cells) for cells in zip(*table.values(), strict=True) if cells[0] == "mark"]
    assert row == [["mark", "1", 20, 1.0, 0.0, "0"]]
    rows = found.exhibit("rows")
    assert rows.slice == {"region": "mark"}
    assert set(rows.columns["shown"]) == {"the image", "Occlusion", "without mark"}
    assert rows.columns["what"][0] == "predicted 1"
    assert rows.columns["what"][2] == "predicted 0"
    masses = [one for one in found.all_exhibits if one.id == f"{ID}/mass" and one.slice == {"region": "mark"}]
    assert masses[0].roles["reference"] == pytest.approx(4 / SIDE**2)
    assert masses[0].title.endswith("inside mark, which should not decide")


def test_no_row_is_shown_that_may_not_be_stored() -> None:
    found = answers(subject(looks_at(MARK), store_rows="none"), ID)
    assert f"{ID}/rows" not in found.exhibits


def test_shapley_values_of_the_run_are_taken_over() -> None:
    """Their mass is that of the arrays, for the rows that they hold, and no method is asked for them again."""
    weights = np.zeros((SIDE, SIDE), dtype=np.float32)
    weights[MARK, MARK], weights[OBJECT, OBJECT] = 2.0, 1.0
    one = linear(weights)
    both, alone = run(one, ["explanation.shapley_values", ID]), run(one, [ID])
    mine = [found for found in both.measurements if found.analyzer == ID]
    more = [found for found in mine if "shap" in found.slice.get("method", "")]
    assert {found.id.split("/")[1] for found in more} == {"mass_share", "concentration", "distraction"}
    assert [found for found in mine if found not in more] == [one for one in alone.measurements if one.analyzer == ID]
    values, segments, ids = (
        both.arrays[f"explanation.shapley_values/{name}"].data for name in ("values", "segments", "rows")
    )
    inside = one.regions["mark"][ids]
    code = both.arrays["rows/prediction"].data[ids]
    shares = []
    for row in np.flatnonzero(inside.any(axis=(1, 2))):
        size = np.bincount(segments[row].ravel())
        density = np.abs(values[row, :, code[row]])[: len(size)] / size
        shares.append(density[segments[row]][inside[row]].sum() / np.abs(values[row, :, code[row]]).sum())
    share = next(found for found in more if found.id == f"{ID}/mass_share" and found.slice["region"] == "mark")
    assert share.n == len(shares)
    assert share.value == pytest.approx(np.mean(shares), rel=1e-4)


def test_the_samples_are_told_apart() -> None:
    """The network that learned the mark fails, its twin passes; so do their explanations, by every method."""
    statuses, distraction = {}, {}
    for name in ("shapes", "shapes_clean"):
        audit = auditnn.run(auditnn.load(f"sample:{name}"), [ID], effort="quick")
        (finding,) = (one for one in auditnn.judge(audit) if one.code == "EXPL005")
        assert dict(finding.slice) == {"region": "mark"}
        statuses[name] = finding.status
        table = audit.measurements
        rows = table[table["id"] == f"{ID}/distraction"]
        distraction[name] = dict(zip(rows["method"], rows["value"], strict=True))
    assert statuses == {"shapes": "fail", "shapes_clean": "pass"}
    for method, value in distraction["shapes"].items():
        assert value > 2 * distraction["shapes_clean"][method] + 0.01, method

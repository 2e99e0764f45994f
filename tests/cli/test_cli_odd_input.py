"""Odd but valid input: it must finish, with exit code 0, and say plainly what does not exist."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kit import auditnn, edit_nets, edit_table, edit_toml, table, write_subject

Spoil = Callable[[Path], object]
Status = dict[str, set[str]]


def keep(rows: Callable[[pd.DataFrame], pd.DataFrame]) -> Spoil:
    def spoil(folder: Path) -> None:
        rows(pd.read_csv(folder / "test.csv")).to_csv(folder / "test.csv", index=False)

    return spoil


def toml(old: str, new: str) -> Spoil:
    return lambda folder: edit_toml(folder, old, new)


def column(name: str, values: object) -> Spoil:
    return lambda folder: edit_table(folder, **{name: values})


def all_of(*spoils: Spoil) -> Spoil:
    def spoil(folder: Path) -> None:
        for each in spoils:
            each(folder)

    return spoil


def many(folder: Path) -> None:
    rows = 100_000
    frame = pd.concat([table()] * (rows // 60 + 1), ignore_index=True)[:rows]
    frame.assign(sex=[f"g{i}" for i in range(rows)], name=[f"n{i}" for i in range(rows)]).to_csv(
        folder / "test.csv", index=False
    )


def odd_names(folder: Path) -> None:
    frame = pd.read_csv(folder / "test.csv").rename(columns={"sex": "<script>alert(1)</script>"})
    frame["<script>alert(1)</script>"] = np.where(np.arange(60) % 2, "</td><b>ü", "'; DROP TABLE --")
    frame["label"] = np.where(frame["label"] == 1, "<i>ja</i>", "न")
    frame.to_csv(folder / "test.csv", index=False)
    edit_toml(folder, 'columns = ["sex"]', 'columns = ["<script>alert(1)</script>"]')
    edit_toml(folder, "positive = 1\nfavorable = 1", 'positive = "<i>ja</i>"\nfavorable = "<i>ja</i>"')
    edit_toml(folder, 'name = "small"', 'name = "../<b>ümlaut & co"')


def forest_with_gaps(folder: Path) -> None:
    edit_toml(folder, 'kind = "torch"', 'kind = "sklearn"')
    edit_toml(folder, 'file = "weights.safetensors"\noutput = "logits"\n', "")
    edit_nets(
        folder,
        "import pandas, pathlib\nfrom sklearn.ensemble import HistGradientBoostingClassifier\n"
        "def build():\n    frame = pandas.read_csv(pathlib.Path(__file__).parent / 'test.csv')\n"
        "    return HistGradientBoostingClassifier(max_iter=5).fit(frame[['age', 'income']], frame['label'])\n",
    )
    income = pd.read_csv(folder / "test.csv")["income"].where(np.arange(60) % 3 > 0)
    edit_table(folder, income=income)


def stored(folder: Path) -> None:
    (folder / "subject.toml").write_text(
        'name = "stored"\ntask = "binary"\n[data]\ntest = "test.csv"\ntarget = "label"\npositive = 1\nfavorable = 1\n'
        'prediction = "guess"\n[groups]\ncolumns = ["sex"]\n'
    )
    edit_table(folder, guess=np.arange(60) % 2)


def outcomes_only(folder: Path) -> None:
    stored(folder)
    edit_toml(folder, 'target = "label"\n', "")
    edit_table(folder, label=None)


RATE = "fairness.group_rates/selection_rate"
GAP = "fairness.disparity/demographic_parity_difference"
AUC = "performance.accuracy/roc_auc"

# what is odd, how to make it so, statuses that the audit must then hold
ODD: list[tuple[str, Spoil, Status]] = [
    ("nothing odd", lambda folder: None, {GAP: {"measured"}, AUC: {"measured"}}),
    ("one row", all_of(keep(lambda frame: frame[:1]), toml("positive = 1", 'positive = 1\nclasses = [0, 1]')),
        {AUC: {"undefined"}, GAP: {"undefined", "not_applicable"}}),
    ("two rows", keep(lambda frame: frame.groupby("label").head(1)), {GAP: {"undefined", "not_applicable"}}),
    ("one group", column("sex", "f"), {GAP: {"undefined", "not_applicable"}, RATE: {"measured"}}),
    ("a group of one", column("sex", ["m"] + ["f"] * 59), {GAP: {"undefined", "not_applicable"}, RATE: {"measured"}}),
    ("a group nobody knows", column("sex", [None, "f", "m"] * 20), {GAP: {"measured"}}),
    ("no groups", toml('[groups]\ncolumns = ["sex"]\n', ""), {}),
    ("100,000 categories and as many groups", many, {GAP: {"undefined", "not_applicable"}}),
    ("names in any script, and scripts in any name", odd_names, {GAP: {"measured"}}),
    ("constant inputs", column("age", 0.0), {AUC: {"measured"}}),
    ("all rows alike", keep(lambda frame: frame.assign(age=0.0, income=0.0)),
        {AUC: {"measured"}, "performance.calibration/calibration_slope": {"undefined"}}),
    ("labels -1 and 1", column("label", np.where(np.arange(60) % 2, 1, -1)), {GAP: {"measured"}}),
    ("labels true and false", all_of(column("label", np.arange(60) % 2 == 0), toml("positive = 1\nfavorable = 1",
        "positive = true\nfavorable = true")), {GAP: {"measured"}}),
    ("labels 0.0 and 1.0", column("label", (np.arange(60) % 2).astype(float)), {GAP: {"measured"}}),
    ("huge and tiny inputs", column("age", np.where(np.arange(60) % 2, 1e30, -1e-30)), {GAP: {"measured"}}),
    ("gaps that the model can take", forest_with_gaps, {"data.quality/missing_share": {"measured"}}),
    ("stored predictions without scores", stored, {GAP: {"measured"}}),
    ("outcomes and nothing else", outcomes_only, {GAP: {"measured"}}),
    ("no test row of a declared level", toml("[groups]", '[features.sex]\nkind = "categorical"\n'
        'values = ["f", "m", "x"]\n[groups]'), {GAP: {"measured"}}),
    ("an intersection with empty cells", all_of(toml('columns = ["sex"]',
        'columns = ["sex", "town"]\nintersections = [["sex", "town"]]'),
        column("town", ["a", "b", "b", "b"] * 15)), {GAP: {"measured"}}),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "statuses"), [case[1:] for case in ODD], ids=[case[0] for case in ODD])
def test_odd_input_finishes(capsys: pytest.CaptureFixture[str], tmp_path: Path, spoil: Spoil, statuses: Status) -> None:
    folder = write_subject(tmp_path / "subject")
    spoil(folder)
    out = tmp_path / "run"
    ended = auditnn(capsys, "run", folder, "--allow-code", folder, "--out", out, "--effort", "quick")
    assert ended.code == 0, ended.err
    assert ended.err == ""
    audit: dict[str, Any] = json.loads((out / "audit.json").read_text())
    assert [one for one in audit["analyzers"] if one["status"] == "failed"] == []
    assert [one for one in audit["measurements"] if one["status"] == "failed"] == []
    assert len(audit["measurements"]) < 2000
    for one in audit["measurements"]:
        assert (one["value"] is None) == (one["status"] != "measured")
        assert one["status"] == "measured" or one["reason"]
    for id, expected in statuses.items():
        found = {one["status"] for one in audit["measurements"] if one["id"] == id}
        found |= {one["status"] for one in audit["analyzers"] if id.startswith(one["id"] + "/")} - {"measured"}
        assert found & expected, f"{id}: {found}"
    page = (out / "report.html").read_text()
    assert "<script>alert(1)" not in page
    assert len(page) < 2_500_000

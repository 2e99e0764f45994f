"""The public records: tidy frames, saving and opening, judging, notebooks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression

import auditnn


@pytest.fixture(scope="module")
def data() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    X, y = make_classification(n_samples=400, n_features=4, random_state=0)
    frame = pd.DataFrame(X, columns=["a", "b", "c", "<d>"])
    return frame, np.where(y == 1, "yes", "no"), np.where(np.arange(400) % 3 == 0, "f", "m")


@pytest.fixture(scope="module")
def audit(data: tuple[pd.DataFrame, np.ndarray, np.ndarray]) -> auditnn.Audit:
    X, y, sex = data
    model = LogisticRegression().fit(X[:200], y[:200])
    subject = auditnn.Subject.from_sklearn(
        model, X[200:], y[200:], positive="yes", favorable="yes", groups={"sex": sex[200:]},
        train=(X[:200], y[:200]), name="toy", store_rows="all",
    )  # fmt: skip
    return auditnn.run(subject)


def test_measurements_are_a_tidy_frame(audit: auditnn.Audit) -> None:
    frame = audit.measurements
    assert {"id", "analyzer", "attribute", "group", "value", "low", "high", "status", "n"} <= set(frame.columns)
    assert len(frame) == len(audit.record.measurements)
    accuracy = frame.loc[frame["id"] == "performance.accuracy/accuracy"].iloc[0]
    rows = audit.rows
    assert accuracy["value"] == pytest.approx(np.mean(rows["y"] == rows["prediction"]))
    assert accuracy["low"] < accuracy["value"] < accuracy["high"]


def test_one_analyzer_by_its_id(audit: auditnn.Audit) -> None:
    frame = audit["fairness.disparity"]
    assert set(frame["analyzer"]) == {"fairness.disparity"}
    with pytest.raises(auditnn.SettingsError, match=r"fairness\.disparity"):
        audit["fairness.nothing"]


def test_rows_hold_the_data_as_it_came(audit: auditnn.Audit, data: tuple[pd.DataFrame, np.ndarray, np.ndarray]) -> None:
    X, y, sex = data
    rows = audit.rows
    assert list(rows["y"]) == list(y[200:])
    assert list(rows["sex"]) == list(sex[200:])
    np.testing.assert_allclose(rows[["a", "b", "c", "<d>"]].to_numpy(), X[200:].to_numpy())
    assert ((rows["score"] >= 0.5) == (rows["prediction"] == "yes")).all()


def test_store_rows_and_redact_decide_what_is_kept(data: tuple[pd.DataFrame, np.ndarray, np.ndarray]) -> None:
    _, y, sex = data

    def keys(**more: object) -> set[str]:
        subject = auditnn.Subject.from_predictions(y, y, groups={"sex": sex}, positive="yes", **more)  # type: ignore[arg-type]
        return set(auditnn.run(subject, ["data.imbalance"]).arrays)

    assert keys(store_rows="none") == set()
    assert keys() >= {"rows/id", "rows/y", "rows/prediction", "rows/group/sex"}
    assert "rows/group/sex" not in keys(redact=["sex"])


def test_save_open_and_judge_again(audit: auditnn.Audit, tmp_path: Path) -> None:
    folder = audit.save(tmp_path / "run")
    (folder / "mine.txt").write_text("left alone")
    again = auditnn.Audit.open(folder)
    pd.testing.assert_frame_equal(again.measurements, audit.measurements)
    pd.testing.assert_frame_equal(again.rows, audit.rows)
    audit.save(folder)
    assert {path.name for path in folder.iterdir()} == {
        "audit.json", "arrays.npz", "findings.json", "report.html", "manifest.json", "mine.txt",
    }  # fmt: skip
    saved = json.loads((folder / "findings.json").read_text())
    findings = auditnn.judge(again)
    assert saved["verdict"] == findings.verdict
    assert len(saved["findings"]) == len(findings) == len(findings.to_frame())


def test_the_manifest_holds_the_digests(audit: auditnn.Audit, tmp_path: Path) -> None:
    import hashlib

    folder = audit.save(tmp_path / "run")
    manifest = json.loads((folder / "manifest.json").read_text())
    for name, digest in manifest["files"].items():
        assert digest == "sha256:" + hashlib.sha256((folder / name).read_bytes()).hexdigest()
    assert manifest["subject"] == audit.record.subject["digests"]


def test_the_same_settings_give_the_same_numbers(data: tuple[pd.DataFrame, np.ndarray, np.ndarray]) -> None:
    X, y, sex = data
    model = LogisticRegression().fit(X, y)
    frames = []
    for _ in range(2):
        subject = auditnn.Subject.from_sklearn(model, X, y, favorable="yes", positive="yes", groups={"sex": sex})
        frames.append(auditnn.run(subject, seed=5).measurements)
    pd.testing.assert_frame_equal(frames[0], frames[1])


def test_notebooks_show_something_escaped(audit: auditnn.Audit) -> None:
    for shown in (audit._repr_html_(), auditnn.judge(audit)._repr_html_()):
        assert "<d>" not in shown
        assert "verdict" in shown or "Findings" in shown


def test_findings_iterate_and_frame(audit: auditnn.Audit) -> None:
    findings = auditnn.judge(audit)
    frame = findings.to_frame()
    assert list(frame["code"]) == [finding.code for finding in findings]
    assert findings.passed() == (findings.exit_code == 0)
    assert findings.verdict in ("pass", "fail", "unsure", "incomplete")

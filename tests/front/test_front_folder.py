"""A run folder: all of it or none of it, and a change by hand is noticed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import auditnn
from auditnn.front.folder import changed_files

RUN_FILES = {"arrays.npz", "audit.json", "findings.json", "manifest.json", "report.html"}


def an_audit(**keys: object) -> auditnn.Audit:
    y = np.arange(60) % 2
    subject = auditnn.Subject.from_predictions(y, y, task="binary", **keys)  # type: ignore[arg-type]
    return auditnn.run(subject, ["data.imbalance"])


def test_a_report_that_fails_leaves_the_audit_and_nothing_older(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import auditnn.report.html as html

    an_audit().save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == RUN_FILES

    def stop(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(html, "render", stop)
    with pytest.raises(KeyboardInterrupt):
        an_audit().save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"arrays.npz", "audit.json"}


def test_what_cannot_be_written_leaves_everything_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "report.html").mkdir()
    with pytest.raises(auditnn.StoreError, match="report"):
        an_audit().save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_a_change_by_hand_is_noticed(tmp_path: Path) -> None:
    an_audit().save(tmp_path)
    assert changed_files(tmp_path) == []
    content = json.loads((tmp_path / "audit.json").read_text())
    (tmp_path / "audit.json").write_text(json.dumps(content))
    assert changed_files(tmp_path) == ["audit.json"]
    (tmp_path / "manifest.json").unlink()
    assert set(changed_files(tmp_path)) == RUN_FILES - {"manifest.json"}


@pytest.mark.parametrize("name", ["score", "split", "y", "prediction", "id"])
def test_a_group_that_is_called_like_a_column_of_ours_stays_apart(name: str) -> None:
    groups = {name: np.where(np.arange(60) % 3 == 0, "a", "b")}
    rows = an_audit(groups=groups, score=np.linspace(0, 1, 60)).rows
    assert list(rows[f"{name} (group)"]) == list(groups[name])
    assert rows["score"].to_numpy() == pytest.approx(np.linspace(0, 1, 60))
    assert list(rows["y"]) == [0, 1] * 30


def test_a_lone_surrogate_is_saved_as_something_that_can_be_read(tmp_path: Path) -> None:
    an_audit(name="a\ud800b").save(tmp_path)
    assert auditnn.Audit.open(tmp_path).record.subject["name"] == "a?b"


def test_writing_the_report_again_does_not_cover_a_change(tmp_path: Path) -> None:
    from auditnn.front.folder import open_findings, save_judged

    an_audit().save(tmp_path)
    content = json.loads((tmp_path / "audit.json").read_text())
    (tmp_path / "audit.json").write_text(json.dumps(content))
    save_judged(auditnn.Audit.open(tmp_path).record, open_findings(tmp_path), tmp_path)
    assert changed_files(tmp_path) == ["audit.json"]


@pytest.mark.parametrize("manifest", ["[]", "null", '{"schema": "auditnn.manifest/1", "files": []}'])
def test_a_broken_manifest_confirms_nothing(tmp_path: Path, manifest: str) -> None:
    an_audit().save(tmp_path)
    (tmp_path / "manifest.json").write_text(manifest)
    (tmp_path / "findings.json").unlink()
    (tmp_path / "findings.json").mkdir()
    assert set(changed_files(tmp_path)) == RUN_FILES - {"manifest.json", "findings.json"}

"""The verbs, used as people use them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from kit import auditnn, edit_table, write_subject

RUN_FILES = ["arrays.npz", "audit.json", "findings.json", "manifest.json", "report.html"]


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_subject(tmp_path_factory.mktemp("honest"))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, subject: Path) -> Path:
    ended = auditnn(capsys, "run", subject, "--allow-code", subject, "--out", tmp_path / "run")
    assert ended.code == 0, ended.err
    return tmp_path / "run"


def test_run_writes_a_run_folder_and_says_the_verdict(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, subject: Path
) -> None:
    ended = auditnn(capsys, "run", subject, "--allow-code", subject, "--out", tmp_path / "run")
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == RUN_FILES
    verdict = json.loads((tmp_path / "run" / "findings.json").read_text())["verdict"]
    assert f"small: {verdict}" in ended.out
    assert str(tmp_path / "run" / "report.html") in ended.out
    assert ended.err == ""


def test_without_out_it_goes_under_reports_and_latest_points_there(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, subject: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert auditnn(capsys, "run", subject, "--allow-code", subject).code == 0
    runs = sorted(path for path in (tmp_path / "reports" / "small").iterdir() if not path.is_symlink())
    assert len(runs) == 2
    assert (tmp_path / "reports" / "small" / "latest").resolve() == runs[-1]
    listed = auditnn(capsys, "list", "runs").out
    assert all(run.name in listed for run in runs)


def test_json_is_one_object(capsys: pytest.CaptureFixture[str], tmp_path: Path, subject: Path, run: Path) -> None:
    ran = auditnn(capsys, "run", subject, "--allow-code", subject, "--out", tmp_path / "again", "--json")
    content = json.loads(ran.out)
    assert content["schema"] == "auditnn.findings/1"
    assert content["run"] == str(tmp_path / "again")
    gated = json.loads(auditnn(capsys, "gate", run, "--json").out)
    assert gated["findings"] == content["findings"]


def test_dry_run_runs_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path, subject: Path) -> None:
    ended = auditnn(capsys, "run", subject, "--allow-code", subject, "--dry-run", "--out", tmp_path / "run")
    assert ended.code == 0
    assert "nothing was measured or written" in ended.out
    assert not (tmp_path / "run").exists()
    plan = json.loads(auditnn(capsys, "run", subject, "--allow-code", subject, "--dry-run", "--json").out)
    assert plan["model_rows"] >= 60
    assert "fairness.disparity" in [each["id"] for each in plan["analyzers"]]


def write_policy(path: Path, text: str) -> Path:
    path.write_text(f'name = "team"\n[[rule]]\ncode = "PERF901"\nfamily = "performance"\nseverity = "major"\n{text}')
    return path


GATES = [
    ("met", 'measurement = "performance.accuracy/accuracy"\nat_least = 0.01', 0),
    ("broken", 'measurement = "performance.accuracy/accuracy"\nat_least = 0.999', 1),
    ("broken, but not a gate", 'measurement = "performance.accuracy/accuracy"\nat_least = 0.999\ngate = false', 0),
    ("not measured", 'measurement = "robustness.nothing/value"\nat_least = 0.5', 3),
    ("not measured, not required", 'measurement = "robustness.nothing/value"\nat_least = 0.5\nrequired = false', 0),
    ("unsure where certainty is asked", 'measurement = "performance.accuracy/accuracy"\nat_least = VALUE\n'
        'demand = "surely_within"', 3),
    ("unsure where it is not", 'measurement = "performance.accuracy/accuracy"\nat_least = VALUE', 0),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "code"), [gate[1:] for gate in GATES], ids=[gate[0] for gate in GATES])
def test_exit_codes_of_a_gate(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, subject: Path, run: Path, rule: str, code: int
) -> None:
    measured = json.loads((run / "audit.json").read_text())["measurements"]
    accuracy = next(one["value"] for one in measured if one["id"] == "performance.accuracy/accuracy")
    policy = write_policy(tmp_path / "policy.toml", rule.replace("VALUE", str(accuracy)))
    assert auditnn(capsys, "gate", run, "--policy", policy).code == code
    same = auditnn(
        capsys, "run", subject, "--allow-code", subject, "--policy", policy, "--gate", "--out", tmp_path / "r2"
    )
    assert same.code == code
    assert (tmp_path / "r2" / "report.html").exists(), "a closed gate loses nothing that was computed"
    assert auditnn(
        capsys, "run", subject, "--allow-code", subject, "--policy", policy, "--out", tmp_path / "r3"
    ).code == 0  # fmt: skip


def test_report_writes_the_page_again(capsys: pytest.CaptureFixture[str], run: Path) -> None:
    before = (run / "report.html").read_text()
    (run / "report.html").unlink()
    ended = auditnn(capsys, "report", run)
    assert ended.code == 0
    assert (run / "report.html").read_text() == before


def test_an_analyzer_that_crashes_never_passes_for_clean(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, subject: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import auditnn.analyzers.fairness.disparity as disparity

    def crash(*_: object) -> object:
        raise ZeroDivisionError("planted")

    import dataclasses

    from auditnn.analyzers.catalog import load_catalog

    monkeypatch.setitem(
        load_catalog(),
        disparity.ANALYZER.id,
        dataclasses.replace(disparity.ANALYZER, run=crash),  # type: ignore[arg-type]
    )
    ended = auditnn(capsys, "run", subject, "--allow-code", subject, "--out", tmp_path / "run")
    assert ended.code == 0
    assert "planted" in ended.out
    content = json.loads((tmp_path / "run" / "findings.json").read_text())
    fair = [one for one in content["findings"] if one["measurement"].startswith("fairness.disparity/")]
    assert fair
    assert {one["status"] for one in fair} <= {"not_measured"}
    assert "planted" in (tmp_path / "run" / "report.html").read_text()


def test_an_internal_error_is_4_and_shows_no_traceback(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, subject: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import auditnn.report.html as html

    def crash(*_: object) -> str:
        raise AssertionError("planted")

    monkeypatch.delenv("AUDITNN_DEBUG", raising=False)
    monkeypatch.setattr(html, "render", crash)
    ended = auditnn(capsys, "run", subject, "--allow-code", subject, "--out", tmp_path / "run")
    assert (ended.code, "planted" in ended.err, "Traceback" in ended.err) == (4, True, False)
    assert (tmp_path / "run" / "audit.json").exists(), "what was measured is not lost"


@pytest.mark.parametrize("sample", ["perceptron", "diabetes", "digits", "credit_clean"])
def test_every_kind_of_sample_is_saved_opened_and_gated(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, sample: str
) -> None:
    ran = auditnn(capsys, "run", f"sample:{sample}", "--out", tmp_path / "run", "--effort", "quick", "--gate")
    assert ran.code == 0, ran.out + ran.err
    gated = auditnn(capsys, "gate", tmp_path / "run")
    assert gated.code == 0, gated.err
    assert gated.out.splitlines()[0] == ran.out.splitlines()[0]


@pytest.mark.parametrize("what", ["analyzers", "rules", "samples"])
def test_lists(capsys: pytest.CaptureFixture[str], what: str) -> None:
    ended = auditnn(capsys, "list", what)
    assert ended.code == 0
    assert {"analyzers": "fairness.disparity", "rules": "FAIR001", "samples": "sample:credit"}[what] in ended.out


def test_doctor_finds_this_machine_well(capsys: pytest.CaptureFixture[str]) -> None:
    ended = auditnn(capsys, "doctor")
    assert (ended.code, "all well" in ended.out) == (0, True), ended


def test_doctor_calls_an_absent_optional_package_no_trouble(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auditnn.cli.doctor._small_audit", list)
    monkeypatch.setattr("auditnn.cli.doctor._version", lambda name: "missing" if name == "skops" else "1.2.3")
    ended = auditnn(capsys, "doctor")
    assert (ended.code, "trouble" in ended.out + ended.err) == (0, False), ended
    lines = {line.split()[0]: line.split(maxsplit=1)[1] for line in ended.out.splitlines() if line.startswith("  ")}
    assert lines["skops"] == "absent (optional: auditnn[skops])"
    assert lines["onnxruntime"] == lines["pillow"] == "1.2.3"


@pytest.mark.parametrize("verb", [[], ["run"], ["gate"], ["report"], ["list"], ["init"], ["doctor"]])
def test_help_is_there_for_every_verb(capsys: pytest.CaptureFixture[str], verb: list[str]) -> None:
    ended = auditnn(capsys, *verb, "--help")
    assert ended.code == 0
    assert "Usage" in ended.out


def test_names_that_look_like_markup_are_shown_as_they_are(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = write_subject(tmp_path / "odd")
    edit_table(folder, sex=["[bold]f[/bold]", "<i>ü"] * 30)
    text = (folder / "subject.toml").read_text().replace('"small"', '"[red]name"')
    (folder / "subject.toml").write_text(text)
    ended = auditnn(capsys, "run", folder, "--allow-code", folder, "--out", tmp_path / "run")
    assert ended.code == 0
    assert "[red]name" in ended.out


def test_names_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = write_subject(tmp_path / "odd")
    edit_table(folder, sex=["f\x1b[2J\u200f", "m\x9b31m\u202e\nnote: forged"] * 30)
    run = auditnn(capsys, "run", folder, "--allow-code", folder, "--out", tmp_path / "run")
    gate = auditnn(capsys, "gate", tmp_path / "run", "--json")
    for text in (run.out, gate.out):
        assert text
        assert not {"\x1b", "\x9b", "\u200f", "\u202e"} & set(text)
        assert "\nnote: forged" not in text


def test_a_factory_that_exits_does_not_pass_the_gate(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = write_subject(tmp_path / "exits")
    (folder / "nets.py").write_text("import sys\n\ndef build():\n    sys.exit(0)\n")
    ended = auditnn(capsys, "run", folder, "--allow-code", folder, "--out", tmp_path / "run", "--gate")
    assert (ended.code, "SystemExit" in ended.err) == (2, True)


@pytest.mark.parametrize("change", ["value", "settings", "columns"])
def test_an_audit_edited_by_hand_is_no_fault_of_ours(
    capsys: pytest.CaptureFixture[str], run: Path, change: str
) -> None:
    content = json.loads((run / "audit.json").read_text())
    if change == "value":
        content["measurements"][0]["value"] = "0.1"
    elif change == "settings":
        content["settings"] = {}
    else:
        next(iter(content["exhibits"][0]["columns"].values())).append(1)
    (run / "audit.json").write_text(json.dumps(content))
    ended = auditnn(capsys, "gate", run)
    assert ended.code == (0 if change == "settings" else 2)
    assert ("cannot be confirmed" if change == "settings" else "audit.json") in ended.err


def test_it_is_a_module_too() -> None:
    told = subprocess.run([sys.executable, "-m", "auditnn", "--version"], capture_output=True, text=True, check=True)
    assert told.stdout.startswith("auditnn ")

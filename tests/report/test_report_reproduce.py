"""What the report says to type gives the same numbers again."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import fixtures
import numpy as np
import pytest
from page import find, parse
from typer.testing import CliRunner

import auditnn
from auditnn.cli.main import app
from auditnn.core.audit import Audit
from auditnn.report.html import render
from auditnn.report.reproduce import recipe


def shown(audit: Audit, **settings: Any) -> str:
    audit = replace(audit, settings={**audit.settings, **settings})
    return recipe(audit, fixtures.judged(audit)).code


def numbers(audit: Audit) -> list[Any]:
    return [(one.key, one.value, one.low, one.high) for one in audit.measurements]


def typed(code: str, out: Path) -> Audit:
    """The audit that typing the command gives."""
    program, *arguments = shlex.split(code)
    assert program == "auditnn"
    result = CliRunner().invoke(app, [*arguments, "--out", str(out)])
    assert result.exit_code == 0, result.output
    return auditnn.Audit.open(out).record


def test_typing_the_command_repeats_the_run(tmp_path: Path) -> None:
    audit = auditnn.run(
        auditnn.load("sample:perceptron"),
        analyzers=["data", "performance.accuracy"],
        settings={"performance.accuracy.draws": 150},
        seed=5,
        effort="quick",
        rows=50,
    )
    code = recipe(audit.record, auditnn.judge(audit, "strict").record).code
    again = typed(code, tmp_path / "again")
    assert numbers(again) == numbers(audit.record)
    assert auditnn.judge(audit, "strict").record.policy in code
    other = auditnn.run(auditnn.load("sample:perceptron"), analyzers="performance.accuracy", seed=6, effort="quick")
    assert numbers(typed(shown(other.record), tmp_path / "other")) == numbers(other.record)
    assert dict.fromkeys(map(str, numbers(other.record))) != dict.fromkeys(map(str, numbers(again)))


def test_flags_that_opened_the_subject_are_part_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "my models"
    folder.mkdir()
    (folder / "nets.py").write_text("def build():\n    return lambda frame: 1 / (1 + 2.718 ** -frame['a'])\n")
    rng = np.random.default_rng(0)
    rows = ["a,y", *(f"{a:.4f},{int(a > 0)}" for a in rng.normal(size=60))]
    (folder / "test.csv").write_text("\n".join(rows))
    file = folder / "subject.toml"
    file.write_text(
        'name = "mine"\ntask = "binary"\nmodality = "tabular"\n[model]\nkind = "function"\nfactory = "nets:build"\n'
        'output = "probabilities"\n[data]\ntest = "test.csv"\ntarget = "y"\npositive = 1\n'
    )
    audit = auditnn.run(auditnn.load(file, allow_code=folder), analyzers=["performance.accuracy"], effort="quick")
    code = shown(audit.record)
    assert "--allow-code" in code
    assert numbers(typed(code, tmp_path / "again")) == numbers(audit.record)


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"analyzers": "fairness"}, "--analyzers fairness "),
        ({"analyzers": ("fairness", "data.quality")}, "--analyzers fairness,data.quality "),
        ({"budget": 90.0}, "--budget 90s "),
        ({"rows": 200}, "--rows 200 "),
        ({"set": {"a.b.c": [0.1, 2]}}, "--set a.b.c=0.1,2 "),
        ({"set": {"a.b.c": None, "a.b.d": True}}, "--set a.b.c=none --set a.b.d=true "),
        ({"set": {"a.b.c": "two words"}}, "--set 'a.b.c=two words' "),
    ],
)
def test_each_setting_is_typed(settings: dict[str, Any], part: str) -> None:
    assert part in shown(fixtures.credit(), **settings) + " "


def test_a_subject_built_in_memory_is_told_in_python() -> None:
    def predict(X: Any) -> Any:
        return 1 / (1 + np.exp(-X[:, 0]))

    X = np.random.default_rng(0).normal(size=(80, 2))
    subject = auditnn.Subject.from_function(
        predict, X, (X[:, 0] > 0).astype(int), task="binary", output="probabilities"
    )
    audit = auditnn.run(subject, ["performance.accuracy"], {"performance.accuracy.draws": 120}, seed=3, effort="quick")
    told = recipe(audit.record, auditnn.judge(audit).record)
    line = next(line for line in told.code.splitlines() if line.startswith("audit = "))
    space: dict[str, Any] = {"auditnn": auditnn, "subject": subject}
    exec(line, space)
    assert numbers(space["audit"].record) == numbers(audit.record)
    assert "Subject.from_function(...)" in told.code
    assert any("built in memory" in note for note in told.notes)


def test_a_policy_of_ones_own_and_relative_paths_are_said() -> None:
    audit = fixtures.credit()
    audit = replace(audit, subject={**audit.subject, "source": "models/my credit/subject.toml"})
    findings = replace(fixtures.judged(audit), policy="bank")
    told = recipe(audit, findings)
    assert "'models/my credit/subject.toml'" in told.code
    assert told.code.endswith("--policy POLICY_FILE")
    assert len(told.notes) == 2
    page = parse(render(audit, findings, live=False))
    section = find(page, "section", id="reproduce")[0].text
    assert told.code in section
    assert all(note in section for note in told.notes)

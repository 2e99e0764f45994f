"""The public surface is small, listed, and light to import; what is right of the wall runs without a model library."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("torch", "sklearn", "scipy", "pandas", "pydantic", "altair", "numpy", "pyarrow", "jinja2", "joblib")
PUBLIC = {
    "Audit", "Findings", "Subject", "judge", "load", "run", "AuditnnError", "InputError", "PolicyError", "RefusedError",
    "SettingsError", "StoreError", "SubjectError", "__version__",
}  # fmt: skip
BLOCK = """
import sys
class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torch", "sklearn", "shap", "lime", "captum"}:
            raise ImportError(f"{name} is behind the wall")
sys.meta_path.insert(0, Wall())
"""


def python(code: str, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run `code` in a fresh interpreter that sees this tree."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}", *arguments],
        cwd=cwd, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def loaded_after(code: str) -> set[str]:
    ended = python(f"{code}\nimport json; print(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))")
    assert ended.returncode == 0, ended.stderr
    return set(json.loads(ended.stdout.splitlines()[-1]))


def test_the_public_names_are_these() -> None:
    import auditnn

    assert set(auditnn.__all__) == PUBLIC
    assert len(auditnn.__all__) == len(PUBLIC), "a name is listed twice"
    assert set(dir(auditnn)) == PUBLIC


@pytest.mark.parametrize("name", sorted(PUBLIC - {"__version__"}))
def test_a_public_name_resolves_and_says_what_it_is(name: str) -> None:
    import auditnn

    assert getattr(auditnn, name).__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    import auditnn

    with pytest.raises(AttributeError, match="has no attribute 'audits'"):
        auditnn.audits  # noqa: B018


def test_importing_auditnn_loads_nothing_heavy() -> None:
    assert not loaded_after("import auditnn") & set(HEAVY)


def test_importing_auditnn_is_a_handful_of_modules() -> None:
    """Time is not measured, because machines differ; what it is spent on is counted."""
    new = loaded_after("import auditnn") - loaded_after("pass")
    assert len(new) <= 8, new


def test_help_loads_no_model_library_and_no_frames() -> None:
    code = "sys.argv = ['auditnn', '--help']\nfrom auditnn.cli import main\ntry: main()\nexcept SystemExit: pass"
    assert not loaded_after(code) & {"torch", "sklearn", "scipy", "pandas", "altair", "pyarrow"}


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved run, made with everything there is."""
    import auditnn

    folder = tmp_path_factory.mktemp("wall") / "run"
    auditnn.run(auditnn.load("sample:perceptron"), effort="quick").save(folder)
    return folder


def test_the_wall_blocks() -> None:
    """The blocker of the tests below does block: otherwise they could not fail."""
    ended = python(BLOCK + "import torch")
    assert ended.returncode == 1
    assert "behind the wall" in ended.stderr


@pytest.mark.parametrize("verb", ["gate", "report"])
def test_a_verb_right_of_the_wall_runs_without_model_libraries(verb: str, run_folder: Path) -> None:
    code = BLOCK + f"from auditnn.cli import main\nsys.argv = ['auditnn', {verb!r}, sys.argv[1]]\nmain()"
    ended = python(code, str(run_folder))
    assert ended.returncode in (0, 1, 3), ended.stderr
    assert "Error" not in ended.stderr


def test_opening_an_audit_needs_no_model_library(run_folder: Path) -> None:
    code = BLOCK + (
        "import auditnn\naudit = auditnn.Audit.open(sys.argv[1])\n"
        "assert len(audit.measurements) and len(audit.rows)\n"
        "assert auditnn.judge(audit).verdict\nassert '<html' in audit.to_html()\n"
    )
    ended = python(code, str(run_folder))
    assert ended.returncode == 0, ended.stderr


def test_the_report_made_without_model_libraries_is_the_same(run_folder: Path) -> None:
    first = (run_folder / "report.html").read_bytes()
    ended = python(
        BLOCK + "from auditnn.cli import main\nsys.argv = ['auditnn', 'report', sys.argv[1]]\nmain()", str(run_folder)
    )
    assert ended.returncode == 0, ended.stderr
    assert (run_folder / "report.html").read_bytes() == first

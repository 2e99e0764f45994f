"""What is public, and how light the door is."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys

import auditnn

PUBLIC = {
    "Audit", "AuditnnError", "Findings", "InputError", "PolicyError", "RefusedError", "SettingsError", "StoreError",
    "Subject", "SubjectError", "__version__", "judge", "load", "run",
}  # fmt: skip


def test_the_list_of_public_names_is_honest() -> None:
    assert set(auditnn.__all__) == PUBLIC
    assert all(getattr(auditnn, name) is not None for name in PUBLIC)
    assert set(dir(auditnn)) == PUBLIC


def test_importing_it_imports_nothing_heavy() -> None:
    code = "import auditnn, sys; print([m for m in ('numpy', 'torch', 'sklearn', 'pandas') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_help_on_the_subject_names_every_keyword() -> None:
    from auditnn.subjects.options import NAMES

    said = inspect.getdoc(auditnn.Subject) or ""
    assert [name for name in NAMES if not re.search(rf"\b{name}\b", said)] == []
    for name in ("from_torch", "from_sklearn", "from_function", "from_predictions"):
        assert "Keywords" in str(inspect.signature(getattr(auditnn.Subject, name)))


def test_the_command_line_offers_every_effort() -> None:
    from auditnn.cli.run import EffortName
    from auditnn.core.analyzer import EFFORTS

    assert tuple(EffortName) == EFFORTS

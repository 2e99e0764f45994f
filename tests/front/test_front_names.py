"""What is public, and how light the door is."""

from __future__ import annotations

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

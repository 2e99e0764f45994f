"""A report needs no model library: it renders where none of them can be imported, and quickly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SCRIPT = """
import sys
for name in ("torch", "sklearn", "shap", "lime", "captum", "pandas", "pyarrow", "matplotlib", "joblib"):
    sys.modules[name] = None
sys.path.insert(0, {here!r})
import fixtures
from auditnn.report.html import render
audit = fixtures.credit()
page = render(audit, fixtures.judged(audit))
assert "<figure" in page and 'id="runtime"' in page
"""


def test_rendering_without_model_libraries() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(here=str(HERE))],
        capture_output=True,
        text=True,
        check=False,
        cwd=HERE.parent.parent,
    )
    assert done.returncode == 0, done.stderr

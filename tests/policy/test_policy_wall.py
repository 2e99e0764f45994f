"""Judging needs no model library and no data frame."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
for name in ("torch", "sklearn", "pandas", "shap", "lime", "captum"):
    sys.modules[name] = None
sys.path.insert(0, {folder!r})
from policy_cases import audit, gap
from auditnn.policy.files import findings_to_json, load_policy
from auditnn.policy.judge import exit_code, judge
findings = judge(audit([gap([1000, 1325], [2500, 2500])]), load_policy("default"))
assert findings_to_json(findings)["findings"][0]["code"] == "FAIR001"
print(findings.verdict, exit_code(findings))
"""


def test_the_judge_works_with_them_blocked() -> None:
    folder = __file__.rsplit("/", 1)[0]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(folder=folder)], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout == "fail 1\n"

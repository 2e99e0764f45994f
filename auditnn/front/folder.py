"""A run folder: the audit, what a policy says of it, the report, and a manifest of digests."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from auditnn.core.audit import Audit
from auditnn.core.plain import plain
from auditnn.core.store import ARRAYS_FILE, AUDIT_FILE, dump_json, read_json, save_audit, write_whole
from auditnn.policy.finding import SCHEMA as FINDINGS_SCHEMA
from auditnn.policy.finding import Findings

FINDINGS_FILE = "findings.json"
REPORT_FILE = "report.html"
MANIFEST_FILE = "manifest.json"
_LISTED = (AUDIT_FILE, ARRAYS_FILE, FINDINGS_FILE, REPORT_FILE)


def save_run(audit: Audit, findings: Findings, folder: Path) -> Path:
    """Write all files of a run folder, the audit first. Returns the folder. Raises StoreError where it cannot."""
    save_audit(audit, folder)
    save_judged(audit, findings, folder)
    return folder


def save_judged(audit: Audit, findings: Findings, folder: Path) -> None:
    """Write what can be made again from the audit: findings.json, report.html, manifest.json."""
    from auditnn.policy.files import findings_to_json
    from auditnn.report.html import render

    write_whole(folder / FINDINGS_FILE, dump_json(findings_to_json(findings)))
    write_whole(folder / REPORT_FILE, render(audit, findings).encode())
    write_whole(folder / MANIFEST_FILE, dump_json(_manifest(audit, folder)))


def open_findings(folder: Path) -> Findings:
    """The findings that were saved beside an audit. Raises StoreError where there are none."""
    from auditnn.policy.files import findings_from_json

    return findings_from_json(read_json(folder / FINDINGS_FILE, FINDINGS_SCHEMA))


def _manifest(audit: Audit, folder: Path) -> dict[str, Any]:
    """sha256 of each file of the folder, of the model and data, and of the settings."""
    settings = dump_json({"settings": plain(audit.settings), "analyzers": [plain(a.settings) for a in audit.analyzers]})
    return {
        "schema": "auditnn.manifest/1",
        "files": {name: _sha256((folder / name).read_bytes()) for name in _LISTED if (folder / name).exists()},
        "subject": dict(audit.subject["digests"]),
        "settings": _sha256(settings),
    }


def _sha256(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()

"""A run folder: the audit, what a policy says of it, the report, and a manifest of digests."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from auditnn.core.audit import Audit
from auditnn.core.errors import StoreError
from auditnn.core.plain import plain
from auditnn.core.store import ARRAYS_FILE, AUDIT_FILE, audit_files, dump_json, read_json, write_together
from auditnn.policy.finding import SCHEMA as FINDINGS_SCHEMA
from auditnn.policy.finding import Findings

FINDINGS_FILE = "findings.json"
REPORT_FILE = "report.html"
MANIFEST_FILE = "manifest.json"
MANIFEST_SCHEMA = "auditnn.manifest/1"
_LISTED = (AUDIT_FILE, ARRAYS_FILE, FINDINGS_FILE, REPORT_FILE)


def save_run(audit: Audit, findings: Findings, folder: Path) -> Path:
    """Write all files of a run folder together. Returns the folder. Raises StoreError where it cannot.

    Should the report fail, the audit alone is written all the same, and nothing older is left beside it.
    """
    contents = audit_files(audit)
    try:
        digests = {name: _sha256(content) for name, content in contents.items()}
        contents |= _judged_files(audit, findings, digests)
    finally:
        write_together(folder, contents, stale=(MANIFEST_FILE, FINDINGS_FILE, REPORT_FILE))
    return folder


def save_judged(audit: Audit, findings: Findings, folder: Path) -> None:
    """Write what can be made again from the audit: findings.json, report.html, manifest.json.

    The manifest keeps its digests of the audit itself: a change by hand since the run stays visible.
    """
    listed = _listed(folder)
    saved = {name: listed.get(name, digest) for name, digest in _digests(folder, (AUDIT_FILE, ARRAYS_FILE)).items()}
    write_together(folder, _judged_files(audit, findings, saved), stale=(MANIFEST_FILE,))


def changed_files(folder: Path) -> list[str]:
    """Files of a run folder that are not what its manifest lists; all of them where there is no manifest."""
    here, listed = _digests(folder, _LISTED), _listed(folder)
    return [name for name in _LISTED if here.get(name) != listed.get(name)]


def _digests(folder: Path, names: Sequence[str]) -> dict[str, str]:
    return {name: _sha256((folder / name).read_bytes()) for name in names if (folder / name).is_file()}


def _listed(folder: Path) -> dict[str, Any]:
    try:
        files = read_json(folder / MANIFEST_FILE, MANIFEST_SCHEMA).get("files")
    except StoreError:
        return {}
    return files if isinstance(files, dict) else {}


def open_findings(folder: Path) -> Findings:
    """The findings that were saved beside an audit. Raises StoreError where there are none."""
    from auditnn.policy.files import findings_from_json

    return findings_from_json(read_json(folder / FINDINGS_FILE, FINDINGS_SCHEMA))


def _judged_files(audit: Audit, findings: Findings, digests: Mapping[str, str]) -> dict[str, bytes]:
    """findings.json and report.html, and a manifest of these with the `digests` of the files saved before."""
    from auditnn.policy.files import findings_to_json
    from auditnn.report.html import render

    made = {
        FINDINGS_FILE: dump_json(findings_to_json(findings)),
        REPORT_FILE: render(audit, findings).encode(),
    }
    files = {**digests, **{name: _sha256(content) for name, content in made.items()}}
    return made | {MANIFEST_FILE: dump_json(_manifest(audit, files))}


def _manifest(audit: Audit, files: Mapping[str, str]) -> dict[str, Any]:
    """sha256 of each file of the folder, of the model and data, and of the settings."""
    settings = dump_json({"settings": plain(audit.settings), "analyzers": [plain(a.settings) for a in audit.analyzers]})
    return {
        "schema": MANIFEST_SCHEMA,
        "files": dict(files),
        "subject": dict(audit.subject["digests"]),
        "settings": _sha256(settings),
    }


def _sha256(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()

"""The first screen in words: the verdict and the facts of the audit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from auditnn.core.audit import Audit
from auditnn.policy.finding import Findings

WORDS: Mapping[str, tuple[str, str]] = {
    "fail": ("Fails", "At least one rule of the policy is broken, beyond what chance explains."),
    "incomplete": (
        "Incomplete",
        "Nothing is known to fail, but the evidence that the policy requires is not all there.",
    ),
    "unsure": ("Unsure", "Nothing is known to fail, but the data cannot settle every rule."),
    "pass": ("Passes", "Every rule that was judged is met, as far as these rows can tell."),
}
SILENT = "No rule of the policy met a measurement, so nothing was judged."
TONES: Mapping[str, str] = {"fail": "fail", "incomplete": "absent", "unsure": "unsure", "pass": "pass"}


def headline(findings: Findings) -> tuple[str, str]:
    """The verdict in a word and in a sentence."""
    word, sentence = WORDS[findings.verdict]
    judged = any(one.status != "not_applicable" for one in findings.findings)
    return (word, sentence) if judged else ("Nothing judged", SILENT)


def facts(audit: Audit) -> dict[str, Any]:
    """What the first screen says about the subject."""
    subject = audit.subject
    digests = subject.get("digests") or {}
    return {
        "name": str(subject.get("name") or "unnamed"),
        "digest": short_digest(digests.get("model")) or ("not available" if "model" in digests else None),
        "date": spoken_date(audit.created),
    }


def short_digest(digest: Any) -> str | None:
    """The beginning of a digest, enough to recognise it."""
    if not digest:
        return None
    kind, _, rest = str(digest).partition(":")
    return f"{kind}:{rest[:12]}" if rest else kind


def spoken_date(created: str) -> str:
    """A timestamp as people read it; as it came where it is none.

    >>> spoken_date("2025-11-21T14:03:00+00:00")
    '21 November 2025, 14:03 UTC'
    """
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return created
    zone = " UTC" if moment.utcoffset() is not None and not moment.utcoffset() else ""
    return f"{moment.day} {moment:%B %Y, %H:%M}{zone}"

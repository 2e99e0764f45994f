"""The first screen in words: the verdict, the facts of the audit, a finding as a card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape

from auditnn.core.audit import Audit
from auditnn.core.measurement import Measurement
from auditnn.core.scale import Scale
from auditnn.figures.bullet import bullet
from auditnn.policy.finding import Finding, Findings
from auditnn.report.names import slice_words
from auditnn.report.traced import LONG_UNIT, limit_text, limits, scale_for

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
STATUS_TONES: Mapping[str, str] = {
    "fail": "fail",
    "unsure": "unsure",
    "not_measured": "absent",
    "pass": "pass",
    "not_applicable": "absent",
}


@dataclass(frozen=True, slots=True)
class Card:
    """One finding with what it was judged on."""

    finding: Finding
    measurement: Measurement | None
    scale: Scale
    where: str
    picture: Markup


def headline(findings: Findings) -> tuple[str, str]:
    """The verdict in a word and in a sentence."""
    word, sentence = WORDS[findings.verdict]
    judged = any(one.status != "not_applicable" for one in findings.findings)
    return (word, sentence) if judged else ("Nothing judged", SILENT)


def card(finding: Finding, measurement: Measurement | None) -> Card:
    """The finding ready for the page; the picture is empty where there is no value."""
    scale = scale_for(measurement, (finding,))
    picture = Markup()
    compared = finding.status in ("pass", "fail", "unsure")
    if compared and measurement is not None and measurement.value is not None:
        picture = _picture(finding, measurement, scale)
    return Card(finding, measurement, scale, slice_words(finding.slice), picture)


def _picture(finding: Finding, measurement: Measurement, scale: Scale) -> Markup:
    assert measurement.value is not None
    allowed = limits(finding)
    fields = ("threshold.low", "threshold.high") if finding.op == "between" else ("threshold", "threshold")
    labels = tuple(
        None if one is None else _limit_label(one, field, scale) for one, field in zip(allowed, fields, strict=True)
    )
    share = measurement.unit in ("probability", "share") and scale.suffix == "%"
    subject = "value" if measurement.interval_method == "exact" else "whole interval"
    said = {
        "fail": f"The {subject} lies beyond the limit.",
        "unsure": "The limit does not clearly lie outside the interval.",
        "pass": f"The {subject} lies within the limit.",
    }[finding.status]
    drawn = bullet(
        measurement.value,
        measurement.low,
        measurement.high,
        allowed,
        status=STATUS_TONES[finding.status],
        said=said,
        labels=(labels[0], labels[1]),
        within=(0.0, 1.0) if share else (None, None),
    )
    return Markup(drawn)


def _limit_label(limit: float, field: str, scale: Scale) -> str:
    """The words over a limit's line; SVG text, its number traced like any other."""
    word = scale.suffix.startswith(" ")
    text = limit_text(limit, Scale(scale.factor, scale.decimals, "" if word else scale.suffix))
    unit = f'<tspan class="unit">{escape(scale.suffix)}</tspan>' if word and len(scale.suffix) <= LONG_UNIT else ""
    number = f'<tspan class="num" data-field="{field}" data-raw="{escape(str(limit))}">{escape(text)}</tspan>'
    return f"limit {number}{unit}"


def facts(audit: Audit) -> dict[str, Any]:
    """What the first screen says about the subject."""
    subject = audit.subject
    digests = subject.get("digests") or {}
    return {
        "name": str(subject.get("name") or "unnamed"),
        "digest": short_digest(digests.get("model")),
        "date": spoken_date(audit.created),
    }


def short_digest(digest: Any) -> str | None:
    """The beginning of a digest, enough to recognise it."""
    if not digest:
        return None
    kind, _, rest = str(digest).partition(":")
    return f"{kind}:{rest[:12]}" if rest else kind[:12]


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

"""Waivers on findings: an unexpired one is shown and keeps the finding from counting; an expired one only speaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from auditnn.policy.comparison import pairs_in_words
from auditnn.policy.finding import Finding
from auditnn.policy.rule import Waiver

EXCUSABLE = ("fail", "unsure", "not_measured")


def apply_waivers(findings: Sequence[Finding], waivers: Sequence[Waiver], today: date) -> Iterator[Finding]:
    """The findings, each that does not pass with the waiver that covers it (the one that lasts longest)."""
    for finding in findings:
        covering = [one for one in waivers if one.covers(finding.code, finding.slice)]
        if not covering or finding.status not in EXCUSABLE:
            yield finding
            continue
        waiver = max(covering, key=lambda one: one.expires)
        expired, day = waiver.expired(today), waiver.expires.isoformat()
        said = f"A waiver by {waiver.owner} expired on {day}." if expired else f"Waived by {waiver.owner} until {day}."
        told = {"reason": waiver.reason, "owner": waiver.owner, "expires": day, "expired": expired}
        yield replace(finding, waiver=told, statement=f"{finding.statement} {said}")


def waiver_notes(findings: Sequence[Finding], waivers: Sequence[Waiver], today: date) -> tuple[str, ...]:
    """What is to be said about the waivers themselves: expired, matching nothing, or no longer needed."""
    return tuple(note for waiver in waivers if (note := _note(findings, waiver, today)))


def _note(findings: Sequence[Finding], waiver: Waiver, today: date) -> str | None:
    name = f"The waiver of {waiver.code}"
    if waiver.slice:
        name += f" for {pairs_in_words(waiver.slice)}"
    name += f" by {waiver.owner}"
    covered = [one for one in findings if waiver.covers(one.code, one.slice)]
    if not covered:
        return f"{name} matches no finding of this audit: correct its slice, or remove it."
    if not any(one.status in EXCUSABLE for one in covered):
        return f"{name} is not needed here: nothing that it covers is open."
    if waiver.expired(today):
        return f"{name} expired on {waiver.expires.isoformat()} and does not count: renew it, or mend what it excused."
    return None

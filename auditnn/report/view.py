"""What the page shows, gathered from the audit and the findings before a word of HTML is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from auditnn.core.audit import AnalyzerRecord, Audit
from auditnn.core.measurement import Measurement, SliceKey, slice_key
from auditnn.policy.finding import Finding, Findings, FindingStatus
from auditnn.report.blocks import Block, blocks
from auditnn.report.names import ORDER, SECTIONS, Section, section_of, slice_words, spelled
from auditnn.report.pictures import Picture, pictures
from auditnn.report.ranking import OUTCOMES, tally
from auditnn.report.trust import Trust, Verdicts

KEY_ROWS = 16
LISTED = 100
RULE_ROWS = 250
ABSENT_ROWS = 60
PLACES = 6
EXPLANATION, TRUST, CHOSEN = "explanation", "trust", "/method"
NO_REASON = "no reason was given"
Key = tuple[str, SliceKey]


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A measurement that a reader should see, with what the policy says about it."""

    measurement: Measurement
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """All measurements of one analyzer, as many as a page can hold."""

    record: AnalyzerRecord | None
    analyzer: str
    rows: tuple[Measurement, ...]
    total: int

    @property
    def more(self) -> int:
        """Measurements that are not listed here."""
        return self.total - len(self.rows)


@dataclass(frozen=True, slots=True)
class Chapter:
    """One section of the report. `chosen` are the tables that say by which method explanations were computed, `trust`
    all that the checks found, method by method."""

    section: Section
    tally: dict[FindingStatus, int]
    troubled: tuple[AnalyzerRecord, ...]
    key_rows: tuple[KeyRow, ...]
    key_more: int
    chosen: tuple[Picture, ...]
    blocks: tuple[Block, ...]
    tables: tuple[Picture, ...]
    trust: tuple[Trust, ...]
    listings: tuple[Listing, ...]

    @property
    def worst(self) -> FindingStatus | None:
        """The gravest outcome of its rules; None where no rule speaks of it."""
        return next((status for status in OUTCOMES if self.tally[status]), None)


@dataclass(frozen=True, slots=True)
class Absence:
    """Something that was not measured: what (each with its rule or status), where (the first few places, and in how
    many more), and why."""

    what: tuple[tuple[str, str], ...]
    where: str
    reason: str
    more: int = 0


@dataclass(frozen=True, slots=True)
class View:
    """Everything on the page."""

    chapters: tuple[Chapter, ...]
    absences: tuple[Absence, ...]
    absences_more: int
    not_applicable: tuple[Absence, ...]
    rules: tuple[Finding, ...]
    rules_more: int

    def anchor(self, finding: Finding) -> str:
        """The id of the finding's row among all rules; empty where the page does not hold it."""
        return next((f"rule-{at}" for at, one in enumerate(self.rules) if one is finding), "")


def gather(audit: Audit, findings: Findings) -> View:
    """The page's content."""
    judged = _judged(findings)
    verdicts = Verdicts(audit, findings)
    shown = [_with_trust(one, verdicts) for one in pictures(audit)]
    keys = _section_keys(audit, findings)
    absent = absences(audit, findings)
    rules = findings.findings
    return View(
        chapters=tuple(_chapter(key, audit, findings, judged, shown, verdicts) for key in keys),
        absences=tuple(absent[:ABSENT_ROWS]),
        absences_more=max(0, len(absent) - ABSENT_ROWS),
        not_applicable=tuple(_not_applicable(audit)),
        rules=tuple(rules[:RULE_ROWS]),
        rules_more=max(0, len(rules) - RULE_ROWS),
    )


def absences(audit: Audit, findings: Findings) -> list[Absence]:
    """What was not measured although the question exists: analyzers first, then rules, then single quantities."""
    found = [
        Absence(((record.id, record.status),), "", record.reason or NO_REASON)
        for record in audit.analyzers
        if record.status in ("failed", "skipped", "undefined")
    ]
    places: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    silent = [one for one in findings.findings if one.status == "not_measured"]
    for rule in silent:
        places[rule.measurement, rule.code, rule.reason or NO_REASON].append(slice_words(rule.slice))
    judged = {(one.measurement, slice_key(one.slice)) for one in silent}
    for one in audit.measurements:
        if one.status in ("undefined", "skipped", "failed") and one.key not in judged:
            places[one.id, one.status, one.reason or NO_REASON].append(slice_words(one.slice))
    alike: dict[tuple[tuple[str, ...], str], list[tuple[str, str]]] = defaultdict(list)
    for (id, status, reason), slices in places.items():
        alike[tuple(slices), reason].append((id, status))
    for (where, reason), what in alike.items():
        named = [words or "all rows" for words in where[:PLACES]] if any(where) else []
        found.append(Absence(tuple(what), "; ".join(named), reason, len(where) - len(named) if named else 0))
    return found


def _not_applicable(audit: Audit) -> list[Absence]:
    return [
        Absence(((record.id, record.status),), "", record.reason or NO_REASON)
        for record in audit.analyzers
        if record.status == "not_applicable"
    ]


def _section_keys(audit: Audit, findings: Findings) -> list[str]:
    """The sections that have something to show, in their order; unknown areas last."""
    ids = [record.id for record in audit.analyzers if record.status != "not_applicable"]
    ids += [one.id for one in audit.measurements if one.status != "not_applicable"]
    ids += [one.measurement for one in findings.findings if one.status != "not_applicable"]
    present = dict.fromkeys(section_of(id) for id in ids)
    return [key for key in ORDER if key in present] + [key for key in present if key not in ORDER]


def _section(key: str) -> Section:
    known = next((section for section in SECTIONS if section.key == key), None)
    return known or Section(key, spelled(key), f"What was measured under {key}.", (f"{key}.",))


def _with_trust(picture: Picture, verdicts: Verdicts) -> Picture:
    """What explains the model gets its verdict; what shows the checks themselves does not."""
    own = section_of(picture.exhibit.id) == EXPLANATION and picture.exhibit.kind != "table"
    return replace(picture, trust=verdicts.beside(picture.exhibit)) if own else picture


def _chapter(
    key: str,
    audit: Audit,
    findings: Findings,
    judged: dict[Key, list[Finding]],
    shown: Sequence[Picture],
    verdicts: Verdicts,
) -> Chapter:
    own = [one for one in audit.measurements if section_of(one.id) == key]
    mine = [picture for picture in shown if section_of(picture.exhibit.id) == key]
    records = [record for record in audit.analyzers if section_of(record.id) == key]
    trust = tuple(verdicts.of(method) for method in verdicts.methods) if key == TRUST else ()
    key_rows = _key_rows([one for one in own if not (trust and "method" in one.slice)], judged)
    return Chapter(
        section=_section(key),
        tally=tally(one for one in findings.findings if section_of(one.measurement) == key),
        troubled=tuple(record for record in records if record.status in ("failed", "skipped", "undefined")),
        key_rows=tuple(key_rows[:KEY_ROWS]),
        key_more=max(0, len(key_rows) - KEY_ROWS),
        chosen=tuple(picture for picture in mine if picture.exhibit.id.endswith(CHOSEN)),
        blocks=blocks(key, [picture for picture in mine if picture.svg]),
        tables=tuple(picture for picture in mine if not picture.svg),
        trust=trust,
        listings=tuple(_listings(own, records)),
    )


def _key_rows(own: Sequence[Measurement], judged: dict[Key, list[Finding]]) -> list[KeyRow]:
    """What a rule speaks of and what holds for all rows; the gravest first only where not all fit."""
    rows = []
    for one in own:
        said = tuple(finding for finding in judged.get(one.key, ()) if finding.status != "not_applicable")
        if one.status == "measured" and (said or not one.slice):
            rows.append(KeyRow(one, said))
    return rows if len(rows) <= KEY_ROWS else sorted(rows, key=_gravity)


def _gravity(row: KeyRow) -> int:
    return min((OUTCOMES.index(finding.status) for finding in row.findings), default=len(OUTCOMES))


def _listings(own: Sequence[Measurement], records: Sequence[AnalyzerRecord]) -> list[Listing]:
    by_analyzer: dict[str, list[Measurement]] = defaultdict(list)
    for one in own:
        by_analyzer[one.analyzer].append(one)
    known = {record.id: record for record in records}
    return [
        Listing(known.get(analyzer), analyzer, tuple(rows[:LISTED]), len(rows))
        for analyzer, rows in by_analyzer.items()
    ]


def _judged(findings: Findings) -> dict[Key, list[Finding]]:
    judged: dict[Key, list[Finding]] = defaultdict(list)
    for one in findings.findings:
        judged[one.measurement, slice_key(one.slice)].append(one)
    return judged

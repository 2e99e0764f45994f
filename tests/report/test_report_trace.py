"""Every number on the page leads back to a measurement, a finding, an exhibit or the record of the run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import fixtures
import pytest
from page import Node, find, parse

from auditnn.core.measurement import slice_key
from auditnn.core.store import audit_to_json
from auditnn.report.html import render
from auditnn.report.names import section_of

DIGIT = re.compile(r"\d")
# Where digits may stand without being a traced number: names and texts from the audit or the policy, ids and codes,
# the names of measures, units, and the constants of the page itself.
DECLARED = {"num", "said", "name", "code", "measure", "meaning", "unit", "const"}


def written(text: str) -> tuple[float, float]:
    """What a displayed number says, and half of its last digit."""
    text = text.strip().replace("−", "-").replace(",", "").removesuffix(" points").rstrip("%×")
    text = text.lstrip("<> ")
    power = 1.0
    if "×" in text:
        text, exponent = text.split(" × 10")
        power = 10.0 ** int(exponent.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")))
    decimals = len(text.partition(".")[2])
    return float(text) * power, 0.5000001 * 10.0**-decimals * power


def truth(report: Any, node: Node) -> Any:
    """The number in the audit or the findings that this element claims to show."""
    field = node.near("data-field") if "data-field" in node.attrs else None
    if "data-count" in node.attrs:
        return count(report, node.attrs["data-count"], json.loads(node.attrs["data-raw"]))
    if "data-subject" in node.attrs:
        found: Any = report.audit.subject
        for part in json.loads(node.attrs["data-subject"]):
            found = found[part]
        return found
    if node.near("data-exhibit") is not None:
        return cell(report, node)
    if node.near("data-analyzer") is not None:
        record = report.audit.record(node.near("data-analyzer"))
        return getattr(record, str(field))
    pairs = slice_key(json.loads(node.near("data-slice") or "null"))
    id = node.near("data-measurement")
    if field in ("value", "low", "high", "n"):
        one = next(one for one in report.audit.measurements if one.key == (id, pairs))
        return getattr(one, field)
    code = node.near("data-finding")
    finding = next(
        one
        for one in report.findings.findings
        if (one.code, one.measurement, slice_key(one.slice)) == (code, id, pairs)
    )
    if field in ("threshold.low", "threshold.high"):
        return finding.threshold[field == "threshold.high"]
    if field == "settle.now":
        one = next(one for one in report.audit.measurements if one.key == (id, pairs))
        rows = one.basis.get("rows", one.basis.get("n", one.n))
        group = finding.settle["group"]
        return sum(rows) if group is None and isinstance(rows, list) else rows_of_group(one.basis, rows, group)
    return finding.settle["rows"] if field == "settle.rows" else getattr(finding, str(field))


def rows_of_group(basis: Any, rows: Any, group: str | None) -> Any:
    return rows if group is None else rows[basis["groups"].index(group)]


def cell(report: Any, node: Node) -> Any:
    """The cell of an exhibit that a table cell shows: found by the table's exhibit, its row and its column."""
    row = next(one for one in node.up() if one.tag == "tr")
    table = next(one for one in node.up() if one.tag == "table")
    pairs = slice_key(json.loads(table.attrs["data-slice"]))
    exhibit = next(
        one for one in report.audit.exhibits if one.id == table.attrs["data-exhibit"] and slice_key(one.slice) == pairs
    )
    cells = [one for one in row.children if isinstance(one, Node)]
    heads = find(table, "th")
    column = heads[cells.index(node)].attrs["data-column"]
    body = row.parent
    assert body is not None
    rows = [one for one in body.children if isinstance(one, Node)]
    return exhibit.columns[column][rows.index(row)]


def count(report: Any, what: str, raw: int) -> int:
    """How many there are of something; counts of what a page leaves out are checked where they are made."""
    findings = [one for one in report.findings.findings if not one.waived]
    if what in ("fail", "unsure", "not_measured", "pass"):
        return sum(one.status == what and not one.advisory for one in findings)
    if what == "advice":
        return sum(one.advisory and one.status in ("fail", "unsure") for one in report.findings.findings)
    section, _, status = what.partition(".")
    if status:
        return sum(one.status == status and section_of(one.measurement) == section for one in findings)
    if what == "asking":
        asking = [one for one in report.findings.findings if one.status in ("fail", "unsure", "not_measured")]
        return len({(one.code, one.status, one.waived) for one in asking})
    assert what in ("cards", "more", "times", "rest", "undrawn", "waived", "slices")
    return raw


def test_every_number_is_the_audit_s_own(report: Any) -> None:
    shown = find(report.tree, cls="num")
    assert shown
    for node in shown:
        raw = json.loads(node.attrs["data-raw"])
        assert raw == truth(report, node), node.attrs


def test_every_number_is_written_as_it_is(report: Any) -> None:
    for node in find(report.tree, cls="num"):
        raw = float(json.loads(node.attrs["data-raw"]))
        if node.text.lstrip()[:1] in "<>":
            assert raw < 0.001 or raw > 0.999
            continue
        said, half = written(node.text)
        if node.attrs.get("data-field") == "settle.rows":
            half = 0.05 * raw
        assert min(abs(said - raw), abs(said - 100 * raw)) <= half * 1.001 + 1e-12 * abs(raw), node.text


def declared(root: Node) -> Iterator[tuple[Node, str]]:
    """Texts with digits that nothing declares."""
    for node, text in root.texts():
        if DIGIT.search(text) and not any(one.classes & DECLARED or one.tag == "time" for one in node.up()):
            yield node, text


def test_no_digit_in_findings_and_tables_is_undeclared(report: Any) -> None:
    places = [*find(report.tree, "section", id="findings"), *find(report.tree, "table"), *find(report.tree, "dl")]
    assert [text for place in places for _, text in declared(place)] == []


def strings(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict):
        for name, value in content.items():
            yield str(name)
            yield from strings(value)
    elif isinstance(content, (list, tuple)):
        for value in content:
            yield from strings(value)


def test_what_is_quoted_is_quoted_word_for_word(report: Any) -> None:
    known = {text.strip() for text in strings([audit_to_json(report.audit), asdict(report.findings)])}
    statements = {(one.code, slice_key(one.slice)): one.statement for one in report.findings.findings}
    for node in find(report.tree, cls="said"):
        if "meaning" in node.classes:  # the beginning of a finding's sentence, up to its interval
            pairs = slice_key(json.loads(node.near("data-slice") or "null"))
            assert statements[node.near("data-finding"), pairs].startswith(node.text + "; "), node.text
        elif node.text.strip():
            assert node.text.strip() in known, node.text


def test_the_tally_adds_up_to_what_was_judged(report: Any) -> None:
    shown = [int(node.attrs["data-raw"]) for node in find(find(report.tree, "dl", cls="tally")[0], cls="num")]
    judged = [one for one in report.findings.findings if one.status != "not_applicable" and not one.waived]
    assert sum(shown) == sum(not one.advisory for one in judged)


def test_the_trace_would_notice_another_number(credit: Any) -> None:
    """The test can fail: a page of one audit does not trace to another."""
    other = fixtures.digits()
    page = parse(render(other, fixtures.judged(other), live=False))
    node = next(one for one in find(page, cls="num") if one.attrs.get("data-field") == "value")
    with pytest.raises((StopIteration, AssertionError)):
        assert json.loads(node.attrs["data-raw"]) == truth(credit, node)

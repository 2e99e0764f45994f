"""The page as a whole: self-contained, locked down, ordered, careful in its words, quick."""

from __future__ import annotations

import base64
import gzip
import hashlib
import itertools
import json
import os
import re
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import fixtures
import pytest
from page import find, parse

from auditnn.core.audit import Audit
from auditnn.core.exhibit import Exhibit
from auditnn.policy.finding import Findings
from auditnn.report.html import render
from auditnn.report.verdict import short_digest, spoken_date

HERE = Path(__file__).resolve().parent
MOST_BYTES = 1_500_000
NAMESPACES = ("http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink")
ADDRESS = re.compile(r"https?://[^\s\"'<>)\\]+")


def hashed(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def policy_of(report: Any) -> str:
    (meta,) = [one for one in find(report.tree, "meta") if "http-equiv" in one.attrs]
    assert meta.attrs["http-equiv"] == "Content-Security-Policy"
    return meta.attrs["content"]


def unpacked(report: Any) -> str:
    (packed,) = find(report.tree, "script", id="runtime")
    return gzip.decompress(base64.b64decode(packed.text)).decode()


def test_size(report: Any) -> None:
    assert len(report.text.encode()) < MOST_BYTES


def test_it_fetches_nothing(report: Any) -> None:
    outside = "\n".join(text for node, text in report.tree.texts() if node.attrs.get("id") != "runtime")
    attributes = " ".join(value for node in report.tree.walk() for value in node.attrs.values())
    found = set(ADDRESS.findall(outside + attributes)) - set(NAMESPACES)
    # A spec names its schema; nothing ever fetches it.
    assert {one for one in found if not one.startswith("https://vega.github.io/schema/")} == set()
    for node in report.tree.walk():
        for name in ("src", "href", "xlink:href", "action", "srcset", "poster", "data"):
            address = node.attrs.get(name, "#")
            assert address.startswith(("#", "data:image/png;base64,")), (node.tag, name, address)
    assert find(report.tree, "link") == []
    assert "@import" not in report.text.partition("</style>")[0]


def test_only_its_own_scripts_and_styles_may_run(report: Any) -> None:
    policy = policy_of(report)
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "connect-src" not in policy
    scripts = [one for one in find(report.tree, "script") if "type" not in one.attrs]
    assert len(scripts) == 1
    assert hashed(scripts[0].text) in policy
    (style,) = find(report.tree, "style")
    assert f"style-src {hashed(style.text)};" in policy
    if find(report.tree, "script", id="runtime"):
        assert hashed(unpacked(report)) in policy
    inline = [name for node in report.tree.walk() for name in node.attrs if name == "style" or name.startswith("on")]
    assert inline == []


def test_the_runtime_is_there_once_and_only_where_something_is_drawn(report: Any) -> None:
    figures = find(report.tree, "figure")
    packed = find(report.tree, "script", id="runtime")
    assert len(packed) == (1 if figures else 0)
    if packed:
        assert "vegaEmbed" in unpacked(report)


def test_every_figure_is_still_live_and_a_table(report: Any) -> None:
    for figure in find(report.tree, "figure"):
        (svg,) = find(figure, "svg", cls="figure-svg")
        assert svg.attrs["role"] == "img"
        assert len(svg.attrs["aria-label"]) > 10
        specs = find(figure, "script")
        assert len(specs) == (0 if find(svg, "image") else 1)  # images are in the page once
        assert all(json.loads(spec.text)["data"]["values"] for spec in specs)
        assert len(find(find(figure, "details")[0], "tr")) > 1


def test_headings_and_landmarks(report: Any) -> None:
    levels = [int(one.tag[1]) for one in report.tree.walk() if re.fullmatch("h[1-6]", one.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    for tag in ("header", "nav", "main", "footer"):
        assert len(find(report.tree, tag)) == 1
    ids = [one.attrs["id"] for one in report.tree.walk() if "id" in one.attrs]
    assert len(ids) == len(set(ids))
    for link in find(report.tree, "a"):
        assert link.attrs["href"][1:] in ids
    for section in find(report.tree, "section"):
        assert section.attrs["aria-labelledby"] in ids
    assert all("scope" in one.attrs for one in find(report.tree, "th"))
    (root,) = find(report.tree, "html")
    assert root.attrs["lang"] == "en"


def test_its_words_promise_nothing(report: Any) -> None:
    shown = " ".join(
        text for node, text in report.tree.texts() if not {"script", "style"} & {one.tag for one in node.up()}
    )
    assert not re.search(r"\b(fair|safe|compliant|certified|bias-free|trustworthy)\b", shown, re.IGNORECASE)
    assert "Evidence, not certification." in shown


def test_the_first_screen_says_what_it_must(credit: Any) -> None:
    top = find(credit.tree, "header")[0].text
    for said in ("credit", "default", "5,000 test", "15,000 train", "sha256:9f2c4be1a07d", "21 November 2025"):
        assert said in top
    assert "features of a sample" in top
    assert "applicant_name" in top
    assert find(credit.tree, "p", cls="word")[0].text == "Fails"


def test_at_most_ten_cards_in_the_judge_s_order(credit: Any) -> None:
    cards = find(credit.tree, "article")
    asking = [one for one in credit.findings.findings if one.status in ("fail", "unsure", "not_measured")]
    rules = list(dict.fromkeys((one.code, one.status) for one in asking))
    assert len(rules) > 10
    assert [one.attrs["data-finding"] for one in cards] == [code for code, _ in rules[:10]]
    told = find(credit.tree, "section", id="findings")[0].text
    assert f"The first 10 of {len(rules)}" in told


def many(count: int, **changes: Any) -> tuple[Any, Findings]:
    """An audit with one rate of many classes, all against one rule."""
    measured, found = [], []
    for i in range(count):
        pairs = {"class": f"c{i}"}
        one = fixtures.measures.rate("performance.accuracy/recall", 20 + i, 90, slice=pairs, better="higher")
        measured.append(one)
        found.append(
            fixtures.finding(
                code="ACC009", measurement=one.id, slice=pairs, op="at_least", threshold=0.9, value=one.value,
                low=one.low, high=one.high, p_adjusted=0.001, title="Recall of every class", why="It matters once.",
                **changes,
            )
        )  # fmt: skip
    audit = replace(fixtures.credit(), measurements=tuple(measured), exhibits=())
    return audit, Findings(policy="p", verdict="fail", findings=tuple(found))


def test_one_rule_is_one_card_with_a_row_for_each_slice() -> None:
    audit, findings = many(9)
    page = parse(render(audit, findings, live=False))
    (card,) = find(page, "article")
    assert card.text.count("It matters once.") == 1
    rows = find(find(card, "tbody")[0], "tr")
    slices = [json.loads(row.attrs["data-slice"])["class"] for row in rows]
    assert slices == [f"c{i}" for i in range(6)]
    assert len(find(card, "svg", cls="bullet")) == 6
    assert "in 9 slices" in card.text
    assert "and 3 more in all rules" in card.text


def test_rows_of_a_card_share_one_scale() -> None:
    audit, findings = many(5)
    page = parse(render(audit, findings, live=False))
    drawn = find(find(page, "article")[0], "svg", cls="bullet")
    limits = {
        tuple(one.attrs["x1"] for one in find(svg, "line") if one.attrs["stroke-width"] == "1.5") for svg in drawn
    }
    dots = [float(find(svg, "circle")[0].attrs["cx"]) for svg in drawn]
    assert len(limits) == 1
    assert dots == sorted(dots)
    assert len(set(dots)) == len(dots)


def test_outcomes_and_waivers_have_cards_of_their_own() -> None:
    audit, findings = many(4)
    waiver = {"reason": "agreed", "owner": "M. Curie", "expires": "2027-01-31", "expired": False}
    first, second, third, fourth = findings.findings
    changed = (first, second, replace(third, status="unsure"), replace(fourth, waiver=waiver))
    page = parse(render(audit, replace(findings, findings=changed), live=False))
    cards = find(page, "article")
    assert [len(find(one, "svg", cls="bullet")) for one in cards] == [2, 1, 1]
    assert ["M. Curie" in one.text for one in cards] == [False, False, True]


def test_what_was_not_measured_is_said(credit: Any) -> None:
    (section,) = find(credit.tree, "section", id="absent")
    for said in ("ValueError: x and n differ in length", "the budget of 60 s was spent", "no positive rows"):
        assert said in section.text
    assert "it is about images; this is a table" in section.text


def test_nothing_measured_is_no_pass() -> None:
    audit = fixtures.broken()
    page = parse(render(audit, fixtures.judged(audit), live=False))
    assert find(page, "p", cls="word")[0].text != "Passes"
    assert "the model ran out of memory" in find(page, "section", id="absent")[0].text


def test_an_audit_of_nothing_still_reads() -> None:
    nothing = Audit(
        auditnn="0.1.0", created=fixtures.CREATED, subject={"name": "x"}, settings={}, analyzers=(), measurements=()
    )
    page = parse(render(nothing, fixtures.judged(nothing), live=False))
    assert find(page, "p", cls="word")[0].text == "Incomplete"
    said = find(page, "section", id="absent")[0]
    assert "performance.accuracy was not run" in said.text
    assert len(find(said, "li")) < len(find(find(page, "section", id="rules")[0], "tr"))


def test_a_failure_of_everything_is_said_once_for_each_analyzer() -> None:
    audit = fixtures.credit()
    broken = tuple(replace(one, status="failed", reason="RuntimeError: shapes") for one in audit.analyzers)
    audit = replace(audit, analyzers=broken, measurements=(), exhibits=())
    page = parse(render(audit, fixtures.judged(audit), live=False))
    said = [one.text for one in find(find(page, "section", id="absent")[0], "li")]
    assert sum("performance.accuracy failed: RuntimeError: shapes" in one for one in said) == 1
    cards = find(page, "article")
    assert len(cards) == 10
    assert not any("What to do" in one.text for one in cards)


def test_two_hundred_groups_are_two_cards() -> None:
    audit, findings = many(200)
    wide = replace(findings, findings=(replace(findings.findings[0], status="unsure"), *findings.findings[1:]))
    text = render(audit, wide, live=False)
    page = parse(text)
    assert ["in 199 slices" in one.text for one in find(page, "article")] == [False, True]
    assert "and 193 more in all rules" in find(page, "article")[1].text
    assert len(find(find(page, "section", id="rules")[0], "tbody")) == 2
    assert len(text) < MOST_BYTES / 3


def test_a_policy_that_judges_nothing_is_no_pass() -> None:
    page = render(fixtures.digits(), Findings(policy="none", verdict="pass", findings=()), live=False)
    assert find(parse(page), "p", cls="word")[0].text == "Nothing judged"


def test_a_waiver_is_shown_and_not_counted() -> None:
    waiver = {"reason": "agreed", "owner": "M. Curie", "expires": date(2027, 1, 31), "expired": False}
    findings = Findings(policy="p", verdict="pass", findings=(fixtures.finding(waiver=waiver),))
    page = parse(render(fixtures.credit(), findings, live=False))
    assert "M. Curie" in find(page, "article")[0].text
    tally = find(find(page, "dl", cls="tally")[0], cls="num")
    assert [one.text for one in tally] == ["0", "0", "0", "0"]


def test_a_huge_audit_is_capped_and_says_so() -> None:
    audit = fixtures.credit()
    many = [f"category {i}" for i in range(2000)]
    rows = tuple(
        fixtures.measures.rate("fairness.group_rates/accuracy", 5, 9, slice={"attribute": "postcode", "group": name})
        for name in many
    )
    exhibit = Exhibit(
        id="fairness.group_rates/rates",
        kind="bars",
        title="Many",
        summary="Two thousand bars.",
        slice={"attribute": "postcode"},
        columns={"group": many, "rows": list(range(2000))},
        roles={"label": "group", "value": "rows"},
    )
    audit = replace(audit, measurements=audit.measurements + rows, exhibits=(*audit.exhibits, exhibit))
    findings = Findings(
        policy="p",
        verdict="fail",
        findings=tuple(fixtures.finding(slice={"attribute": f"a{i}"}) for i in range(5000)),
    )
    text = render(audit, findings, live=False)
    assert len(text) < MOST_BYTES
    assert "category 1999" not in text
    for left in ("1,940 more rows", "4,750 more findings", "1,940 further rows are not drawn", "more measurements"):
        assert left in re.sub(r"<[^>]+>", "", text), left


def test_a_long_name_stays_whole_in_the_page() -> None:
    name = "Ähre" * 200
    audit = replace(fixtures.credit(), subject={**fixtures.credit().subject, "name": name})
    assert name in render(audit, fixtures.judged(audit), live=False)


def test_the_same_record_gives_the_same_page(credit: Any) -> None:
    assert render(credit.audit, credit.findings) == credit.text


def test_what_was_rendered_before_leaves_no_trace() -> None:
    """Byte for byte what a process of its own gives, under another order of sets and dictionaries."""
    for name in ("digits", "diabetes", "credit"):
        audit = fixtures.AUDITS[name]()
        text = render(audit, fixtures.judged(audit), live=False)
    code = (
        "import sys; import fixtures; from auditnn.report.html import render; audit = fixtures.credit();"
        "sys.stdout.buffer.write(render(audit, fixtures.judged(audit), live=False).encode())"
    )
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "4",
        "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parents[1])]),
    }
    alone = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment)
    assert alone.stdout == text.encode()


def test_an_unknown_area_gets_a_section() -> None:
    audit = fixtures.credit()
    extra = fixtures.measures.exact("privacy.membership/advantage", 0.2, unit="probability")
    audit = replace(audit, measurements=(*audit.measurements, extra))
    page = parse(render(audit, fixtures.judged(audit), live=False))
    assert find(page, "section", id="privacy")[0].text.lstrip().startswith("Privacy")


@pytest.mark.parametrize(
    ("created", "said"),
    [
        ("2025-01-02T03:04:05+00:00", "2 January 2025, 03:04 UTC"),
        ("2025-01-02T03:04:05+02:00", "2 January 2025, 03:04"),
        ("yesterday", "yesterday"),
    ],
)
def test_dates(created: str, said: str) -> None:
    assert spoken_date(created) == said


@pytest.mark.parametrize(("digest", "said"), [(None, None), ("", None), ("sha256:" + "ab" * 32, "sha256:abababababab")])
def test_digests(digest: str | None, said: str | None) -> None:
    assert short_digest(digest) == said


def test_a_second_page_takes_less_than_three_seconds(credit: Any) -> None:
    begun = time.perf_counter()
    render(credit.audit, credit.findings)
    assert time.perf_counter() - begun < 3.0

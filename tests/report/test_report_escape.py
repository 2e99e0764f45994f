"""Whatever a name holds, it stays text: in HTML, in attributes, in SVG, in JSON inside a script."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace
from typing import Any

import fixtures
import pytest
from page import find, parse

from auditnn.core.audit import Audit
from auditnn.core.exhibit import Exhibit
from auditnn.policy.finding import Findings
from auditnn.report.html import render

TURNS = [chr(i) for i in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))]
INJECTIONS = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</SCRIPT ><img src=x onerror=alert(1)>",
    "<!--<script>",
    "-->",
    "]]>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    '" onfocus="alert(1)" autofocus="',
    "</style><style>*{display:none}",
    "</title><h1>no",
    "</svg><iframe src=javascript:alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "${alert(1)}",
    "&lt;script&gt;",
    "&#x3c;b&#x3e;",
    "\u2028alert(1)\u2029",
    "\u202egnidaer",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "<b>bold</b>",
    "a\x00b",
    "\\u003cscript\\u003e",
    "<form action=//evil><button>go",
    "<meta http-equiv=refresh content=0>",
    "<base href=//evil>",
    "url(#x)",
    "lone \ud800 surrogate",
    "bell \x07 and \x9f",
    "line\nend\r\nand tab\t",
    "' || alert(1) || '",
    "datum['x']\\",
]


def poisoned(text: str) -> tuple[Audit, Findings]:
    """An audit and findings in which every free text is `text`."""
    audit = fixtures.credit()
    pairs = {"attribute": text, "group": text}
    one = fixtures.measures.rate("fairness.group_rates/accuracy", 40, 90, slice=pairs)
    gone = fixtures.measures.absent("data.quality/missing_share", "undefined", text, slice={"feature": text})
    exhibits = tuple(
        Exhibit(
            id=f"fairness.group_rates/{kind}",
            kind=kind,
            title=text,
            summary=text,
            slice=pairs,
            columns={text: [text, "b"], "value": [0.1, 0.2], "low": [0.0, 0.1], "high": [0.2, 0.3], "by": [text, "c"]},
            roles=roles,
        )
        for kind, roles in (
            ("table", {}),
            ("bars", {"label": text, "value": "value", "series": "by"}),
            ("intervals", {"label": text, "value": "value", "low": "low", "high": "high", "series": "by"}),
            ("heatmap", {"x": text, "y": "by", "value": "value"}),
            ("curve", {"x": text, "y": "value", "series": "by"}),
            ("points", {"x": "value", "y": "low", "label": text}),
            ("spans", {"text": text, "value": "value"}),
        )
    )
    subject = {
        **audit.subject,
        **{"name": text, "source": text, "classes": [text], "redact": [text], "notes": [text], "kind": text},
        **{"modality": text, "digests": {"model": text, text: text}, "groups": {text: {text: 5}}, "rows": {text: 5}},
    }
    failed = fixtures.record("data.quality", status="failed", reason=text, settings={text: text})
    audit = replace(
        audit,
        subject=subject,
        measurements=(*audit.measurements, one, gone),
        exhibits=exhibits,
        analyzers=(failed,),
        environment={text: text, "libraries": {text: text}},
        settings={"seed": 0, text: text},
    )
    words = dict.fromkeys(("title", "statement", "why", "source", "remedy", "reason"), text)
    findings = (
        fixtures.finding(**words, references=(text,), measurement=one.id, slice=pairs, value=one.value),
        fixtures.finding(**words, status="not_measured", slice={text: text}),
    )
    return audit, Findings(policy=text, verdict="fail", findings=findings, notes=(text,))


@pytest.fixture(scope="module")
def plain() -> Any:
    return parse(render(*poisoned("plain"), live=False))


@pytest.mark.parametrize("text", INJECTIONS)
def test_it_stays_text(text: str, plain: Any) -> None:
    written = render(*poisoned(text), live=False)
    written.encode()
    page = parse(written)
    # The same elements with the same attributes as for a harmless text: nothing was added, nothing ended early.
    for tag in ("script", "style", "svg", "img", "iframe", "form", "meta", "base", "a", "h1", "b", "button", "details"):
        assert len(find(page, tag)) == len(find(plain, tag)), tag
    assert {name for node in page.walk() for name in node.attrs if name.startswith("on")} == set()
    assert len(find(page, "figure")) == 6
    for spec in find(page, "script", cls="spec"):
        shown = json.loads(spec.text)
        assert shown["data"]["values"]
    assert find(page, "h1")[0].text == shown_as(text)


def shown_as(text: str) -> str:
    """The text with U+FFFD for its control characters, surrogates and turns of reading direction."""
    return "".join("\ufffd" if forbidden(sign) else sign for sign in text)


def forbidden(sign: str) -> bool:
    bidirectional = unicodedata.bidirectional(sign) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
    return bidirectional or (unicodedata.category(sign) in ("Cc", "Cs") and sign not in "\t\n")


@pytest.mark.parametrize(
    "signs", [[chr(i) for i in range(0x20)], [chr(i) for i in range(0x7F, 0xA0)], TURNS, ["\ud800", "\udfff"]]
)
def test_no_control_character_reaches_the_page(signs: list[str]) -> None:
    """Neither in the page's text, nor as a number of a character, nor in the JSON that draws the figures."""
    written = render(*poisoned("a" + "b".join(signs) + "z"), live=False)
    written.encode()
    assert not [sign for sign in set(written) if forbidden(sign)]
    page = parse(written)
    texts = [node.text for node in page.walk()] + [value or "" for node in page.walk() for value in node.attrs.values()]
    specs = [json.dumps(json.loads(one.text), ensure_ascii=False) for one in find(page, "script", cls="spec")]
    escapes = [one for spec in specs for one in re.findall(r"\\(?:u....|.)", spec)]
    assert not [sign for text in texts for sign in text if forbidden(sign)]
    assert specs
    assert set(escapes) <= {'\\"', "\\n", "\\t", "\\\\"}


def test_no_script_ends_early() -> None:
    text = render(*poisoned("</script><!--<script>"), live=False)
    for block in text.split("<script")[1:]:
        body = block.partition(">")[2].partition("</script>")[0]
        assert "<!--" not in body
        assert "<script" not in body

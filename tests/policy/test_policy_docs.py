"""Every rule of the presets has its page, and every page its rule; what a page says of a threshold is so."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from auditnn.policy.files import load_policy, parse_policy, preset_names
from auditnn.policy.wording import threshold_words

PAGES = Path(__file__).parents[2] / "docs" / "rules"
CODES = sorted({rule.code for name in preset_names() for rule in load_policy(name).rules})


def test_pages_and_codes_are_the_same() -> None:
    assert sorted(page.stem for page in PAGES.glob("*.md") if page.stem != "index") == CODES


@pytest.mark.parametrize("code", CODES)
def test_the_page_of_a_rule(code: str) -> None:
    text = (PAGES / f"{code}.md").read_text(encoding="utf-8")
    for name in preset_names():
        rule = load_policy(name).rule(code)
        assert rule is not None
        assert text.startswith(f"# {code}: {rule.title}\n")
        assert f"| {name} | {threshold_words(rule)} | {rule.demand} | {rule.source} |" in text
        for part in (rule.measurement, rule.why, rule.remedy, *rule.references):
            assert part in text
    for heading in ("What it measures", "Why it matters", "The threshold", "What to do", "Run it again"):
        assert f"\n## {heading}\n" in text


def test_the_index_lists_every_rule() -> None:
    text = (PAGES / "index.md").read_text(encoding="utf-8")
    default, strict = load_policy("default"), load_policy("strict")
    for rule in default.rules:
        twin = strict.rule(rule.code)
        assert twin is not None
        cells = (f"[{rule.code}]({rule.code}.md)", rule.title, f"`{rule.measurement}`")
        assert f"| {' | '.join(cells)} | {threshold_words(rule)} | {threshold_words(twin)} |" in text


def test_the_policies_on_the_page_can_be_read() -> None:
    text = (PAGES / "index.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", text, flags=re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        assert tomllib.loads(block)["rule"]
        assert parse_policy(block.encode(), "the page", "page").rules


def test_nothing_claims_what_an_audit_cannot() -> None:
    words = re.compile(r"\b(is|are) (fair|safe|compliant)\b", flags=re.IGNORECASE)
    for page in PAGES.glob("*.md"):
        assert not words.search(page.read_text(encoding="utf-8"))
    for name in preset_names():
        for rule in load_policy(name).rules:
            assert not words.search(" ".join((rule.title, rule.why, rule.remedy, rule.source)))

"""The first screen says which model it was, where that can be told, and what was declared and not used."""

from __future__ import annotations

from dataclasses import replace

import fixtures
import pytest
from page import find, parse

from auditnn.report.html import render


@pytest.mark.parametrize(
    ("digests", "said"),
    [
        ({"model": "sha256:" + "ab" * 32}, "sha256:abababababab"),
        ({"model": None, "data": "sha256:" + "cd" * 32}, "not available"),
        ({"model": "not available"}, "not available"),
        ({}, "stored predictions"),
    ],
)
def test_the_model_by_its_digest(digests: dict[str, str | None], said: str) -> None:
    audit = fixtures.credit()
    audit = replace(audit, subject={**audit.subject, "digests": digests})
    page = parse(render(audit, fixtures.judged(audit), live=False))
    facts = find(page, "dl", cls="facts")[0].text
    assert said in facts
    assert "None" not in facts


def test_what_is_declared_and_not_used_stands_on_the_first_screen() -> None:
    note = "control is recorded but no analyzer uses it yet: disparities are not controlled for it."
    audit = fixtures.credit()
    audit = replace(audit, subject={**audit.subject, "notes": [note]})
    page = parse(render(audit, fixtures.judged(audit), live=False))
    assert note in find(page, "dl", cls="facts")[0].text

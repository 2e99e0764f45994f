"""The page of each sample's audit: small enough to send, all of its explanations with what the checks found."""

from __future__ import annotations

import re

import pytest
from test_samples_audit import NAMES, audited

from auditnn.report.html import render
from auditnn.report.view import gather

MOST_BYTES = 2_500_000


@pytest.mark.parametrize("name", NAMES)
def test_the_page_can_be_sent_by_mail(name: str) -> None:
    audit, findings = audited(name)
    assert len(render(audit.record, findings.record).encode()) < MOST_BYTES


@pytest.mark.parametrize("name", NAMES)
def test_every_explanation_says_what_the_checks_found(name: str) -> None:
    audit, findings = audited(name)
    view = gather(audit.record, findings.record)
    chapter = next(one for one in view.chapters if one.section.key == "explanation")
    shown = [one for block in chapter.blocks for one in block.figures if "method" in one.exhibit.slice]
    assert shown
    assert all(one.trust for one in shown)
    assert any(one.checked for picture in shown for one in picture.trust)
    assert all(re.search(r"<svg", one.svg) for one in shown)

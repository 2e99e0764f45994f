"""Pages are rendered once for all tests of the report."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import fixtures
import pytest
from page import Node, parse

from auditnn.core.audit import Audit
from auditnn.policy.finding import Findings
from auditnn.report.html import render


class Rendered(NamedTuple):
    audit: Audit
    findings: Findings
    text: str
    tree: Node


@cache
def rendered(name: str) -> Rendered:
    audit = fixtures.AUDITS[name]()
    findings = fixtures.judged(audit)
    text = render(audit, findings)
    return Rendered(audit, findings, text, parse(text))


@pytest.fixture(params=list(fixtures.AUDITS))
def report(request: pytest.FixtureRequest) -> Rendered:
    return rendered(request.param)


@pytest.fixture
def credit() -> Rendered:
    return rendered("credit")

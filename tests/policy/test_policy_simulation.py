"""The simulated error rates of the judge: those that are published, and a shorter run of the same code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

PUBLISHED = Path(__file__).parents[2] / "benchmarks" / "results" / "judgement.json"


def test_the_published_run_holds_what_is_claimed() -> None:
    record = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    assert record["families"] >= 4000
    assert [part["rows"] for part in record["sizes"]] == [1.0, 0.15]
    for part in record["sizes"]:
        assert len(part["quantities"]) == 18
        assert [one["counted"] for one in part["scenarios"]] == ["any false fail"] * 3 + ["false discoveries"] * 2
        for one in part["scenarios"]:
            assert one["limit"] == 0.05
            assert one["low"] <= 0.05, one["truth"]


def test_the_page_says_what_the_record_says() -> None:
    page = pytest.importorskip("benchmarks.judgement.page").page
    record = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    assert PUBLISHED.with_suffix(".md").read_text(encoding="utf-8") == page(record)


@pytest.mark.slow
def test_a_shorter_run() -> None:
    errors = pytest.importorskip("benchmarks.judgement.errors")
    for one in errors.mix(1.0, 400)["scenarios"]:
        assert one["low"] <= 0.05, one["truth"]

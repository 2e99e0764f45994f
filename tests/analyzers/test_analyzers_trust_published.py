"""What is published of the checks: over ten seeds on every sample, controls fail and exact explanations pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

PUBLISHED = Path(__file__).parents[2] / "benchmarks" / "results" / "trust_checks.json"
SAMPLES = ("perceptron", "diabetes", "credit", "digits", "shapes")


def record() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    return found


def test_the_page_says_what_the_record_says() -> None:
    page = pytest.importorskip("benchmarks.trust_checks").page
    assert PUBLISHED.with_suffix(".md").read_text(encoding="utf-8") == page(record())


@pytest.mark.parametrize("sample", SAMPLES)
def test_controls_fail_in_every_audit(sample: str) -> None:
    found, seeds = record()["samples"][sample], record()["seeds"]
    assert seeds >= 10
    for method, codes in (
        ("random_attribution", ("TRUST002", "TRUST003", "TRUST004")),
        ("input_values", ("TRUST004",)),
    ):
        for code in codes:
            assert found[method][code]["fail"] == found[method][code]["audits"] == seeds, (method, code)


@pytest.mark.parametrize("sample", SAMPLES)
def test_shapley_values_fail_nowhere(sample: str) -> None:
    shapley = next(iter(record()["samples"][sample].items()))
    assert "shap" in shapley[0]
    assert {code: one["fail"] for code, one in shapley[1].items()} == dict.fromkeys(shapley[1], 0)


def test_exact_values_on_the_perceptron_pass_all() -> None:
    found = record()["samples"]["perceptron"]["linear_shapley"]
    assert len(found) == 5
    assert all(one["pass"] == one["audits"] for one in found.values())


@pytest.mark.parametrize("sample", ["digits", "shapes"])
def test_guided_backpropagation_fails_sanity_where_the_gradient_passes(sample: str) -> None:
    found = record()["samples"][sample]
    guided, plain = (found[name]["TRUST004"] for name in ("guided_backpropagation", "gradient"))
    assert guided["value"] > plain["value"] + 0.4
    assert guided["fail"] >= 0.8 * guided["audits"]
    assert plain["fail"] == 0

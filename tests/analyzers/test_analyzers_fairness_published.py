"""Published figures that the fairness room reproduces; the tables are found through AUDITNN_DATA."""

from __future__ import annotations

import csv
import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from fairness_cases import measured, subject

from auditnn.analyzers.fairness.disparity import ANALYZER as DISPARITY
from auditnn.analyzers.fairness.group_rates import ANALYZER as GROUP_RATES

pytestmark = pytest.mark.skipif(
    "AUDITNN_DATA" not in os.environ, reason="AUDITNN_DATA names no folder with the public tables"
)


def table(path: str, delimiter: str = ",") -> list[list[str]]:
    where = Path(os.environ["AUDITNN_DATA"]) / path
    with gzip.open(where, "rt") if where.suffix == ".gz" else open(where) as lines:
        return [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter) if len(row) > 1]


@pytest.fixture(scope="module")
def toy():
    rows = table("reference_toys/fairlearn_18.csv")[1:]
    assert len(rows) == 18
    y, prediction = [int(row[0]) for row in rows], [int(row[1]) for row in rows]
    return subject(y, prediction, {"sf": [row[2] for row in rows]})


def test_the_toy_of_fairlearns_guide_overall(toy):
    rates = measured(GROUP_RATES, toy)
    assert rates[("true_positive_rate",)].value == pytest.approx(0.5, abs=1e-12)
    assert rates[("false_positive_rate",)].value == pytest.approx(2 / 3, abs=1e-12)
    assert rates[("selection_rate",)].value == pytest.approx(5 / 9, abs=1e-12)


def test_the_toy_of_fairlearns_guide_between_groups(toy):
    gaps = measured(DISPARITY, toy, min_group=1)
    assert gaps[("demographic_parity_difference", "sf")].value == pytest.approx(0.25, abs=1e-12)
    assert gaps[("demographic_parity_ratio", "sf")].value == pytest.approx(2 / 3, abs=1e-12)
    assert gaps[("equalized_odds_difference", "sf")].value == pytest.approx(1.0, abs=1e-12)


def test_groups_of_the_toy_are_too_small_to_compare_unless_told(toy):
    gap = measured(DISPARITY, toy)[("demographic_parity_difference", "sf")]
    assert (gap.status, gap.value) == ("undefined", None)
    assert "10 rows" in gap.reason
    assert sorted(gap.reason.split("left out: ")[1].split(", ")) == ["a", "b", "c"]


def test_german_credit_by_sex():
    rows = table("german_credit/german.csv")
    assert len(rows) == 1000
    sex = ["female" if row[8] in ("A92", "A95") else "male" for row in rows]
    outcome = [int(row[-1] == "1") for row in rows]
    case = subject(None, outcome, {"sex": sex}, favorable=(1,))
    rates, gaps = measured(GROUP_RATES, case), measured(DISPARITY, case)
    assert rates[("selection_rate", "sex", "female")].basis.items() >= {"form": "rate", "x": [201], "n": [310]}.items()
    assert rates[("selection_rate", "sex", "male")].basis.items() >= {"form": "rate", "x": [499], "n": [690]}.items()
    signed = gaps[("selection_rate_difference", "sex", "female")]
    assert signed.value == pytest.approx(-0.0748013, abs=5e-8)
    assert signed.high < 0
    assert gaps[("demographic_parity_difference", "sex")].value == pytest.approx(0.0748013, abs=5e-8)
    assert gaps[("demographic_parity_ratio", "sex")].value == pytest.approx(0.8965673, abs=5e-8)


def test_adult_by_sex():
    rows = table("adult/adult.data.gz") + [row for row in table("adult/adult.test.csv.gz") if len(row) == 15]
    assert len(rows) == 48842
    outcome = np.array([row[-1].rstrip(".") == ">50K" for row in rows]).astype(int)
    case = subject(None, outcome, {"sex": [row[9] for row in rows]})
    rates, gaps = measured(GROUP_RATES, case), measured(DISPARITY, case)
    assert rates[("selection_rate",)].value == pytest.approx(0.2393, abs=5e-5)
    signed = gaps[("selection_rate_difference", "sex", "Female")]
    assert signed.basis["groups"] == ["Female", "Male"]
    assert signed.value == pytest.approx(-0.1945, abs=5e-5)
    assert gaps[("demographic_parity_ratio", "sex")].value == pytest.approx(0.3597, abs=5e-5)

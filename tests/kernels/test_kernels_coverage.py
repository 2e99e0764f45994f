"""Intervals hold the truth as often as they say: exactly for single rates, by simulation (slow) for the rest."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.coverage import extremes, page, rates, record, scores

PROPORTIONS = np.round(np.linspace(0.01, 0.5, 99), 4)


@pytest.mark.parametrize("n", [30, 50, 100, 300, 1000, 5000])
def test_single_rates_cover_by_exact_summation(n: int) -> None:
    low, high, _ = rates.exact_coverage(n, PROPORTIONS, rates.shipped(n))
    coverage = 1.0 - low - high
    usual = n * PROPORTIONS >= 10.0
    assert coverage.min() >= 0.93
    assert coverage[usual].max() <= 0.98


@pytest.mark.parametrize(("n", "p"), [(30, 0.1), (100, 0.02), (100, 0.5), (400, 0.05)])
def test_single_rates_do_not_alarm_in_the_far_tail(n: int, p: float) -> None:
    for shares in rates.alarms(n, p):
        assert shares[2] <= 0.01
        assert shares[3] <= 0.005


@pytest.mark.parametrize("n", [(30, 35), (10, 60)])
def test_two_groups_cover_by_exact_summation(n: tuple[int, int]) -> None:
    for p in ((0.3, 0.3), (0.1, 0.4), (0.5, 0.05)):
        chance = np.outer(rates.binomial(n[0], np.array([p[0]]))[0], rates.binomial(n[1], np.array([p[1]]))[0])
        cells = np.meshgrid(np.arange(n[0] + 1.0), np.arange(n[1] + 1.0), indexing="ij")
        x = np.stack(cells, axis=-1)
        low, high = extremes.gap_ends(x, np.broadcast_to(np.array(n, float), x.shape))
        gap = abs(p[0] - p[1])
        assert (chance * ((low <= gap + 1e-12) & (high >= gap - 1e-12))).sum() >= 0.935


def test_a_small_simulation_of_many_groups_of_ten() -> None:
    """The weak spot of simultaneous intervals, small enough for every day."""
    for one in extremes.gaps(20, "10", ("no gap", 0.5, 0.0), 600, 0):
        assert not record.short(one["coverage"], one["runs"]), one


def test_the_published_record_says_what_is_claimed() -> None:
    for part in ("rates", "extremes", "scores"):
        published = record.load(part)
        assert published is not None, f"python -m benchmarks.coverage.{part} was never run"
        if part == "extremes":
            ours = [one for one in published["rows"] if "bootstrap" not in one["quantity"]]
            assert not [one for one in ours if one["runs"] and record.short(one["coverage"], one["runs"])]
            bootstrap = [one["coverage"] for one in published["rows"] if "bootstrap" in one["quantity"]]
            assert min(bootstrap) < 0.5
        if part == "rates":
            assert min(one["coverage"] for one in published["rows"]) >= 0.925


def test_the_page_is_written_from_the_records(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (record.RESULTS / "coverage.md").read_text()
    monkeypatch.setattr(page, "RESULTS", tmp_path)
    page.write_page()
    assert (tmp_path / "coverage.md").read_text() == before  # type: ignore[operator]


@pytest.mark.slow
@pytest.mark.parametrize("groups", [2, 5, 20, 50])
def test_extremes_cover(groups: int) -> None:
    for kind in ("10", "100", "10 to 2000", "one of 10, others 2000"):
        for truth in extremes.FEW_TRUTHS:
            for one in extremes.gaps(groups, kind, truth, 500, 1):
                assert not record.short(one["coverage"], one["runs"], 0.93), one
                for side in ("alarms_above", "alarms_below"):
                    assert not record.alarms_too_often(one[side], one["runs"]), one


@pytest.mark.slow
def test_scores_cover() -> None:
    rows = [*scores.means(500, 1), *scores.calibrations(300, 1), *scores.composites(300, 1)]
    usual = [one for one in rows if one["quantity"] not in ("mean", "log loss", "Brier score")]
    assert not [one for one in usual if one["runs"] > 100 and record.short(one["coverage"], one["runs"], 0.92)]

"""Weak slices: planted ones are found in words, their intervals hold the truth, and the halves share no row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from one_analyzer import Answers, answers

from auditnn.analyzers.performance.weak_slices import halves
from auditnn.core.errors import NotApplicable
from auditnn.core.subject import Subject
from auditnn.subjects.build import from_predictions, from_torch

ID = "performance.weak_slices"
PUBLISHED = Path(__file__).parents[2] / "benchmarks" / "results" / "weak_slices.json"
N = 4000


def people(seed: int = 0, n: int = N) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    income = np.exp(rng.normal(10, 0.5, n))
    income[rng.random(n) < 0.08] = np.nan
    return pd.DataFrame(
        {
            "age": rng.integers(18, 90, n),
            "income": income,
            "region": rng.choice(["north", "south", "east", "west"], n),
            "member": rng.random(n) < 0.3,
            "visits": rng.poisson(2, n),
            "score": rng.normal(size=n),
        }
    )


def judged(frame: pd.DataFrame, chance: Any, seed: int = 0, **keywords: Any) -> Subject:
    """Stored predictions that err with these chances."""
    rng = np.random.default_rng([seed, 1])
    y = rng.integers(0, 2, len(frame))
    predicted = np.where(rng.random(len(frame)) < chance, 1 - y, y)
    return from_predictions(y, predicted, task="binary", X_test=frame, **keywords)


def slices(found: Answers) -> list[str]:
    """The carried slices, largest gap first."""
    gaps = [one for one in found.measurements if one.id == f"{ID}/error_gap"]
    return [one.slice["slice"] for one in sorted(gaps, key=lambda one: -(one.value or 0.0))]


def rows_of(name: str, frame: pd.DataFrame) -> np.ndarray:
    """The rows that the words of a slice name, by pandas."""
    mask = np.ones(len(frame), bool)
    for condition in name.split(" & "):
        column, _, value = condition.partition(" = ")
        if condition.endswith(" is missing"):
            mask &= frame[condition.removesuffix(" is missing")].isna()
        elif value and frame[column].dtype.kind in "ifu":
            mask &= frame[column] == float(value)
        elif value:
            mask &= frame[column].astype(str) == value
        else:
            mask &= frame.eval(condition)
    return mask


PLANTED = {
    "region = north": lambda frame: frame["region"] == "north",
    "member = True": lambda frame: frame["member"],
    "income is missing": lambda frame: frame["income"].isna(),
    "visits < 1": lambda frame: frame["visits"] == 0,
    "income is missing & region = south": lambda frame: (frame["region"] == "south") & frame["income"].isna(),
    "region = north & member = True": lambda frame: (frame["region"] == "north") & frame["member"],
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_slice_of_categories_is_found_word_for_word(name: str) -> None:
    frame = people(1, n=8000)
    weak = PLANTED[name](frame)
    found = answers(judged(frame, np.where(weak, 0.6, 0.15), seed=1), ID)
    assert slices(found)[0] == name
    gap = found["error_gap", name]
    assert gap.low is not None
    assert gap.high is not None
    assert gap.low <= 0.45 <= gap.high
    assert found["error_rate", name].value == pytest.approx(0.6, abs=0.12)


@pytest.mark.parametrize(("low", "region"), [(61, "north"), (70, None)])
def test_a_planted_slice_of_numbers_is_found_about_where_it_lies(low: int, region: str | None) -> None:
    frame = people()
    weak = (frame["age"] >= low) & (frame["region"] == region if region else True)
    chance = np.where(weak, 0.55, 0.15)
    found = answers(judged(frame, chance), ID)
    first = slices(found)[0]
    inside = rows_of(first, frame)
    assert (inside & weak).sum() / (inside | weak).sum() > 0.8
    assert "age >= " in first
    assert (region is None) or f"region = {region}" in first
    gap = found["error_gap", first]
    assert gap.low is not None
    assert gap.high is not None
    assert gap.low <= chance[inside].mean() - chance[~inside].mean() <= gap.high


def test_the_words_say_exactly_who_is_inside() -> None:
    """Rows, errors and gap of every slice, recomputed by pandas from its words on the half that tests."""
    frame = people(3)
    subject = judged(frame, np.where(frame["age"] > 60, 0.4, 0.1) + 0.1 * frame["member"] + 0.1 * (frame["visits"] > 3))
    found = answers(subject, ID, seed=5)
    from auditnn.core.seeding import stream

    _, test = halves(subject.test.id, stream(5, ID, "shared"))
    assert subject.stored is not None
    wrong = (subject.stored.prediction != subject.test.y)[test]
    held = frame.iloc[test].reset_index(drop=True)
    names = slices(found)
    assert len(names) >= 3
    for name in names:
        inside = rows_of(name, held)
        assert found["error_gap", name].basis == {
            "form": "difference", "rate": "error_rate", "groups": [name, "the other rows"],
            "x": [wrong[inside].sum(), wrong[~inside].sum()], "n": [inside.sum(), (~inside).sum()],
        }  # fmt: skip
        assert found["error_rate", name].n == inside.sum()
    assert found["error_rate"].value == wrong.mean()


def test_a_group_that_the_model_never_sees_can_be_a_slice() -> None:
    frame = people()
    band = np.where(np.arange(N) % 3 == 0, "young", "old")
    found = answers(judged(frame, np.where(band == "young", 0.5, 0.1), groups={"band": band}), ID)
    assert slices(found)[0] == "band = young"


def test_a_group_of_the_same_name_as_a_feature_counts_once() -> None:
    frame = people()
    weak = frame["region"] == "north"
    subject = judged(frame, np.where(weak, 0.5, 0.1), groups={"region": frame["region"].to_numpy()})
    assert slices(answers(subject, ID))[0] == "region = north"


def test_redacted_columns_take_no_part() -> None:
    frame = people()
    subject = judged(frame, np.where(frame["region"] == "north", 0.5, 0.1), redact=["region"])
    assert not [name for name in slices(answers(subject, ID)) if "region" in name]


def test_regression_in_units_of_the_target() -> None:
    frame = people()
    rng = np.random.default_rng(0)
    weak = (frame["region"] == "west") & (frame["member"])
    y = rng.normal(100, 20, N)
    spread = np.where(weak, 9.0, 3.0)
    subject = from_predictions(y, y + rng.normal(size=N) * spread, task="regression", X_test=frame)
    found = answers(subject, ID)
    first = slices(found)[0]
    assert first == "region = west & member = True"
    gap = found["error_gap", first]
    assert gap.interval_method == "t"
    assert gap.low is not None
    assert gap.high is not None
    assert gap.low <= np.sqrt(2 / np.pi) * 6.0 <= gap.high
    level = found["mean_absolute_error", first]
    assert level.value == pytest.approx(9 * np.sqrt(2 / np.pi), rel=0.15)


def test_welch_is_scipy_s() -> None:
    from scipy import stats

    from auditnn.kernels.inference import interval
    from auditnn.kernels.values import mean_difference

    rng = np.random.default_rng(0)
    one, two = rng.exponential(2, 40), rng.exponential(1, 300)
    estimate = mean_difference(one, two)
    expected = stats.ttest_ind(one, two, equal_var=False).confidence_interval()
    assert estimate.value == pytest.approx(one.mean() - two.mean())
    assert interval("t", estimate.value or 0.0, estimate.basis)[:2] == pytest.approx((expected.low, expected.high))
    assert mean_difference(one[:1], two).value is None


@pytest.mark.parametrize("n", [1, 2, 7, 1000])
def test_the_halves_share_no_row_and_hold_all(n: int) -> None:
    ids = np.arange(n)
    search, test = halves(ids, np.random.default_rng(0))
    assert not set(search) & set(test)
    assert sorted([*search, *test]) == list(range(n))
    assert len(test) - len(search) in (0, 1)


@pytest.mark.parametrize("kind", [int, str])
def test_a_row_s_half_is_its_own_whatever_the_order(kind: type) -> None:
    ids = np.array(
        [kind(one) for one in np.random.default_rng(1).permutation(500)], dtype=object if kind is str else int
    )
    moved = np.random.default_rng(2).permutation(500)
    first = halves(ids, np.random.default_rng(3))[0]
    again = halves(ids[moved], np.random.default_rng(3))[0]
    assert set(ids[first]) == set(ids[moved][again])
    assert set(ids[first]) != set(ids[halves(ids, np.random.default_rng(4))[0]])


def test_another_seed_searches_other_rows() -> None:
    subject = judged(people(), 0.2)
    assert slices(answers(subject, ID, seed=0)) != slices(answers(subject, ID, seed=1))
    assert slices(answers(subject, ID, seed=0)) == slices(answers(subject, ID, seed=0))


def test_settings_bound_what_is_carried() -> None:
    frame = people()
    subject = judged(frame, np.where(frame["region"] == "north", 0.5, 0.1))
    assert len(slices(answers(subject, ID, slices=1))) == 1
    found = answers(subject, ID, min_share=0.2, columns=0)
    assert slices(found)
    for name in slices(found):
        assert "&" not in name
        assert rows_of(name, frame).sum() > 0.15 * N


def test_what_cannot_be_searched_says_why() -> None:
    frame = people(n=120)
    few = answers(judged(frame, 0.3), ID)["error_gap"]
    assert (few.status, few.reason) == (
        "undefined", "half of the rows are 60, too few for a slice of 50 rows and the others"
    )  # fmt: skip
    right = answers(judged(people(), 0.0), ID)["error_gap"]
    assert (right.status, right.reason) == (
        "not_applicable", "the model makes no error in the 2,000 rows that were searched"
    )  # fmt: skip
    constant = answers(judged(pd.DataFrame({"one": np.ones(N)}), 0.3), ID)["error_gap"]
    assert (constant.status, constant.reason) == (
        "undefined", "no slice of 50 rows to half of the rows errs more than the others"
    )  # fmt: skip
    with pytest.raises(NotApplicable, match="no feature columns"):
        answers(from_predictions([0, 1] * 200, [0, 1] * 200, task="binary"), ID)


def test_the_error_that_the_scores_expect() -> None:
    """Honest scores expect the errors that happen; scores that are too sure do not."""
    import torch

    rng = np.random.default_rng(0)
    x = rng.normal(size=(6000, 2)).astype(np.float32)
    y = (rng.random(6000) < 1 / (1 + np.exp(-1.5 * x[:, 0]))).astype(int)
    module = torch.nn.Linear(2, 1).eval()
    for sure, honest in ((1.5, True), (6.0, False)):
        with torch.no_grad():
            module.weight[:] = torch.tensor([[sure, 0.0]])
            module.bias[:] = 0
        table = answers(from_torch(module, x, y, output="logits"), ID).exhibit("slices").columns
        off = abs(table["error that the scores expect inside"][0] - table["error inside"][0])
        assert (off < 0.06) == honest
    assert "error that the scores expect inside" not in answers(judged(people(), 0.2), ID).exhibit("slices").columns


def test_the_figure_leads_with_the_widest_gap() -> None:
    frame = people()
    found = answers(judged(frame, np.where(frame["region"] == "north", 0.5, 0.1)), ID)
    figure, table = found.exhibit("errors"), found.exhibit("slices")
    assert figure.columns["slice"][0] == "region = north"
    assert figure.roles["reference"] == found["error_rate"].value
    inside, overall = found["error_rate", "region = north"].value, found["error_rate"].value
    assert inside is not None
    assert overall is not None
    assert f"is {inside:.1%} where region = north, against {overall:.1%} over all 2,000 rows" in figure.summary
    assert set(table.columns["slice"]) == set(slices(found))


def test_the_table_shows_gaps_in_points_and_rates_in_percent() -> None:
    from auditnn.core.numbers import show
    from auditnn.figures.reading import unit_of

    frame = people()
    table = answers(judged(frame, np.where(frame["region"] == "north", 0.5, 0.1)), ID).exhibit("slices")
    for column in ("gap", "low", "high", "gap where it was found"):
        value = table.columns[column][0]
        assert show(value, unit_of(table, column)) == f"{100 * value:.1f} points"
    for column in ("error inside", "error outside"):
        value = table.columns[column][0]
        assert show(value, unit_of(table, column)) == f"{value:.1%}"
    assert unit_of(table, "rows") == "number"


def test_the_table_of_a_regression_stays_in_the_unit_of_the_target() -> None:
    from auditnn.figures.reading import unit_of

    frame = people()
    rng = np.random.default_rng(0)
    y = rng.normal(0.5, 0.1, N)
    spread = np.where(frame["region"] == "west", 0.09, 0.03)
    subject = from_predictions(y, y + rng.normal(size=N) * spread, task="regression", X_test=frame)
    table = answers(subject, ID).exhibit("slices")
    for column in set(table.columns) - {"slice", "rows"}:
        assert unit_of(table, column) == "target"


def test_the_credit_sample_is_weak_near_its_cut_and_its_twin_is_not() -> None:
    import auditnn

    statuses = {}
    for name in ("credit", "credit_clean"):
        audit = auditnn.run(auditnn.load(f"sample:{name}"), [ID])
        findings = [one for one in auditnn.judge(audit) if one.code == "SLICE001"]
        statuses[name] = {one.status for one in findings}
        assert all(len(one.slice) == 1 for one in findings)
    assert "fail" in statuses["credit"]
    assert statuses["credit_clean"] <= {"pass", "unsure"}


def test_the_published_simulation_holds_what_is_claimed() -> None:
    """False fails stay at 5% beyond Monte-Carlo error; on the half that was searched they would not."""
    record = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    assert record["seeds"] >= 200
    for name in ("even", "at the limit"):
        world = record["worlds"][name]
        assert world["held out"]["false fail"]["low"] <= 0.05
        assert world["held out"]["covered"]["high"] >= 0.95
        assert world["searched"]["covered"]["high"] < 0.8
    assert record["worlds"]["even"]["searched"]["false fail"]["low"] > 0.9
    assert record["worlds"]["planted"]["found"]["low"] > 0.8


def test_the_page_says_what_the_record_says() -> None:
    page = pytest.importorskip("benchmarks.weak_slices").page
    record = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    assert PUBLISHED.with_suffix(".md").read_text(encoding="utf-8") == page(record)


@pytest.mark.slow
@pytest.mark.parametrize(("gap", "limit"), [(0.0, 0.0), (0.1, 0.1)])
def test_false_fails_over_200_seeds(gap: float, limit: float) -> None:
    """5% and two standard errors at most, at the least favorable truths; the searched half alarms far more often."""
    trial = pytest.importorskip("benchmarks.weak_slices").trial
    trials = [trial(seed, gap, limit) for seed in range(1000, 1200)]
    held, searched = (np.mean([one[half]["false fail"] for one in trials]) for half in ("held out", "searched"))
    assert held <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 200)
    assert searched > 2 * held
    if gap == 0.0:
        assert searched > 0.9

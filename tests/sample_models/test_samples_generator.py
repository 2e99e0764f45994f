"""The generator of loan applications against what its docstring promises."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sample_models.credit import generator
from sample_models.credit.generator import Scenario, draw_columns, generate, intercept, risk

ROWS = 300_000
WIDE = 4.5  # standard errors: about one false alarm in 150,000 comparisons


@pytest.fixture(scope="module")
def columns() -> dict[str, np.ndarray]:
    return draw_columns(np.random.default_rng(11), ROWS)


def near(share: float, expected: float, rows: int) -> bool:
    return abs(share - expected) < WIDE * np.sqrt(expected * (1 - expected) / rows)


@pytest.mark.parametrize("name", [name for name in generator.SHARES if name != "term_months"])
def test_levels_have_their_stated_shares(columns: dict[str, np.ndarray], name: str) -> None:
    for level, share in enumerate(generator.SHARES[name]):
        assert near((columns[name] == level).mean(), share, ROWS)


def test_terms_guarantors_and_customers_have_their_stated_shares(columns: dict[str, np.ndarray]) -> None:
    for term, share in zip(generator.TERMS, generator.SHARES["term_months"], strict=True):
        assert near((columns["term_months"] == term).mean(), share, ROWS)
    assert near(columns["has_guarantor"].mean(), 0.2, ROWS)
    assert near(columns["existing_customer"].mean(), 0.4, ROWS)


@pytest.mark.parametrize("sex", [0, 1])
def test_occupation_depends_on_sex_as_stated(columns: dict[str, np.ndarray], sex: int) -> None:
    mine = columns["occupation"][columns["sex"] == sex]
    for level, share in enumerate(generator.OCCUPATION_BY_SEX[sex]):
        assert near((mine == level).mean(), share, len(mine))


@pytest.mark.parametrize("name", ["income", "loan_amount", "card_use", "late_payments", "years_employed"])
def test_sex_does_not_enter_the_finances(columns: dict[str, np.ndarray], name: str) -> None:
    women, men = columns[name][columns["sex"] == 0], columns[name][columns["sex"] == 1]
    assert stats.ks_2samp(women, men, method="asymp").pvalue > 1e-4


def test_numbers_follow_their_distributions(columns: dict[str, np.ndarray]) -> None:
    log_income = np.log(columns["income"])
    assert abs(log_income.mean() - np.log(2400)) < WIDE * 0.4 / np.sqrt(ROWS) + 1e-3  # a little is lost at the floor
    assert abs(np.log(columns["loan_amount"]).mean() - np.log(9000)) < WIDE * 0.6 / np.sqrt(ROWS) + 1e-3
    assert abs(columns["card_use"].mean() - 2 / 5) < WIDE * 0.2 / np.sqrt(ROWS)
    negative_binomial = stats.nbinom(1.2, 1 / (1 + 0.5))  # a Poisson whose rate is gamma
    for late in (0, 1, 2):
        assert near((columns["late_payments"] == late).mean(), negative_binomial.pmf(late), ROWS)
    for band, mean in enumerate(generator.YEARS_BY_AGE):
        years = columns["years_employed"][columns["age_band"] == band]
        assert abs(years.mean() - mean) < WIDE * years.std() / np.sqrt(len(years)) + 0.02


@pytest.mark.parametrize("fault", [0.0, 1.0, 2.0, 4.0])
def test_the_planted_odds_ratio_is_what_it_says(fault: float) -> None:
    """Logistic regression on sex with the true risk as offset recovers log 4 per unit of fault."""
    import statsmodels.api as sm

    scenario = Scenario(fault=fault, default_rate=0.12, signal=1.0)
    drawn = generate(ROWS, scenario, seed=5, part="planted")
    female = (drawn.columns["sex"] == 0).astype(float)
    fit = sm.GLM(
        drawn.defaulted.astype(float),
        np.column_stack([np.ones(ROWS), female]),
        family=sm.families.Binomial(),
        offset=drawn.risk,
    ).fit()
    assert abs(fit.params[1] - fault * np.log(4)) < WIDE * fit.bse[1]
    assert abs(fit.params[0] - intercept(scenario)) < WIDE * fit.bse[0]


@pytest.mark.parametrize("fault", [0.0, 1.0, 2.0, 4.0])
@pytest.mark.parametrize("rate", [0.12, 0.5])
def test_the_share_of_defaults_stays_whatever_the_fault(fault: float, rate: float) -> None:
    drawn = generate(ROWS, Scenario(fault=fault, default_rate=rate, signal=1.0), seed=6, part="rates")
    assert abs(drawn.defaulted.mean() - rate) < WIDE * np.sqrt(rate * (1 - rate) / ROWS) + 1e-3


def test_outcomes_change_with_the_scenario_and_nothing_else() -> None:
    biased = generate(1000, Scenario(fault=1.0, default_rate=0.12, signal=1.0), seed=3, part="test")
    clean = generate(1000, Scenario(fault=0.0, default_rate=0.5, signal=1.2), seed=3, part="test")
    assert all(np.array_equal(biased.columns[name], clean.columns[name]) for name in biased.columns)
    assert (biased.defaulted != clean.defaulted).any()


def test_parts_and_seeds_are_independent_draws() -> None:
    scenario = Scenario(fault=1.0, default_rate=0.12, signal=1.0)
    train, test = (generate(1000, scenario, seed=0, part=part) for part in ("train", "test"))
    other = generate(1000, scenario, seed=1, part="train")
    assert not np.array_equal(train.columns["income"], test.columns["income"])
    assert not np.array_equal(train.columns["income"], other.columns["income"])
    assert np.array_equal(train.risk, risk(train.columns))

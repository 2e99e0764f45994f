"""Loan applications drawn at random: features, two attributes the network never sees, and recorded outcomes.

    log-odds of a recorded default = intercept + signal * risk(finances) + fault * log(4) * [sex = female]

Finances, occupation and groups are drawn in the same way whatever the scenario, so every feature and group has the
same distribution in all of them. Three facts shape what an audit can see:

* Sex does not enter the finances. The planted fault is historic label bias: with the same finances, the odds that a
  woman's loan was recorded as defaulted are 4 ** fault times a man's. Without a fault sex and outcome are independent.
* Occupation depends on sex alone and has no effect of its own: it is the proxy through which a network that never
  sees sex learns the fault.
* Years employed depend on age band alone and have no effect at all. Age band does not enter the outcome.

`intercept` is solved so that the share of defaults is `default_rate` in every scenario, whatever the fault.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from . import nets

if TYPE_CHECKING:
    import pandas as pd

SEXES = ("female", "male")
AGE_BANDS = ("18-29", "30-49", "50+")
LEVELS: dict[str, tuple[str, ...]] = {**nets.LEVELS, **nets.ORDER, "sex": SEXES, "age_band": AGE_BANDS}
TERMS = (12, 24, 36, 48, 60, 72)

SHARES = {
    "sex": (0.45, 0.55),
    "age_band": (0.30, 0.45, 0.25),
    "savings": (0.30, 0.30, 0.25, 0.15),
    "housing": (0.35, 0.50, 0.15),
    "purpose": (0.30, 0.20, 0.15, 0.10, 0.25),
    "term_months": (0.10, 0.20, 0.25, 0.20, 0.15, 0.10),
}
OCCUPATION_BY_SEX = ((0.42, 0.27, 0.23, 0.05, 0.02, 0.01), (0.02, 0.03, 0.10, 0.15, 0.33, 0.37))
YEARS_BY_AGE = (2.0, 5.0, 9.0)
FAULT_ODDS_RATIO = 4.0
INTERCEPT_ROWS = 400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """How outcomes are drawn. `fault` is the size of the planted bias (0 is none), `default_rate` the share of
    defaults, `signal` how strongly finances drive them."""

    fault: float
    default_rate: float
    signal: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Applications:
    """`n` applications: `columns` of numbers, truths and codes (see `LEVELS`), and whether each was recorded as a
    default. `risk` is what the finances say (mean near zero), `probability` the chance of a recorded default."""

    columns: dict[str, np.ndarray]
    risk: np.ndarray
    probability: np.ndarray
    defaulted: np.ndarray

    def __len__(self) -> int:
        return len(self.risk)

    def frame(self) -> pd.DataFrame:
        """The table a lender would hold: levels as texts, the outcome as 0 or 1."""
        import pandas as pd

        columns = {
            name: np.array(LEVELS[name], dtype=object)[values] if name in LEVELS else values
            for name, values in self.columns.items()
        }
        return pd.DataFrame({**columns, "defaulted": self.defaulted.astype(np.int8)})


def generate(rows: int, scenario: Scenario, *, seed: int, part: str) -> Applications:
    """`rows` applications of one independent `part` ("train", "test", "truth 17", ...) of what `seed` generates."""
    random = np.random.default_rng([seed, *part.encode()])
    columns = draw_columns(random, rows)
    finances = risk(columns)
    shift = scenario.fault * np.log(FAULT_ODDS_RATIO) * (columns["sex"] == 0)
    probability = _sigmoid(intercept(scenario) + scenario.signal * finances + shift)
    return Applications(
        columns=columns,
        risk=finances,
        probability=probability,
        defaulted=random.random(rows) < probability,
    )


def draw_columns(random: np.random.Generator, rows: int) -> dict[str, np.ndarray]:
    """Everything known about `rows` applicants, before any outcome."""

    def level(name: str) -> np.ndarray:
        return random.choice(len(SHARES[name]), rows, p=SHARES[name])

    sex, age_band = level("sex"), level("age_band")
    below = np.cumsum(OCCUPATION_BY_SEX, axis=1)[:, :-1]
    return {
        "income": np.clip(np.round(np.exp(random.normal(np.log(2400), 0.4, rows)), -1), 600, 20_000),
        "loan_amount": np.clip(np.round(np.exp(random.normal(np.log(9000), 0.6, rows)), -2), 500, 100_000),
        "term_months": np.array(TERMS)[level("term_months")],
        "late_payments": np.minimum(random.poisson(random.gamma(1.2, 0.5, rows)), 12),
        "card_use": np.round(random.beta(2, 3, rows), 3),
        "savings": level("savings"),
        "housing": level("housing"),
        "purpose": level("purpose"),
        "has_guarantor": random.random(rows) < 0.2,
        "existing_customer": random.random(rows) < 0.4,
        "years_employed": np.minimum(np.round(random.gamma(1.5, np.array(YEARS_BY_AGE)[age_band] / 1.5), 1), 45),
        "occupation": (random.random(rows)[:, None] >= below[sex]).sum(axis=1),
        "sex": sex,
        "age_band": age_band,
    }


def risk(columns: dict[str, np.ndarray]) -> np.ndarray:
    """What the finances say about default, in log-odds at signal 1, shape (n,). Occupation, years employed, being an
    existing customer, sex and age band do not enter."""
    burden = np.log(columns["loan_amount"] / (columns["term_months"] * columns["income"]))
    late, card = columns["late_payments"], columns["card_use"]
    return np.asarray(
        0.9 * (burden + 2.2)
        + 0.45 * (np.minimum(late, 4) - 0.6)
        + 2.2 * (card - 0.4)
        + 0.8 * ((card > 0.6) & (late > 0))
        + np.array((0.5, 0.15, -0.2, -0.6))[columns["savings"]]
        + np.array((-0.3, 0.15, 0.1))[columns["housing"]]
        + 0.35 * (columns["purpose"] == LEVELS["purpose"].index("business"))
        - 0.6 * columns["has_guarantor"]
    )


@lru_cache(maxsize=64)
def intercept(scenario: Scenario) -> float:
    """The intercept that gives `default_rate`, by bisection over a fixed draw of 400,000 applicants; the rate it
    leaves is within 0.001 of the one asked for."""
    columns = draw_columns(np.random.default_rng(1957), INTERCEPT_ROWS)
    rest = scenario.signal * risk(columns) + scenario.fault * np.log(FAULT_ODDS_RATIO) * (columns["sex"] == 0)
    low, high = -30.0, 30.0
    for _ in range(40):
        middle = (low + high) / 2
        if _sigmoid(rest + middle).mean() < scenario.default_rate:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _sigmoid(values: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-values)))

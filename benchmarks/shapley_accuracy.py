"""How far sampled Shapley values are from exact ones at the same number of model calls: ours against the shap library.

python -m benchmarks.shapley_accuracy
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from auditnn.kernels.coalitions import all_coalitions, shapley_from_all
from auditnn.methods.attribution import kernel_shap, linear_shapley, permutation_shapley
from auditnn.methods.case import Case, Hiding
from auditnn.methods.games.background import choose_background
from auditnn.methods.games.moving import moving_units
from auditnn.methods.plain import case_of
from auditnn.subjects.calls import Calls
from auditnn.subjects.load import load
from benchmarks import timing

ROWS, SEEDS, BACKGROUND, ROUNDING = 20, 10, 100, 1e-6
BUDGETS = {
    "diabetes": (40, 64, 128, 256, 512, 900),
    "credit": (48, 64, 128, 256, 512, 1024, 2048),
    "digits": (64, 128, 256, 512, 1024, 2048),
    "perceptron": (128, 512, 2048),
    "forest": (64, 128, 256, 512),
}
QUESTION = (
    "Mean squared error against exact Shapley values with as many coalitions for each row: `kernel_shap` (sampler "
    "leverage) and shap.KernelExplainer (nsamples, without selection of features). Target: at most half."
)


@dataclass(frozen=True, slots=True)
class Games:
    """A subject's rows as a case, the values of all their coalitions (n, 2^d, k), None where the closed form is known,
    and the exact Shapley values (n, d, k). Of two mirrored classes the second alone is looked at."""

    case: Case
    tables: np.ndarray | None
    truth: np.ndarray


def games_of(name: str) -> Games:
    """The sample's games: 20 test rows against 100 training rows, images in 16 patches."""
    if name == "forest":
        return enumerated(forest())
    subject = load(f"sample:{name}")
    assert subject.train is not None
    assert subject.train.rows is not None
    assert subject.test.rows is not None
    at = np.random.default_rng(0).permutation(len(subject.test))[:ROWS]
    case = Case(
        calls=Calls(subject),
        rows=subject.test.rows.take(at),
        ids=subject.test.id[at],
        background=subject.train.rows.take(choose_background(subject.train.rows, BACKGROUND, "sample", 0)),
        targets=np.zeros(ROWS, dtype=np.int64),
        hiding=Hiding(segments="patches", units=16),
    )
    if name == "perceptron":
        return Games(case, None, linear_shapley(case).values)
    return enumerated(case)


def forest() -> Case:
    """Rows of diabetes before a random forest, against 20 others."""
    from sklearn.datasets import load_diabetes
    from sklearn.ensemble import RandomForestRegressor

    x, y = load_diabetes(return_X_y=True)
    model = RandomForestRegressor(20, random_state=0).fit(x[100:], y[100:])
    return case_of(model.predict, x[:ROWS], x[100:120])


def enumerated(case: Case) -> Games:
    """The games of a case with the values of all coalitions."""
    d = len(case.games.units(0))
    assert all(moving_units(case.games, row).all() for row in range(ROWS))
    tables = np.stack(case.games.evaluate_all([(row, all_coalitions(d)) for row in range(ROWS)]))
    return Games(case, tables, shapley_from_all(tables))


def library(games: Games, row: int, masks: int, seed: int) -> np.ndarray:
    """Shapley values (d, k) of one row by shap.KernelExplainer, which gets the values of its coalitions from the table
    (perceptron: from the games, which is the same)."""
    import shap

    d = games.truth.shape[1]

    def game(units: np.ndarray) -> np.ndarray:
        present = np.asarray(units) > 0.5
        if games.tables is None:
            return games.case.games.evaluate(row, present)
        values: np.ndarray = games.tables[row][present @ (1 << np.arange(d))]
        return values

    np.random.seed(seed)
    explainer = shap.KernelExplainer(game, np.zeros((1, d)))
    return np.asarray(explainer.shap_values(np.ones((1, d)), nsamples=masks, l1_reg=0, silent=True)[0])


def with_seed(case: Case, seed: int) -> Case:
    """The same rows and background with other draws."""
    return Case(
        calls=case.calls, rows=case.rows, ids=case.ids, background=case.background, targets=case.targets, seed=seed,
        hiding=case.hiding,
    )  # fmt: skip


def measured(name: str, games: Games, masks: int) -> dict[str, Any]:
    """One line: root mean squared errors, the ratio of mean squared errors, and how often our interval covers."""
    ours, theirs, orders, inside = [], [], [], []
    seeds = SEEDS if games.tables is not None else 2
    for seed in range(seeds):
        case = with_seed(games.case, seed)
        one = kernel_shap(case, masks=masks)
        away = one.values - games.truth
        ours.append(np.mean(away**2))
        assert one.error is not None
        inside.append(np.mean(np.abs(away) <= 1.96 * one.error))
        orders.append(np.mean((permutation_shapley(case, masks=masks).values - games.truth) ** 2))
        found = np.stack([library(games, row, masks, 1000 * seed + row) for row in range(ROWS)])
        theirs.append(np.mean((found - games.truth) ** 2))
    mine, other, scale = np.mean(ours), np.mean(theirs), np.abs(games.truth).mean()
    exact = np.sqrt(max(mine, other)) < ROUNDING * scale
    return {
        "subject": name,
        "units": games.truth.shape[1],
        "coalitions": masks,
        "mean size of a value": float(scale),
        "shap, root mean squared error": float(np.sqrt(other)),
        "ours": float(np.sqrt(mine)),
        "ratio of mean squared errors": "both exact to rounding" if exact else float(mine / other),
        "target": "" if exact else "at most 0.5",
        "permutations, ratio": "" if exact else float(np.mean(orders) / other),
        "our 95% intervals cover": "" if exact else float(np.mean(inside)),
        "raw": {"ours": [float(one) for one in ours], "shap": [float(one) for one in theirs]},
    }


def without_structure(masks: int) -> dict[str, Any]:
    """The hardest case for a surrogate: games of 10 units with independent random values, played without a model."""
    from auditnn.kernels.leverage import drawn_pairs
    from auditnn.kernels.surrogate import estimated, fitted, odd_values

    tables = np.random.default_rng(5).normal(size=(ROWS, 1 << 10, 1))
    truth, place = shapley_from_all(tables), 1 << np.arange(10)
    games = Games(None, tables, truth)  # type: ignore[arg-type]
    ours, theirs, inside = [], [], []
    for seed in range(SEEDS):
        for row, table in enumerate(tables):
            pairs, chances = drawn_pairs(10, masks // 2, np.random.default_rng([seed, row]))
            values = table[np.concatenate([pairs, ~pairs]) @ place]
            found, error = estimated(fitted(pairs, chances), odd_values(values, table[0], table[-1]))
            ours.append(np.mean((found - truth[row]) ** 2))
            inside.append(np.mean(np.abs(found - truth[row]) <= 1.96 * error))
            theirs.append(np.mean((library(games, row, masks, 1000 * seed + row) - truth[row]) ** 2))
    return {
        "subject": "random values (no model)",
        "units": 10,
        "coalitions": masks,
        "mean size of a value": float(np.abs(truth).mean()),
        "shap, root mean squared error": float(np.sqrt(np.mean(theirs))),
        "ours": float(np.sqrt(np.mean(ours))),
        "ratio of mean squared errors": float(np.mean(ours) / np.mean(theirs)),
        "our 95% intervals cover": float(np.mean(inside)),
    }


def main() -> None:
    """Every sample at every budget."""
    rows: list[dict[str, Any]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, budgets in BUDGETS.items():
            games = games_of(name)
            rows += [measured(name, games, masks) for masks in budgets]
        rows += [without_structure(masks) for masks in (64, 128, 256, 512, 900)]
    notes = {
        "rows": f"{ROWS} test rows, {SEEDS} seeds (perceptron 2), all classes",
        "background": f"{BACKGROUND} training rows; digits: 16 patches, hidden by the mean",
        "calls": "coalitions beside the empty and the full one, the same number for both; each costs as many model "
        "rows as there are background rows",
        "permutations, ratio": "mean squared error of permutation_shapley with as many coalitions, to that of shap",
        "forest": "RandomForestRegressor(20 trees) trained on the rows of diabetes: a model of steps",
        "random values": "games in which every coalition has a value of its own, as no trained model plays: a "
        "surrogate has nothing to hold on to, and the library, which asks small and large coalitions first, can be "
        "nearer",
    }
    timing.write("shapley_accuracy", QUESTION, rows, notes)


if __name__ == "__main__":
    main()

"""Which method is chosen, and what readers are told."""

from __future__ import annotations

import numpy as np
from shapley_cases import network, sample

from auditnn.methods.attribution import METHODS
from auditnn.methods.attribution.auto import choose, chosen


def test_linear_models_take_the_closed_form() -> None:
    name, settings, why = choose(sample("perceptron", 3, 10), 2048)
    assert (name, settings) == ("linear_shapley", {})
    assert why == "The model is linear, as its structure shows, so the values are known in closed form."


def test_few_units_are_enumerated() -> None:
    assert choose(network(12, 1), 2048)[0] == "exact_shapley"
    assert choose(network(12, 1), 2048)[2].startswith("12 units have 4,096 coalitions")
    assert choose(network(12, 1), 512)[0] == "kernel_shap"
    assert choose(network(13, 1), 2048)[0] == "kernel_shap"


def test_many_units_are_sampled() -> None:
    name, settings, why = choose(network(30, 1), 2048)
    assert (name, settings) == ("kernel_shap", {"masks": 2048, "sampler": "leverage"})
    assert why.startswith("30 units have too many coalitions")


def test_more_units_than_the_budget_allows_are_grouped() -> None:
    choice = chosen(network(40, 1, b=20), 64)
    assert choice.method == "kernel_shap"
    assert len(choice.case.games.units(0)) <= 16
    assert "hidden together" in choice.why
    one = METHODS[choice.method].attribute(choice.case, **choice.settings)
    assert np.isfinite(one.values).all()
    assert not one.notes

"""An audit with explanations and their checks: one method that passes all, one that fails, one that nobody checked."""

from __future__ import annotations

from typing import Any

import numpy as np

from auditnn.analyzers import measures
from auditnn.core.exhibit import Exhibit
from auditnn.core.measurement import Measurement
from auditnn.core.png import address, heat_address

FEATURES = ["income", "age", "card use", "<b>late</b> payments", 'purpose = "car"', "a name that is far too long " * 4]
METHODS = ["Gradient", "Input x gradient", "Integrated gradients", "SmoothGrad", "DeepLIFT", "Grad-CAM", "Occlusion"]
BEES = 1800


def checks() -> list[Measurement]:
    """exact_shapley passes all five, lime fails one and was not asked another, deep_lift has a number without rule."""

    def mean(id: str, method: str, value: float, se: float, **more: Any) -> Measurement:
        basis = {"se": se, "scale": "identity"}
        return measures.sampled(f"trust.{id}", value, "t", basis, slice={"method": method}, n=50, **more)

    return [
        mean("completeness/completeness_error", "exact_shapley", 2e-7, 1e-8, unit="share", better="lower"),
        mean("faithfulness/deletion_auc_gain", "exact_shapley", 0.98, 0.004, better="higher"),
        mean("stability/rank_stability", "exact_shapley", 0.99, 0.002, unit="correlation", better="higher"),
        mean("sanity/randomization_similarity", "exact_shapley", 0.05, 0.04, unit="correlation", better="lower"),
        mean("agreement/mean_rank_agreement", "exact_shapley", 0.6, 0.02, unit="correlation", better="higher"),
        mean("faithfulness/deletion_auc_gain", "lime", 0.95, 0.01, better="higher"),
        mean("stability/rank_stability", "lime", 0.71, 0.04, unit="correlation", better="higher"),
        mean("sanity/randomization_similarity", "lime", 0.86, 0.03, unit="correlation", better="lower"),
        measures.absent(
            "trust.agreement/mean_rank_agreement", "undefined", "all values are the same", slice={"method": "lime"}
        ),
        mean("faithfulness/insertion_auc_gain", "deep_lift", 0.77, 0.01, better="higher"),
    ]


def exhibits() -> tuple[Exhibit, ...]:
    """Every figure that explanations have, out of their reading order."""
    rng = np.random.default_rng(3)
    own = {"method": "exact_shapley", "class": "defaulted"}
    found = [_effect(rng), _dependence(rng, own)]
    for row in ("17", "<i>4</i>"):
        found += [_beside(rng, row), _waterfall(rng, row)]
    values = rng.normal(0, 1, BEES) * np.tile(1 / np.arange(1, 7), BEES // 6)
    found += [
        _exhibit(
            "shapley_values/beeswarm",
            "points",
            {
                "Shapley value": values.round(5).tolist(),
                "feature": FEATURES * (BEES // 6),
                "place": [None if i % 6 == 4 else round(x, 3) for i, x in enumerate(rng.random(BEES))],
            },
            {"x": "Shapley value", "y": "feature", "color": "place"},
            own,
        ),
        _exhibit(
            "shapley_values/importance",
            "intervals",
            {"feature": FEATURES, "size": [0.6, 0.5, 0.4, 0.3, 0.2, 0.1], "low": [0.0] * 6, "high": [0.7] * 6},
            {"label": "feature", "value": "size", "low": "low", "high": "high"},
            own,
        ),
        _exhibit(
            "saliency/maps", "images", _maps(rng), {name: name for name in ("image", "heat", "row", "column")}, {}
        ),
        _exhibit(
            "occlusion/maps",
            "images",
            {"image": [[[0.0, 1.0]]], "heat": [[[0.5, -0.5]]]},
            {"image": "image", "heat": "heat"},
            {"method": "occlusion"},
        ),
        Exhibit(
            id="explanation.shapley_values/method",
            kind="table",
            title="How the values were computed",
            summary="Exact Shapley values. 6 units are few enough to enumerate.",
            columns={"what": ["background rows"], "value": ["100"]},
            slice={"method": "exact_shapley"},
        ),
    ]
    return tuple(found)


def _exhibit(
    name: str, kind: Any, columns: dict[str, list[Any]], roles: dict[str, Any], slice: dict[str, str]
) -> Exhibit:
    id = f"explanation.{name}"
    summary = f"What {name} shows in a sentence."
    return Exhibit(
        id=id, kind=kind, title=f"Title of {name}", summary=summary, columns=columns, roles=roles, slice=slice
    )


def _waterfall(rng: np.random.Generator, row: str) -> Exhibit:
    steps = rng.normal(0, 1, 6)
    edges = np.cumsum([0.3, *steps]).tolist()
    columns = {"what": [f"{name} = 3" for name in FEATURES], "from": edges[:-1], "to": edges[1:]}
    roles = {"label": "what", "start": "from", "end": "to"}
    return _exhibit("shapley_values/waterfall", "bars", columns, roles, {"method": "exact_shapley", "row": row})


def _beside(rng: np.random.Generator, row: str) -> Exhibit:
    columns = {
        "what": FEATURES * 2,
        "weight": rng.normal(0, 1, 12).tolist(),
        "method": ["LIME"] * 6 + ["Shapley values"] * 6,
    }
    roles = {"label": "what", "value": "weight", "series": "method"}
    return _exhibit("lime/beside", "bars", columns, roles, {"method": "lime", "row": row})


def _dependence(rng: np.random.Generator, own: dict[str, str]) -> Exhibit:
    columns = {
        "age": rng.uniform(18, 80, 90).tolist(),
        "Shapley value": rng.normal(0, 1, 90).tolist(),
        "income": rng.uniform(0, 9000, 90).tolist(),
    }
    roles = {"x": "age", "y": "Shapley value", "color": "income", "reference": 0.0}
    return _exhibit("shapley_values/dependence", "points", columns, roles, {**own, "feature": "age"})


def _effect(rng: np.random.Generator) -> Exhibit:
    columns: dict[str, list[Any]] = {name: [] for name in ("age", "output", "low", "high", "row")}
    for row in [*map(str, range(40)), None]:
        level = rng.normal()
        for age in range(20, 81, 5):
            output = level + age / 40
            ends = (output - 0.1, output + 0.1) if row is None else (None, None)
            for name, value in zip(columns, (age, output, *ends, row), strict=True):
                columns[name].append(value)
    roles = {"x": "age", "y": "output", "low": "low", "high": "high", "detail": "row"}
    return _exhibit("global_importance/effect", "curve", columns, roles, {"feature": "age"})


def _maps(rng: np.random.Generator) -> dict[str, list[Any]]:
    maps: dict[str, list[Any]] = {name: [] for name in ("image", "heat", "row", "column")}
    for row in ("row 3: 8, said 3", "row 9: circle"):
        image = address(rng.random((32, 32, 3)))
        for method in METHODS:
            cell = (image, heat_address(rng.uniform(-1, 1, (32, 32))), row, method)
            for name, value in zip(maps, cell, strict=True):
                maps[name].append(value)
    return maps

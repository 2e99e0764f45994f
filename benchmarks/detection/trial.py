"""One trial: draw loan applications, train the network anew, audit it through the front door, and compare what the
audit says with the truth about this very network."""

from __future__ import annotations

from typing import Any

import auditnn
from sample_models.credit import nets, truth
from sample_models.credit.generator import Applications
from sample_models.credit.recipe import Made, Recipe, make

TRUTH_ROWS = 250_000
UNSEEN = ["sex", "age_band", "defaulted"]
Trial = dict[str, Any]


def trial(recipe: Recipe) -> Trial:
    """What the audit found (every finding that is not a pass), and the true disparities of the network."""
    made = make(recipe)
    known = truth.measure(made.module, recipe.scenario, threshold=recipe.threshold, seed=recipe.seed, rows=TRUTH_ROWS)
    audit = auditnn.run(subject(made, recipe))
    findings = auditnn.judge(audit, policy="default")
    found = [
        {"code": one.code, "status": one.status, "slice": dict(one.slice)}
        for one in findings
        if one.status in ("fail", "unsure")
    ]
    return {
        "sample": recipe.name,
        "fault": recipe.scenario.fault,
        "seed": recipe.seed,
        "verdict": findings.verdict,
        "found": found,
        "lowest": {attribute: lowest_group(audit, attribute) for attribute in known["rates"]},
        "truth": {"roc_auc": round(known["roc_auc"], 4), **rounded(known["disparities"])},
    }


def subject(made: Made, recipe: Recipe) -> auditnn.Subject:
    """The network and its test rows, as a user would hand them over."""
    train, test = features(made.train), features(made.test)
    return auditnn.Subject.from_torch(
        made.module,
        test,
        made.test.defaulted.astype(int),
        name=recipe.name,
        task="binary",
        output="logits",
        threshold=recipe.threshold,
        encode=nets.encode,
        positive=1,
        favorable=0,
        classes=["repaid", "defaulted"],
        groups={name: made.test.frame()[name] for name in ("sex", "age_band")},
        intersections=[["sex", "age_band"]],
        train=(train, made.train.defaulted.astype(int)),
    )


def features(applications: Applications) -> Any:
    """What the network sees, as a data frame."""
    return applications.frame().drop(columns=UNSEEN)


def lowest_group(audit: auditnn.Audit, attribute: str) -> str:
    """The group with the lowest measured selection rate."""
    table = audit.measurements
    rates = table[(table["id"] == "fairness.group_rates/selection_rate") & (table["attribute"] == attribute)]
    return str(rates.sort_values("value")["group"].iloc[0])


def rounded(disparities: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    return {name: {key: round(value, 4) for key, value in values.items()} for name, values in disparities.items()}

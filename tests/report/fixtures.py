"""Audits made by hand, as wide as real ones: a credit model with groups, a regression, digits, and a broken one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import explained
import numpy as np

from auditnn.analyzers import measures
from auditnn.core.audit import AnalyzerRecord, Audit
from auditnn.core.exhibit import Exhibit
from auditnn.core.measurement import Measurement
from auditnn.policy.files import load_policy
from auditnn.policy.finding import Finding, Findings
from auditnn.policy.judge import judge

CREATED = "2025-11-21T14:03:00+00:00"
MODEL = "sha256:9f2c4be1a07d55c3e8f6d2b47a9013cd5e1f88a4c6b7720d3f9a1e5b8c4d6e7f"
DATA = "sha256:17ab3c9d2e4f60718293a4b5c6d7e8f9012a3b4c5d6e7f8091a2b3c4d5e6f708"
ENVIRONMENT = {
    "python": "3.11.2",
    "platform": "Linux",
    "machine": "x86_64",
    "cpus": 2,
    "device": "cpu",
    "libraries": {"numpy": "2.4.0", "torch": "2.13.0", "scipy": "1.17.0"},
}
GROUPS = {
    "sex": {"female": (2490, 747, 0.79, 1711), "male": (2510, 1330, 0.83, 1729)},
    "age_band": {
        "18 to 25": (610, 220, 0.76, 410),
        "26 to 40": (1900, 890, 0.81, 1320),
        "41 to 60": (1850, 905, 0.82, 1300),
        "over 60": (640, 311, 0.83, 410),
    },
    "sex & age_band": {
        "female & 18 to 25": (300, 92, 0.74, 200),
        "female & over 60": (8, 3, 0.75, 5),
        "male & 18 to 25": (310, 128, 0.78, 210),
    },
}


def record(id: str, *, rows: int = 0, seconds: float = 0.05, model: float = 0.0, **more: Any) -> AnalyzerRecord:
    return AnalyzerRecord(
        id=id, **{"status": "measured", "seconds": seconds, "model_seconds": model, "rows_forward": rows, **more}
    )


def audit_of(subject: Mapping[str, Any], **parts: Any) -> Audit:
    settings = {"seed": 0, "effort": "standard", "rows": None, "budget": None, "analyzers": None}
    defaults: dict[str, Any] = {"settings": settings, "environment": ENVIRONMENT, "exhibits": (), "measurements": ()}
    return Audit(auditnn="0.1.0", created=CREATED, subject=subject, **{**defaults, **parts})


def group_measurements() -> list[Measurement]:
    rates, gaps = [], []
    for attribute, groups in GROUPS.items():
        names = list(groups)
        for group, (n, selected, accuracy, positives) in groups.items():
            pairs = {"attribute": attribute, "group": group}
            if "&" in attribute:
                pairs["where"] = dict(zip(attribute.split(" & "), group.split(" & "), strict=True))
            id = "fairness.group_rates/"
            rates.append(measures.rate(id + "selection_rate", selected, n, slice=pairs))
            rates.append(measures.rate(id + "accuracy", round(n * accuracy), n, slice=pairs, better="higher"))
            rates.append(
                measures.rate(id + "true_positive_rate", round(0.66 * positives), positives, slice=pairs)
                if n >= 10
                else measures.absent(id + "true_positive_rate", "undefined", "no positive rows", slice=pairs, n=0)
            )
        kept = [name for name in names if groups[name][0] >= 10]
        x, n = [groups[name][1] for name in kept], [groups[name][0] for name in kept]
        method = "newcombe" if len(kept) == 2 else "simultaneous"
        basis = {"form": "gap", "groups": kept, "x": x, "n": n, "left_out": [one for one in names if one not in kept]}
        values = [a / b for a, b in zip(x, n, strict=True)]
        id = "fairness.disparity/"
        pairs = {"attribute": attribute}
        ratio = {**basis, "form": "ratio"}
        gaps.append(
            measures.sampled(
                id + "demographic_parity_ratio", min(values) / max(values), "score" if len(kept) == 2 else method,
                ratio, slice=pairs, better="one", unit="ratio", n=sum(n),
            )
        )  # fmt: skip
        gaps.append(
            measures.sampled(
                id + "demographic_parity_difference", max(values) - min(values), method, basis,
                slice=pairs, better="lower", unit="probability", n=sum(n),
            )
        )  # fmt: skip
        right = [round(groups[name][0] * groups[name][2]) for name in kept]
        worst = {"form": "minimum", "groups": kept, "x": right, "n": n}
        gaps.append(
            measures.sampled(
                id + "worst_group_accuracy", min(a / b for a, b in zip(right, n, strict=True)), "simultaneous", worst,
                slice=pairs, better="higher", unit="probability", n=sum(n),
            )
        )  # fmt: skip
    return rates + gaps


def group_figures(rates: list[Measurement]) -> list[Exhibit]:
    figures = []
    for attribute in GROUPS:
        rows = [one for one in rates if one.slice.get("attribute") == attribute and one.status == "measured"]
        rows = [one for one in rows if one.analyzer == "fairness.group_rates"]
        figures.append(
            Exhibit(
                id="fairness.group_rates/rates",
                kind="intervals",
                title=f"Rates of 'repaid' by {attribute}",
                summary=f"The selection rate is lowest for {rows[0].slice['group']} ({rows[0].value:.3f}).",
                slice={"attribute": attribute},
                roles={"y": "group", "x": "value", "low": "low", "high": "high", "series": "rate"},
                columns={
                    "group": [one.slice["group"] for one in rows],
                    "rate": [one.id.rsplit("/", 1)[1] for one in rows],
                    "value": [one.value for one in rows],
                    "low": [one.low for one in rows],
                    "high": [one.high for one in rows],
                    "n": [one.n for one in rows],
                },
                measurements=tuple(dict.fromkeys(one.id for one in rows)),
            )
        )
    return figures


def credit() -> Audit:
    """A binary classifier with groups: some rules fail, some are unsure, one analyzer crashed."""
    groups = group_measurements()
    accuracy = "performance.accuracy/"
    found = [
        measures.exact("subject.check/repeat_difference", 0.0, unit="probability", better="lower", n=256),
        measures.exact("subject.check/batch_difference", 2.4e-7, unit="probability", better="lower", n=256),
        measures.exact("subject.check/train_mode", 1.0, unit="flag", better="lower"),
        measures.exact("data.quality/missing_share", 0.0131, unit="probability", better="lower", n=5000),
        measures.exact("data.quality/duplicate_share", 0.0004, unit="probability", better="lower", n=5000),
        measures.exact("data.quality/train_test_overlap", 0.0, unit="probability", better="lower", n=5000),
        measures.exact("data.imbalance/imbalance_ratio", 4.2, unit="ratio", better="lower", n=5000),
        measures.exact("data.imbalance/effective_classes", 1.63, unit="classes", better="higher", n=5000),
        measures.rate(accuracy + "accuracy", 4050, 5000, better="higher"),
        measures.sampled(
            accuracy + "balanced_accuracy", 0.744, "bootstrap", {"se": 0.008, "scale": "identity"}, better="higher",
            unit="probability", n=5000,
        ),
        measures.rate(accuracy + "recall", 611, 960, slice={"class": "defaulted"}, better="higher"),
        measures.rate(accuracy + "recall", 3439, 4040, slice={"class": "repaid"}, better="higher"),
        measures.sampled(
            accuracy + "roc_auc", 0.823, "delong", {"se": 0.0071, "scale": "logit"}, better="higher", n=5000,
            unit="probability",
        ),
        measures.sampled(
            accuracy + "mcc", 0.402, "bootstrap", {"se": 0.014, "scale": "identity"}, better="higher", n=5000
        ),
        measures.sampled(
            "performance.calibration/calibration_in_the_large", -0.021, "t", {"se": 0.0055, "scale": "identity"},
            better="zero", unit="probability", n=5000,
        ),
        measures.sampled(
            "performance.calibration/calibration_slope", 0.78, "t", {"se": 0.06, "scale": "identity"}, better="one",
            n=5000,
        ),
        measures.absent(
            "performance.calibration/expected_calibration_error", "undefined", "fewer than 15 distinct scores"
        ),
    ]  # fmt: skip
    scores = [round(0.05 + 0.1 * i, 2) for i in range(10)]
    observed = [round(0.5 + (x - 0.5) * 0.82, 3) for x in scores]
    exhibits = [
        Exhibit(
            id="subject.check/answers",
            kind="table",
            title="The same question, asked again",
            summary="Asked twice, answers differ by at most 0.",
            columns={
                "check": ["asked twice", "asked one by one"],
                "largest difference": [0.0, 2.4e-7],
                "rows": [256] * 2,
            },
        ),
        Exhibit(
            id="data.imbalance/class_counts",
            kind="bars",
            title="Rows of each class",
            summary="Of 5,000 test rows the largest class, repaid, has 4,040 and the smallest, defaulted, has 960.",
            columns={
                "class": ["repaid", "defaulted"] * 2,
                "rows": [4040, 960, 12110, 2890],
                "split": ["test", "test", "train", "train"],
            },
            roles={"x": "class", "y": "rows", "series": "split"},
        ),
        Exhibit(
            id="performance.calibration/reliability",
            kind="curve",
            title="Scores against what happened",
            summary="In the highest of ten score bins 86.9% defaulted where the model said 95%.",
            columns={
                "mean score": scores,
                "observed rate": observed,
                "low": [max(0.0, y - 0.05) for y in observed],
                "high": [min(1.0, y + 0.05) for y in observed],
                "rows": [500] * 10,
            },
            roles={"x": "mean score", "y": "observed rate", "low": "low", "high": "high", "reference": "diagonal"},
        ),
        Exhibit(
            id="performance.accuracy/confusion",
            kind="heatmap",
            title="Predicted against true class",
            summary="Of 960 rows of class defaulted, 611 were found.",
            columns={
                "predicted": ["repaid", "defaulted"] * 2,
                "true": ["repaid", "repaid", "defaulted", "defaulted"],
                "rows": [3439, 601, 349, 611],
            },
            roles={"x": "predicted", "y": "true", "value": "rows"},
        ),
        *group_figures(groups),
        Exhibit(
            id="fairness.disparity/differences",
            kind="intervals",
            title="Share that gets 'repaid': each group of sex minus male",
            summary="The difference to male is largest for female: -0.230 [-0.256, -0.203].",
            slice={"attribute": "sex"},
            columns={"group": ["female"], "value": [-0.23], "low": [-0.256], "high": [-0.203], "n": [2490]},
            roles={"y": "group", "x": "value", "low": "low", "high": "high", "reference": 0.0},
            measurements=("fairness.disparity/demographic_parity_difference",),
        ),
    ]
    subject = {
        "name": "credit",
        "task": "binary",
        "modality": "tabular",
        "kind": "torch",
        "source": "sample:credit",
        "rows": {"test": 5000, "train": 15000},
        "classes": ["repaid", "defaulted"],
        "store_rows": "sample",
        "redact": ["applicant_name"],
        "digests": {"model": MODEL, "data": DATA},
        "notes": [],
    }
    analyzers = (
        record("subject.check", rows=5512, seconds=0.21, model=0.18),
        record("data.quality"),
        record("data.imbalance"),
        record("performance.accuracy", seconds=0.09),
        record("performance.calibration"),
        record("performance.imbalance", status="failed", reason="ValueError: x and n differ in length"),
        record("fairness.group_rates", seconds=0.12),
        record("fairness.disparity", seconds=0.3, settings={"minimum_rows": 10}),
        record("robustness.gradient_attacks", status="skipped", reason="the budget of 60 s was spent"),
        record("explanation.localization", status="not_applicable", reason="it is about images; this is a table"),
    )
    return audit_of(subject, analyzers=analyzers, measurements=tuple(found + groups), exhibits=tuple(exhibits))


def diabetes() -> Audit:
    """A regression model with few rows: wide intervals, much that stays unsure."""
    rng = np.random.default_rng(0)
    truth = rng.normal(150, 70, 111).clip(30, 340).round(1)
    guess = (0.5 * truth + 75 + rng.normal(0, 45, 111)).round(1)
    found = [
        measures.exact("subject.check/repeat_difference", 0.0, unit="target", better="lower", n=111),
        measures.sampled(
            "performance.accuracy/mae", 44.3, "bootstrap", {"se": 3.1, "scale": "identity"}, unit="target", n=111
        ),
        measures.sampled("performance.accuracy/skill", 0.38, "bootstrap", {"se": 0.11, "scale": "identity"}, n=111),
        measures.sampled(
            "fairness.disparity/mean_error_difference", 12.4, "t", {"se": 9.7, "scale": "identity"},
            slice={"attribute": "sex"}, better="lower", unit="target", n=111,
        ),
        measures.absent(
            "fairness.disparity/mean_error_difference", "undefined", "fewer than two groups have ten rows",
            slice={"attribute": "age_band"}, n=111,
        ),
    ]  # fmt: skip
    exhibit = Exhibit(
        id="performance.accuracy/predictions",
        kind="points",
        title="Predicted against true",
        summary="Predictions stay between 80 and 270 where the truth goes from 30 to 340.",
        columns={
            "true": truth.tolist(),
            "predicted": guess.tolist(),
            "sex": [("a", "b")[i % 2] for i in range(111)],
        },
        roles={"x": "true", "y": "predicted", "series": "sex", "reference": "diagonal"},
    )
    subject = {
        "name": "diabetes",
        "task": "regression",
        "modality": "tabular",
        "kind": "torch",
        "source": "sample:diabetes",
        "rows": {"test": 111, "train": 331},
        "store_rows": "all",
        "digests": {"model": MODEL},
    }
    analyzers = (record("subject.check", rows=200, model=0.01), record("performance.accuracy"))
    return audit_of(subject, analyzers=analyzers, measurements=tuple(found), exhibits=(exhibit,))


def digits() -> Audit:
    """A classifier of images in ten classes: a heatmap, images, and everything within its limits."""
    names = [str(i) for i in range(10)]
    counts = [[57 if i == j else (i + j) % 3 // 2 for j in range(10)] for i in range(10)]
    found = [measures.rate("performance.accuracy/accuracy", 583, 597, better="higher")]
    found += [
        measures.rate("performance.accuracy/recall", 57, 60 - i % 3, slice={"class": name}, better="higher")
        for i, name in enumerate(names)
    ]
    found.append(measures.exact("data.imbalance/imbalance_ratio", 1.05, unit="ratio", better="lower", n=597))
    pictures = [[[abs(math.sin(i * k + j)) for j in range(8)] for i in range(8)] for k in range(1, 8)]
    exhibits = (
        Exhibit(
            id="performance.accuracy/confusion",
            kind="heatmap",
            title="Predicted against true class",
            summary="Most of what goes wrong is two classes taken for one another.",
            columns={
                "predicted": [b for _ in names for b in names],
                "true": [a for a in names for _ in names],
                "rows": [counts[i][j] for i in range(10) for j in range(10)],
            },
            roles={"x": "predicted", "y": "true", "value": "rows"},
        ),
        Exhibit(
            id="performance.accuracy/mistakes",
            kind="images",
            title="The surest mistakes",
            summary="Seven images that the model is wrong about.",
            columns={"image": pictures, "label": [f"{i} taken for {i + 1}" for i in range(7)]},
            roles={"image": "image", "label": "label"},
        ),
    )
    subject = {
        "name": "digits",
        "task": "multiclass",
        "modality": "image",
        "kind": "torch",
        "rows": {"test": 597},
        "classes": names,
        "store_rows": "none",
        "digests": {},
    }
    return audit_of(subject, analyzers=(record("performance.accuracy"),), measurements=tuple(found), exhibits=exhibits)


def broken() -> Audit:
    """Nothing could be measured."""
    analyzers = (
        record("subject.check", status="failed", reason="RuntimeError: the model ran out of memory"),
        record("data.quality", status="skipped", reason="the budget of 1 s was spent"),
        record("fairness.disparity", status="not_applicable", reason="it needs groups, and the subject names none"),
    )
    return audit_of({"name": "empty", "task": "binary", "rows": {"test": 0}}, analyzers=analyzers)


def judged(audit: Audit, policy: str = "default") -> Findings:
    return judge(audit, load_policy(policy))


def finding(**changes: Any) -> Finding:
    """One finding with every field filled."""
    base: dict[str, Any] = {
        "code": "FAIR001",
        "status": "fail",
        "severity": "major",
        "family": "fairness",
        "measurement": "fairness.disparity/demographic_parity_difference",
        "slice": {"attribute": "sex"},
        "op": "at_most",
        "threshold": 0.1,
        "title": "Selection rates differ between groups",
        "statement": "Selection rate differs.",
    }
    return Finding(**{**base, **changes})


def explained_credit() -> Audit:
    """A classifier with explanations, their checks, and every figure that explanations have."""
    base = credit()
    analyzers = [record(f"explanation.{name}") for name in ("shapley_values", "lime", "saliency", "global_importance")]
    analyzers += [
        record(f"trust.{name}") for name in ("completeness", "faithfulness", "stability", "sanity", "agreement")
    ]
    return audit_of(
        base.subject, analyzers=tuple(analyzers), measurements=tuple(explained.checks()), exhibits=explained.exhibits()
    )


AUDITS = {
    "credit": credit,
    "diabetes": diabetes,
    "digits": digits,
    "broken": broken,
    "explained": explained_credit,
}

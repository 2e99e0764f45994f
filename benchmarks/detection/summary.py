"""Trials into counts with intervals, and counts into a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.detection.trial import Trial

LIMITS = {
    "FAIR001": ("demographic_parity_difference", 0.1),
    "FAIR002": ("demographic_parity_ratio", 0.8),
    "FAIR003": ("equalized_odds_difference", 0.1),
    "FAIR004": ("equal_opportunity_difference", 0.1),
}


def failed(trial: Trial, code: str, **pairs: str) -> bool:
    """Whether a rule failed in the slice that has exactly these pairs."""
    return any(
        one["status"] == "fail"
        and one["code"] == code
        and {k: v for k, v in one["slice"].items() if k != "where"} == pairs
        for one in trial["found"]
    )


def bias_found(trial: Trial) -> bool:
    """The planted bias, with the right attribute, group and direction: women are approved less often."""
    return failed(trial, "FAIR001", attribute="sex") and trial["lowest"]["sex"] == "female"


def bias_found_in_intersection(trial: Trial) -> bool:
    """The same among the six intersections: some group of women is approved least often."""
    return failed(trial, "FAIR001", attribute="sex & age_band") and trial["lowest"]["sex & age_band"].startswith(
        "female &"
    )


PLANTED: dict[str, tuple[str, Callable[[Trial], bool]]] = {
    "bias": ("FAIR001 fails on sex, and women have the lower selection rate", bias_found),
    "bias, seen in intersections": (
        "FAIR001 fails on sex & age_band, and a group of women has the lowest selection rate",
        bias_found_in_intersection,
    ),
    "imbalance": ("IMB001 fails", lambda trial: failed(trial, "IMB001")),
    "imbalance in training": (
        "IMB001 fails on the training rows",
        lambda trial: failed(trial, "IMB001", split="train"),
    ),
    "minority overlooked": ("IMB002 fails", lambda trial: failed(trial, "IMB002")),
}


def false_fails(trials: Sequence[Trial]) -> list[str]:
    """Every failed fairness rule whose true value, for that very network, is within the threshold."""
    wrong = []
    for trial in trials:
        for one in trial["found"]:
            name, limit = LIMITS.get(one["code"], ("", 0.0))
            if one["status"] != "fail" or not name:
                continue
            true = trial["truth"][one["slice"]["attribute"]][name]
            if (true >= limit) if one["code"] == "FAIR002" else (true <= limit):
                wrong.append(
                    f"{one['code']} on {one['slice']['attribute']}, fault {trial['fault']:g}, seed {trial['seed']}"
                )
    return wrong


def share(count: int, of: int) -> dict[str, Any]:
    """A count, and the 95% Clopper-Pearson interval of the share it estimates."""
    from auditnn.kernels.inference import interval

    found = interval("clopper_pearson", count / of, {"form": "rate", "x": [count], "n": [of]})
    return {
        "count": count,
        "of": of,
        "low": round(found.low or 0.0, 3),
        "high": round(1.0 if found.high is None else found.high, 3),
    }


def summarise(trials: Sequence[Trial], shipped: float) -> dict[str, Any]:
    """What is published: per planted fault, per size of the bias, and for the twin."""
    biased = [trial for trial in trials if trial["sample"] == "credit"]
    clean = [trial for trial in trials if trial["sample"] == "credit_clean"]
    at_size = [trial for trial in biased if trial["fault"] == shipped]
    return {
        "planted": {
            name: {"means": means, **share(sum(map(found, at_size)), len(at_size))}
            for name, (means, found) in PLANTED.items()
        },
        "curve": [_size(biased, size) for size in sorted({trial["fault"] for trial in biased})],
        "twin": {
            "seeds": len(clean),
            "fails": [
                f"{one['code']} {one['slice']}, seed {trial['seed']}"
                for trial in clean
                for one in trial["found"]
                if one["status"] == "fail"
            ],
            "unsure": sum(
                one["status"] == "unsure" and one["code"] in LIMITS for trial in clean for one in trial["found"]
            ),
            "largest_true_disparity": max(_largest(trial) for trial in clean),
        },
        "auc_gap": {
            "largest": max(
                abs(one["truth"]["roc_auc"] - two["truth"]["roc_auc"]) for one, two in _pairs(at_size, clean)
            )
        },
        "false_fails": false_fails(trials),
    }


def _size(biased: Sequence[Trial], size: float) -> dict[str, Any]:
    trials = [trial for trial in biased if trial["fault"] == size]
    gaps = [trial["truth"]["sex"]["demographic_parity_difference"] for trial in trials]
    return {
        "fault": size,
        "odds_ratio": round(4.0**size, 2),
        "true_difference": {"mean": round(sum(gaps) / len(gaps), 3), "least": min(gaps), "most": max(gaps)},
        "found": share(sum(map(bias_found, trials)), len(trials)),
        "rules": {code: sum(failed(trial, code, attribute="sex") for trial in trials) for code in LIMITS},
        "wrong_attribute": sum(failed(trial, code, attribute="age_band") for trial in trials for code in LIMITS),
    }


def _largest(trial: Trial) -> float:
    tables = [table for key, table in trial["truth"].items() if key != "roc_auc"]
    return float(max(value for table in tables for name, value in table.items() if "difference" in name))


def _pairs(biased: Sequence[Trial], clean: Sequence[Trial]) -> list[tuple[Trial, Trial]]:
    by_seed = {trial["seed"]: trial for trial in clean}
    return [(trial, by_seed[trial["seed"]]) for trial in biased]


def problems(summary: dict[str, Any], shipped: float) -> list[str]:
    """What keeps the claim from holding; empty when every planted fault is found and the twin has no fail."""
    missed = [
        f"{name}: found {summary['planted'][name]['count']} of {summary['planted'][name]['of']}"
        for name in ("bias", "imbalance")
        if summary["planted"][name]["count"] < summary["planted"][name]["of"]
    ]
    missed += [
        f"bias of size {row['fault']:g}: found {row['found']['count']} of {row['found']['of']}"
        for row in summary["curve"]
        if row["fault"] > shipped and row["found"]["count"] < row["found"]["of"]
    ]
    return missed + [f"fail on the twin: {one}" for one in summary["twin"]["fails"]]

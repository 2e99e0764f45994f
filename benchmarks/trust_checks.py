"""python -m benchmarks.trust_checks: which explanation fails which check, controls among them, over several seeds.

Every sample with a model is audited by the five checks and judged by the default policy. The controls are no
explanations: random numbers, and the input itself. A check that never fails anything would show here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"
SEEDS = 10
CHECKS = ("completeness", "faithfulness", "stability", "sanity", "agreement")
CODES = ("TRUST001", "TRUST002", "TRUST003", "TRUST004", "TRUST005")
CONTROLS = ("random_attribution", "input_values")
GRADIENTS = ("integrated_gradients", "input_x_gradient", "gradient", "guided_backpropagation")
SAMPLES: dict[str, str] = {  # and what auto picks there for Shapley values
    "perceptron": "linear_shapley", "diabetes": "exact_shapley", "credit": "exact_shapley", "digits": "kernel_shap",
    "shapes": "kernel_shap",
}  # fmt: skip


def methods(sample: str) -> tuple[str, ...]:
    """What is checked on one sample."""
    return (SAMPLES[sample], "lime", *GRADIENTS, *CONTROLS)


def trial(sample: str, seed: int) -> list[dict[str, Any]]:
    """One audit: the finding and the value of each check and method."""
    import auditnn

    names = [f"trust.{check}" for check in CHECKS]
    settings = {f"{name}.methods": methods(sample) for name in names}
    audit = auditnn.run(auditnn.load(f"sample:{sample}"), names, settings, seed=seed)
    findings = auditnn.judge(audit).record.findings
    return [
        {"code": one.code, "method": one.slice["method"], "status": one.status, "value": one.value}
        for one in findings
        if one.code in CODES and "method" in one.slice
    ]


def summary(trials: Sequence[list[dict[str, Any]]], sample: str) -> dict[str, dict[str, Any]]:
    """By method and code: how often each status came up, and the mean value."""
    found: dict[str, dict[str, Any]] = {}
    for method in methods(sample):
        found[method] = {}
        for code in CODES:
            own = [one for trial in trials for one in trial if (one["code"], one["method"]) == (code, method)]
            values = [one["value"] for one in own if one["value"] is not None]
            if not own:
                continue
            counts = {status: sum(one["status"] == status for one in own) for status in ("fail", "unsure", "pass")}
            found[method][code] = {**counts, "audits": len(own), "value": mean(values) if values else None}
    return found


def simulate(seeds: int = SEEDS, samples: Sequence[str] = tuple(SAMPLES)) -> dict[str, Any]:
    """The summary of every sample."""
    return {sample: summary([trial(sample, seed) for seed in range(seeds)], sample) for sample in samples}


def page(record: dict[str, Any]) -> str:
    """results/trust_checks.md."""
    return "\n".join(_lines(record)) + "\n"


def _lines(record: dict[str, Any]) -> Iterator[str]:
    yield "# Checks of explanations: what fails what"
    yield ""
    yield (
        f"`python -m benchmarks.trust_checks`, deterministic: {record['seeds']} audits of each sample at effort "
        "`standard`, judged by the default policy. A cell holds how many of them fail (F), are unsure (?) and pass "
        "(P), and the mean value; an empty one says that the question does not exist for the method. Random numbers "
        "and the input itself are controls, which are there to be caught: random numbers by faithfulness, stability "
        "and sanity, the input by sanity."
    )
    titles = {code: f"{check} ({code})" for check, code in zip(CHECKS, CODES, strict=True)}
    for sample, found in record["samples"].items():
        yield ""
        yield f"## `sample:{sample}`"
        yield ""
        yield f"| method | {' | '.join(titles.values())} |"
        yield "|---|" + "---|" * len(CODES)
        for method, cells in found.items():
            yield f"| {method} | {' | '.join(_cell(cells.get(code)) for code in CODES)} |"


def _cell(one: dict[str, Any] | None) -> str:
    if one is None:
        return ""
    signs = (("fail", "F"), ("unsure", "?"), ("pass", "P"))
    told = " ".join(f"{one[name]} {sign}" for name, sign in signs if one[name])
    return f"{told or 'not measured'}, {one['value']:.3f}" if one["value"] is not None else told or "not measured"


def main() -> None:
    """Audit, write results/trust_checks.json and .md, print the page."""
    record = {"seeds": SEEDS, "samples": simulate()}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "trust_checks.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "trust_checks.md").write_text(page(record), encoding="utf-8")
    print(page(record))


if __name__ == "__main__":
    main()

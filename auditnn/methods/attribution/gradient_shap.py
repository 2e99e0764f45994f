"""GradientSHAP: expected gradients, over random background rows and random places on the way from them."""

from __future__ import annotations

import numpy as np

from auditnn.methods.attribution.gradients import DrawMeans, completed, differentiable, drawn_batches, quiet
from auditnn.methods.attribution.gradients import summed_gradients as gradients
from auditnn.methods.attribution.method import attribution_method
from auditnn.methods.attribution.result import Attribution
from auditnn.methods.attribution.unit_sums import UnitSums
from auditnn.methods.case import Case
from auditnn.subjects import outputs


@attribution_method(
    "GradientSHAP",
    "gradient",
    "Erion et al. (2021), Improving Performance of Deep Learning Models with Axiomatic Attribution Priors and Expected "
    "Gradients, Nature Machine Intelligence",
    additive=True,
    drawn=True,
)
def gradient_shap(case: Case, *, samples: int = 200, fold: bool = True) -> Attribution:
    """(x - b) times the gradient at b + a (x - b), the mean over `samples` draws of a background row b and a place a,
    uniform in [0, 1].

    Values (n, d, 1) of the target class with their Monte-Carlo error, within which they add up to the output less its
    mean over the background (`base`). A row's draws depend on the seed and its id alone; captum gives the same on the
    same draws (and adds no noise unless asked). Costs (samples + 1) n + b model rows forward, samples x n backward.
    """
    inputs, background = case.inputs, case.background_inputs
    with differentiable(case, fold) as path, quiet():
        means = DrawMeans(np.shape(inputs), UnitSums(case), samples)
        for rows, (moved, way) in drawn_batches(
            samples, len(case), path.batch_rows, lambda row: on_the_way(inputs, background, case, row, samples)
        ):
            given = path.tensor(moved).requires_grad_(True)
            (found,) = gradients(path.module, (given,), path.targets(case.targets[rows]))
            means.add(rows, path.model.host(found) * way)
        facts = {"samples": samples, "background": len(background)}
        base = background_mean(case)
        return completed(case, path, "gradient_shap", means.mean, base=base, error=means.error, facts=facts)


def on_the_way(
    inputs: np.ndarray, background: np.ndarray, case: Case, row: int, samples: int
) -> tuple[np.ndarray, np.ndarray]:
    """Places between drawn background rows and one row, and the whole ways from these to it, both (samples, ...)."""
    stream = case.rng("gradient_shap", row)
    start = background[stream.integers(len(background), size=samples)]
    share = stream.random(samples).reshape(-1, *(1 for _ in inputs.shape[1:])).astype(inputs.dtype)
    way = inputs[row] - start
    return start + share * way, way


def background_mean(case: Case) -> np.ndarray:
    """The mean explained output of each row's target class over the background, (n, 1)."""
    raw = case.calls.forward(case.background_inputs.copy()).mean(axis=0, keepdims=True)
    return outputs.explained(raw, case.calls.subject)[0, case.targets][:, None]

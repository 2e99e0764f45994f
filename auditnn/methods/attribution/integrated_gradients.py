"""Integrated gradients: the gradient's mean on the way from a baseline, times the way."""

from __future__ import annotations

from auditnn.methods.attribution.baselines import Baseline, baseline_inputs
from auditnn.methods.attribution.gradients import (
    by_sum,
    completed,
    differentiable,
    in_batches,
    target_outputs,
)
from auditnn.methods.attribution.method import attribution_method
from auditnn.methods.attribution.result import Attribution
from auditnn.methods.case import Case


@attribution_method(
    "Integrated gradients",
    "gradient",
    "Sundararajan et al. (2017), Axiomatic Attribution for Deep Networks, ICML",
    additive=True,
)
def integrated_gradients(case: Case, *, steps: int = 50, baseline: Baseline = "auto", fold: bool = True) -> Attribution:
    """(x - b) times the mean gradient between baseline b and row x, by Gauss-Legendre quadrature in `steps` points; by
    captum.

    Values (n, d, 1) of the target class, which add up to the output at x less that at b (`base`), but for the
    quadrature: `completeness_error` says by how much. With `fold`, gradients come from a copy with folded batch
    normalisation where there is one. Costs (steps + 2) n model rows forward and steps x n backward.
    """
    from captum.attr import IntegratedGradients

    with differentiable(case, fold) as path:
        start, facts = baseline_inputs(case, baseline)
        method = by_sum(IntegratedGradients(path.module))

        def work(rows: slice) -> object:
            return method.attribute(
                path.tensor(case.inputs[rows]),
                baselines=path.tensor(start if len(start) == 1 else start[rows]),
                target=path.targets(case.targets[rows]),
                n_steps=steps,
                method="gausslegendre",
                internal_batch_size=path.batch_rows,
            )

        values = in_batches(path, len(case), work)
        base = target_outputs(case, start)
        return completed(case, path, "integrated_gradients", values, base=base, facts={"steps": steps, **facts})

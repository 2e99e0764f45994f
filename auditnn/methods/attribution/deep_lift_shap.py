"""DeepLIFT-SHAP: DeepLIFT against every background row."""

from __future__ import annotations

from auditnn.methods.attribution.deep_lift import complete, hooked, mended
from auditnn.methods.attribution.gradient_shap import background_mean
from auditnn.methods.attribution.gradients import by_sum, completed, differentiable, in_batches
from auditnn.methods.attribution.method import attribution_method
from auditnn.methods.attribution.result import Attribution
from auditnn.methods.case import Case


@attribution_method(
    "DeepLIFT-SHAP",
    "gradient",
    "Lundberg & Lee (2017), A Unified Approach to Interpreting Model Predictions, NeurIPS",
    additive=True,
)
def deep_lift_shap(case: Case) -> Attribution:
    """DeepLIFT's contributions against each of the b background rows, and their mean; by captum.

    Values (n, d, 1) of the target class, which add up to the output less its mean over the background (`base`); they
    approach Shapley values where the model is nearly linear. NotApplicable as for DeepLIFT. Costs 2 n b model rows
    forward and backward.
    """
    from captum.attr import DeepLift

    background = case.background_inputs
    b = len(background)
    with differentiable(case) as path, hooked(path, case):
        method = mended(by_sum(DeepLift(path.module)))
        others = path.tensor(background)
        part = max(1, min(b, path.batch_rows // 2))

        def work(rows: slice) -> object:
            given, targets = path.tensor(case.inputs[rows]), path.targets(case.targets[rows])
            total = 0.0
            for start in range(0, b, part):
                some = others[start : start + part]
                pairs = method.attribute(
                    given.repeat_interleave(len(some), dim=0),
                    baselines=some.repeat(len(given), *(1 for _ in given.shape[1:])),
                    target=targets.repeat_interleave(len(some)),
                )
                total = total + pairs.detach().reshape(len(given), len(some), *given.shape[1:]).sum(dim=1)
            return total / b

        values = in_batches(path, len(case), work, copies=2 * part)
        facts = {"background": b}
        return complete(completed(case, path, "deep_lift_shap", values, base=background_mean(case), facts=facts))

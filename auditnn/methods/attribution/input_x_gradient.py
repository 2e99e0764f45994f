"""The input times its gradient."""

from __future__ import annotations

from auditnn.methods.attribution.gradients import by_sum, completed, differentiable, in_batches
from auditnn.methods.attribution.method import attribution_method
from auditnn.methods.attribution.result import Attribution
from auditnn.methods.case import Case


@attribution_method(
    "Input x gradient", "gradient", "Shrikumar et al. (2016), Not Just a Black Box, arXiv:1605.01713"
)  # fmt: skip
def input_x_gradient(case: Case) -> Attribution:
    """Each input times the gradient by it: what the inputs add to a linear model's output, from 0; by captum.

    Values (n, d, 1) of the target class, in the output's unit. Costs 2 n model rows forward and n backward.
    """
    from captum.attr import InputXGradient

    with differentiable(case) as path:
        method = by_sum(InputXGradient(path.module))

        def work(rows: slice) -> object:
            given, targets = path.tensor(case.inputs[rows]), path.targets(case.targets[rows])
            return method.attribute(given, target=targets).detach()

        return completed(case, path, "input_x_gradient", in_batches(path, len(case), work))

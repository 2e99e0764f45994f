"""The plain gradient."""

from __future__ import annotations

from auditnn.methods.attribution.gradients import by_sum, completed, differentiable, in_batches
from auditnn.methods.attribution.method import attribution_method
from auditnn.methods.attribution.result import Attribution
from auditnn.methods.case import Case


@attribution_method(
    "Gradient", "gradient", "Simonyan et al. (2014), Deep Inside Convolutional Networks, ICLR workshop"
)  # fmt: skip
def gradient(case: Case) -> Attribution:
    """How fast each row's output rises with each input, signed; by captum.

    Values (n, d, 1) of the target class, in the output's unit per unit of the input: inputs on different scales are not
    comparable. Costs 2 n model rows forward and n backward.
    """
    from captum.attr import Saliency

    with differentiable(case) as path:
        method = by_sum(Saliency(path.module))

        def work(rows: slice) -> object:
            given, targets = path.tensor(case.inputs[rows]), path.targets(case.targets[rows])
            return method.attribute(given, target=targets, abs=False)

        return completed(case, path, "gradient", in_batches(path, len(case), work))

"""Guided backpropagation: the gradient, without what is negative on its way back through a ReLU."""

from __future__ import annotations

from auditnn.core.errors import NotApplicable
from auditnn.methods.attribution.gradients import by_sum, completed, differentiable, in_batches
from auditnn.methods.attribution.layers import RELU, layers_of
from auditnn.methods.attribution.method import attribution_method
from auditnn.methods.attribution.result import Attribution
from auditnn.methods.case import Case

NOTHING = "In some rows nothing positive comes back to the inputs."


@attribution_method(
    "Guided backpropagation",
    "gradient",
    "Springenberg et al. (2015), Striving for Simplicity: the All Convolutional Net, ICLR workshop",
)
def guided_backpropagation(case: Case) -> Attribution:
    """The gradient, with negative parts set to 0 wherever it passes back through a ReLU; by captum.

    Sharp pictures, which say more of the input than of the model: it is here to be checked. Values (n, d, 1) of the
    target class. NotApplicable where the module has no ReLU layers, or where the hooks on them would miss a ReLU or
    change more than its gradient. Costs 2 n model rows forward and n backward.
    """
    import torch
    from captum.attr import GuidedBackprop

    with differentiable(case) as path:
        found = layers_of(path, case.inputs[:1], (torch.nn.ReLU,))
        if not found.passed:
            raise NotApplicable("the module has no ReLU layers, whose gradients this method changes")
        if found.unhooked(RELU):
            raise NotApplicable("a ReLU is called as a function, where guided backpropagation's hooks do not see it")
        if names := found.shared():
            raise NotApplicable(f"the input of the ReLU {names[0]} is used elsewhere too, where the hook would cut in")
        method = by_sum(GuidedBackprop(path.module))

        def work(rows: slice) -> object:
            given, targets = path.tensor(case.inputs[rows]), path.targets(case.targets[rows])
            return method.attribute(given, target=targets)

        values = in_batches(path, len(case), work)
        return completed(case, path, "guided_backpropagation", values, flat=NOTHING)

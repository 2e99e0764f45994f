"""SmoothGrad: the mean gradient over noisy copies of the input."""

from __future__ import annotations

import numpy as np

from auditnn.core.rows import Images
from auditnn.methods.attribution.gradients import DrawMeans, completed, differentiable, drawn_batches, quiet
from auditnn.methods.attribution.gradients import summed_gradients as gradients
from auditnn.methods.attribution.method import attribution_method
from auditnn.methods.attribution.result import Attribution
from auditnn.methods.attribution.unit_sums import UnitSums
from auditnn.methods.case import Case


@attribution_method(
    "SmoothGrad", "gradient", "Smilkov et al. (2017), SmoothGrad: Removing Noise by Adding Noise, arXiv:1706.03825",
    drawn=True,
)  # fmt: skip
def smooth_grad(case: Case, *, samples: int = 50, noise: float = 0.15, fold: bool = True) -> Attribution:
    """The mean gradient over `samples` copies of each row with normal noise.

    The noise's standard deviation is `noise` times the range of an image's own pixels, or times each input's standard
    deviation in the background of a table. A row's noise depends on the seed and its id alone; captum, whose noise
    comes from one stream for the whole batch, gives the same on the same noise. Values (n, d, 1) of the target class,
    with their Monte-Carlo error. With `fold`, gradients come from a copy with folded batch normalisation where there is
    one. Costs (samples + 1) n model rows forward and samples x n backward.
    """
    with differentiable(case, fold) as path, quiet():
        means = DrawMeans(np.shape(case.inputs), UnitSums(case), samples)
        for rows, (noisy,) in drawn_batches(
            samples, len(case), path.batch_rows, lambda row: (noisy_copies(case, row, samples, noise),)
        ):
            given = path.tensor(noisy).requires_grad_(True)
            (found,) = gradients(path.module, (given,), path.targets(case.targets[rows]))
            means.add(rows, path.model.host(found))
        facts = {"samples": samples, "noise": noise}
        return completed(case, path, "smooth_grad", means.mean, error=means.error, facts=facts)


def noisy_copies(case: Case, row: int, samples: int, noise: float) -> np.ndarray:
    """Copies (samples, ...) of one row's inputs with its own noise."""
    own = case.inputs[row]
    drawn = case.rng("smooth_grad", row).standard_normal((samples, *own.shape), dtype=np.float32)
    drawn *= (noise * _spread(case, own)).astype(np.float32)
    copies: np.ndarray = (own + drawn).astype(own.dtype, copy=False)
    return copies


def _spread(case: Case, own: np.ndarray) -> np.ndarray:
    if isinstance(case.rows, Images):
        return np.asarray(own.max() - own.min())
    known = np.where(np.isfinite(case.background_inputs), case.background_inputs, np.nan)
    count = np.maximum(np.isfinite(known).sum(axis=0), 1)
    mean = np.nansum(known, axis=0, dtype=np.float64) / count
    spread: np.ndarray = np.sqrt(np.nansum((known - mean) ** 2, axis=0, dtype=np.float64) / count)
    return spread

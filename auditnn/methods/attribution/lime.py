"""LIME: a linear model of the output in the neighborhood of each row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from auditnn.core.errors import NotApplicable, SettingsError
from auditnn.core.rows import Images, Table
from auditnn.kernels.local_fit import Selection, local_fit
from auditnn.methods.attribution.lime_image import IMAGE_WIDTH, image_neighborhoods
from auditnn.methods.attribution.lime_neighborhood import Center, Discretizer, Fitted, Neighborhood, Samples
from auditnn.methods.attribution.lime_tabular import (
    MOST_TRAINING,
    table_neighborhoods,
    table_width,
    training_split,
    unit_members,
)
from auditnn.methods.attribution.method import attribution_method
from auditnn.methods.attribution.result import Attribution
from auditnn.methods.case import Case
from auditnn.methods.games.game import keep_freed_memory

TABLE_DRAWS, IMAGE_DRAWS = 5000, 1000  # the library's
FEWEST_DRAWS = 10
SHARED_NOTE = (
    "All rows were explained from the same draws: their errors go together, so a mean over rows is no surer of the "
    "draws than one row is."
)
IMAGE_NOTE = "Every image is hidden in its own way, so samples cannot be shared; each image had its own."
LOGIT_NOTE = "The lime library is usually given probabilities; here the explained output is the model's logit."


@attribution_method("LIME", "local_model", "Ribeiro, Singh & Guestrin (2016)", drawn=True)
def lime(
    case: Case,
    *,
    draws: int | None = None,
    samples: Samples = "per_row",
    discretizer: Discretizer = "none",
    center: Center = "training",
    kernel_width: float | None = None,
    num_features: int | None = None,
    selection: Selection = "auto",
    engine: Literal["fast", "reference"] = "fast",
) -> Attribution:
    """Coefficients of a ridge regression (penalty 1, with an intercept) of the explained outputs on `draws` samples
    around each row (5,000 for tables and 1,000 for images unless told), weighted by exp(-distance^2 / 2 width^2).

    Values (n, d, k). A number enters scaled by training mean and standard deviation, and its value is coefficient x
    scaled value: what it adds against the training mean. A category is 1 where a sample is as the row and 0 elsewhere,
    and its value is the coefficient: what it adds against other categories. So are numbers that `discretizer`
    (quartile, decile, entropy) cuts into bins: what this bin adds against others. The library's default is quartile
    and ours none, because a model that is linear in a number is not linear in its quarters and R2 is low from the
    start. Units of an image are shown or hidden, each half of the time. `error` is the standard error over redraws.
    `details`: r2 and r2_error (n, k) of the weighted fit, intercept and prediction of the local model (n, k), and the
    coefficients themselves (n, d, k).

    Samples of tables are drawn as the library draws them, by frequencies among the training rows (a plain model's
    `background`; the test rows where there are no others), but numbers of kind integer stay whole, a missing value is a
    bin of its own, several features of one unit are drawn together from training rows, and a constant stays constant.
    Draws are integers below 16,384 (fewer beyond 256 units) into equally likely levels. `center="row"` (only without a
    discretizer) draws around the row instead of the training mean. `kernel_width` is sqrt(d) x 0.75 for tables and 0.25
    for images (cosine distance) unless told. `num_features` units are kept for each output by `selection`; all of them
    unless told. `samples="shared"` draws once for all rows of a table and only weighs anew. `engine="reference"` is the
    lime library itself with draws of its own, and gives no errors.

    Costs n x draws model rows (images: times the number of fills), n + draws where shared. The explained outputs are
    logits where the model has them; the library is usually given probabilities. A coefficient is of a model that may
    not fit: see its R2. NotApplicable where rows have no units; SettingsError for settings that exclude each other.
    """
    image = isinstance(case.rows, Images)
    if not image and not isinstance(case.rows, Table):
        raise NotApplicable(f"{case.rows.modality} rows have no units that could be drawn yet")
    m = draws or (IMAGE_DRAWS if image else TABLE_DRAWS)
    if m < FEWEST_DRAWS:
        raise SettingsError(f"draws of {FEWEST_DRAWS} or more", str(m), f"For example draws={TABLE_DRAWS}.")
    if engine == "reference":
        from auditnn.methods.attribution.lime_reference import library_fits

        if samples == "shared":
            raise SettingsError("samples=per_row with engine=reference", "shared", "The library draws for each row.")
        fits = library_fits(case, m, discretizer, center, kernel_width, num_features, selection)
    else:
        each = neighborhoods(case, m, samples, discretizer, center, kernel_width)
        fits = _fitted(each, num_features, selection)
    about = _Facts(case, m, samples, discretizer, center, kernel_width, num_features, selection, engine)
    return _attribution(case, fits, about)


def neighborhoods(
    case: Case, draws: int, samples: Samples, discretizer: Discretizer, center: Center, kernel_width: float | None
) -> Iterator[Neighborhood]:
    """The neighborhood of each row in turn; the model is asked as they are taken."""
    if isinstance(case.rows, Images):
        return image_neighborhoods(case, draws, kernel_width)
    return table_neighborhoods(case, draws, samples, discretizer, center, kernel_width)


def unit_names(case: Case) -> tuple[str, ...]:
    """Names of the units; for images those of the row with the most."""
    if isinstance(case.rows, Images):
        return max((case.games.units(row) for row in range(len(case))), key=len)
    return tuple(unit_members(case))


def _fitted(each: Iterator[Neighborhood], keep: int | None, selection: Selection) -> list[Fitted]:
    keep_freed_memory()
    return [
        Fitted(local_fit(one.x, one.y, one.weights, keep=keep, selection=selection), one.x[:, 0].copy(), one.y[0])
        for one in each
    ]


def _attribution(case: Case, fits: Sequence[Fitted], about: _Facts) -> Attribution:
    names = unit_names(case)
    n, d, k = len(fits), len(names), len(fits[0].output)
    counts = np.array([len(one.at) for one in fits])
    coefficients, error, scale = np.zeros((n, d, k)), np.zeros((n, d, k)), np.zeros((n, d, 1))
    for row, one in enumerate(fits):
        coefficients[row, : counts[row]], scale[row, : counts[row], 0] = one.fit.coefficients, one.at
        error[row, : counts[row]] = one.fit.error
    fast = about.engine == "fast"
    told = ("r2", "intercept", "prediction", *(("r2_error",) if fast else ()))
    details = {name: np.stack([getattr(one.fit, name) for one in fits]) for name in told}
    return Attribution(
        method="lime",
        units=names,
        values=coefficients * scale,
        output=np.stack([one.output for one in fits]),
        error=error * np.abs(scale) if fast else None,
        segments=getattr(case.games, "segments", None) if isinstance(case.rows, Images) else None,
        counts=None if (counts == d).all() else counts,
        details={**details, "coefficient": coefficients},
        facts=about.facts(d),
        notes=about.notes(),
    )


@dataclass(frozen=True, slots=True)
class _Facts:
    """The settings that held, in words for a reader."""

    case: Case
    draws: int
    samples: Samples
    discretizer: Discretizer
    center: Center
    kernel_width: float | None
    num_features: int | None
    selection: Selection
    engine: str

    def facts(self, d: int) -> dict[str, Any]:
        """As plain JSON values; what has no meaning for the modality is left out."""
        image, subject = isinstance(self.case.rows, Images), self.case.calls.subject
        width = self.kernel_width or (IMAGE_WIDTH if image else table_width(d))
        kept = {} if self.num_features is None or self.num_features >= d else {"selection": self.selection}
        own: dict[str, Any] = {"distance": "cosine"}
        if not image:
            rows = len(training_split(self.case)[0])
            own = {"discretizer": self.discretizer, "center": self.center, "training_rows": min(rows, MOST_TRAINING)}
        return {
            "engine": self.engine,
            "draws": self.draws,
            "samples": "per_row" if image else self.samples,
            "kernel_width": round(float(width), 6),
            "features": d if self.num_features is None else min(self.num_features, d),
            **kept,
            **own,
            "explained": subject.output,
        }

    def notes(self) -> tuple[str, ...]:
        """What a reader must know."""
        told = []
        if self.samples == "shared":
            told.append(IMAGE_NOTE if isinstance(self.case.rows, Images) else SHARED_NOTE)
        if self.case.calls.subject.output == "logits":
            told.append(LOGIT_NOTE)
        return tuple(told)

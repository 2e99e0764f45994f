"""The lime library itself: as an engine, and as the reference for ours on the same samples."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from auditnn.core.errors import NotApplicable
from auditnn.core.rows import Feature, Images, Table
from auditnn.kernels.local_fit import LocalFit, Selection
from auditnn.methods.attribution.lime import neighborhoods
from auditnn.methods.attribution.lime_image import IMAGE_WIDTH
from auditnn.methods.attribution.lime_neighborhood import Center, Discretizer, Fitted, Samples
from auditnn.methods.attribution.lime_tabular import table_width, training_rows, unit_members
from auditnn.methods.attribution.result import Attribution
from auditnn.methods.case import Case
from auditnn.subjects import outputs

ROUNDING = 2.0 * np.finfo(np.float32).eps  # of a model's outputs, which differ by it from batch to batch


def reference_difference(
    case: Case,
    one: Attribution,
    *,
    draws: int,
    samples: Samples = "per_row",
    discretizer: Discretizer = "none",
    center: Center = "training",
    kernel_width: float | None = None,
    num_features: int | None = None,
    selection: Selection = "auto",
) -> np.ndarray:
    """Largest |coefficient - the library's| of each row of `case`, (n,), over its largest coefficient.

    The attribution `one` is of these rows with these settings. Their samples are drawn and asked for again; distances,
    kernel, selection and fit are the library's. What the rounding of 32-bit outputs may do is taken off. Costs
    n x `draws` model rows.
    """
    image = isinstance(case.rows, Images)
    result = np.empty(len(case))
    each = neighborhoods(case, draws, samples, discretizer, center, kernel_width)
    for row, near in enumerate(each):
        d = len(near.x)
        width = kernel_width or (IMAGE_WIDTH if image else table_width(d))
        theirs = library_coefficients(
            near.x, near.y, width, "cosine" if image else "euclidean", num_features, selection
        )
        gap = np.abs(one.details["coefficient"][row, :d] - theirs).max()
        size = max(np.abs(theirs).max(), np.abs(one.details["coefficient"][row, :d]).max())
        beyond = gap - ROUNDING * np.abs(near.y).max()
        result[row] = beyond / size if beyond > 0.0 else 0.0
    return result


def library_coefficients(
    x: np.ndarray, y: np.ndarray, width: float, metric: str, features: int | None, selection: Selection
) -> np.ndarray:
    """Coefficients (d, k) by `lime.lime_base` for samples `x` (d, m) and outputs `y` (m, k)."""
    from lime.lime_base import LimeBase
    from sklearn.metrics import pairwise_distances

    base = LimeBase(_kernel(width))
    data = np.ascontiguousarray(x.T)
    result = np.zeros((len(x), y.shape[1]))
    with _quiet():
        distances = pairwise_distances(data, data[:1], metric=metric).ravel()
        for output in range(y.shape[1]):
            keep, how = (len(x), "none") if features is None else (features, selection)
            _, told, _, _ = base.explain_instance_with_data(data, y, distances, output, keep, feature_selection=how)
            for unit, coefficient in told:
                result[unit, output] = coefficient
    return result


def library_fits(
    case: Case,
    draws: int,
    discretizer: Discretizer,
    center: Center,
    kernel_width: float | None,
    features: int | None,
    selection: Selection,
) -> list[Fitted]:
    """Every row explained by the library with draws of its own; errors are 0, because it gives none."""
    settings = (draws, kernel_width, features, "none" if features is None else selection)
    with _quiet():
        if isinstance(case.rows, Images):
            return list(_library_images(case, *settings))
        return list(_library_tables(case, discretizer, center, *settings))


def _library_tables(
    case: Case,
    discretizer: Discretizer,
    center: Center,
    draws: int,
    width: float | None,
    features: int | None,
    how: str,
) -> Iterator[Fitted]:
    from lime.lime_tabular import LimeTabularExplainer

    training, labels = training_rows(case)
    members = [one for unit in unit_members(case).values() for one in unit]
    if len(members) > len(unit_members(case)):
        raise NotApplicable("the lime library knows no units of several features")
    assert isinstance(case.rows, Table)
    for table in (training, case.rows):
        if any(table.missing(one.name).any() for one in members):
            raise NotApplicable("the lime library takes no missing values")
    explainer = LimeTabularExplainer(
        _matrix(training, members),
        training_labels=labels,
        categorical_features=[place for place, one in enumerate(members) if one.coded],
        kernel_width=width,
        feature_selection=how,
        discretize_continuous=discretizer != "none",
        discretizer=discretizer if discretizer != "none" else "quartile",
        sample_around_instance=center == "row",
    )
    rows, ask = _matrix(case.rows, members), _asked(case, members)
    k = ask(rows[:1]).shape[1]
    for row in range(len(case)):
        recorder = _Recorder(explainer.base)
        explainer.base = recorder
        explainer.random_state = _state(case, row)
        if explainer.discretizer is not None:
            explainer.discretizer.random_state = explainer.random_state
        explainer.explain_instance(
            rows[row], ask, labels=range(k), num_features=features or len(members), num_samples=draws
        )
        explainer.base = recorder.base
        yield recorder.fitted()


def _library_images(case: Case, draws: int, width: float | None, features: int | None, how: str) -> Iterator[Fitted]:
    from lime.lime_image import LimeImageExplainer

    games: Any = case.games
    fills = games.fills
    if len(fills) > 1 or not (fills == fills[..., :1, :1]).all():
        raise NotApplicable("the lime library hides by one color, so it takes fill=mean")
    assert isinstance(case.rows, Images)
    calls = case.calls

    def ask(images: np.ndarray) -> np.ndarray:
        pixels = np.ascontiguousarray(np.moveaxis(images, 3, 1))
        return outputs.explained(calls.forward(calls.encoder(Images(pixels=pixels))), calls.subject)

    k = ask(np.moveaxis(case.rows.pixels[:1], 1, 3)).shape[1]
    for row in range(len(case)):
        explainer = LimeImageExplainer(width or IMAGE_WIDTH, feature_selection=how, random_state=_state(case, row))
        recorder = explainer.base = _Recorder(explainer.base)
        segments = games.segments[row]
        explainer.explain_instance(
            np.moveaxis(case.rows.pixels[row], 0, 2),
            ask,
            labels=range(k),
            top_labels=None,
            hide_color=fills[0, min(row, fills.shape[1] - 1), :, 0, 0],
            num_features=features or len(games.units(row)),
            num_samples=draws,
            batch_size=calls.batch_rows,
            segmentation_fn=lambda image, segments=segments: segments,
            random_seed=0,
        )
        yield recorder.fitted()


class _Recorder:
    """In the place of `LimeBase`: keeps what it says of every output, of which explanations keep the last only."""

    def __init__(self, base: Any) -> None:
        self.base = base
        self.told: list[tuple[Any, ...]] = []
        self.first: tuple[np.ndarray, np.ndarray] | None = None

    def explain_instance_with_data(self, data: Any, labels: Any, *rest: Any, **named: Any) -> Any:
        told = self.base.explain_instance_with_data(data, labels, *rest, **named)
        self.told.append(told)
        self.first = np.array(data[0], dtype=np.float64), np.array(labels[0], dtype=np.float64)
        return told

    def fitted(self) -> Fitted:
        """The local model of all outputs."""
        assert self.first is not None
        at, output = self.first
        coefficients = np.zeros((len(at), len(output)))
        for place, (_, told, _, _) in enumerate(self.told):
            for unit, coefficient in told:
                coefficients[unit, place] = coefficient
        intercept = np.array([told[0] for told in self.told], dtype=np.float64)
        fit = LocalFit(
            coefficients=coefficients,
            error=np.zeros_like(coefficients),
            intercept=intercept,
            prediction=intercept + at @ coefficients,
            r2=np.array([told[2] for told in self.told], dtype=np.float64),
            r2_error=np.zeros(len(output)),
        )
        return Fitted(fit, at, output)


def _kernel(width: float) -> Callable[[np.ndarray], np.ndarray]:
    """The library's default, which it makes inside its explainers."""

    def kernel(distance: np.ndarray) -> np.ndarray:
        weights: np.ndarray = np.sqrt(np.exp(-(distance**2) / width**2))
        return weights

    return kernel


def _matrix(table: Table, members: Sequence[Feature]) -> np.ndarray:
    """Rows as the library takes them, float64 (n, d): numbers, and the codes of categories."""
    return np.stack([table.columns[one.name].astype(np.float64) for one in members], axis=1)


def _asked(case: Case, members: Sequence[Feature]) -> Callable[[np.ndarray], np.ndarray]:
    """Explained outputs (m, k) for a matrix as the library makes it."""
    assert isinstance(case.rows, Table)
    features, own, calls = case.rows.features, case.rows.columns, case.calls

    def ask(matrix: np.ndarray) -> np.ndarray:
        columns = {name: np.repeat(values[:1], len(matrix)) for name, values in own.items()}  # of no unit: as they are
        columns |= {
            one.name: np.rint(matrix[:, at]).astype(np.int32) if one.coded else matrix[:, at]
            for at, one in enumerate(members)
        }
        table = Table(features=features, columns={one.name: columns[one.name] for one in features}, length=len(matrix))
        return outputs.explained(calls.forward(calls.encoder(table)), calls.subject)

    return ask


def _state(case: Case, row: int) -> np.random.RandomState:
    return np.random.RandomState(int(case.rng("lime", row).integers(1 << 32)))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars, and no warnings about logits that do not add up to one."""
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield

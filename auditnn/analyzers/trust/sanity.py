"""Does an explanation depend on what the model has learned, or would an untrained one be explained alike?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from inspect import signature

import numpy as np

from auditnn.analyzers.context import Context
from auditnn.analyzers.measures import absent, estimated
from auditnn.analyzers.settings import setting
from auditnn.analyzers.trust import shown as shared
from auditnn.analyzers.trust.explained import Explained, of_target
from auditnn.analyzers.trust.per_row import PerRow, extremes, picture, row_ids
from auditnn.analyzers.trust.shown import Chosen, cost_of, shown
from auditnn.analyzers.trust.stored import KEYS
from auditnn.core.analyzer import Analyzer, Effort, Yield
from auditnn.core.audit import Quantity
from auditnn.core.errors import NotApplicable
from auditnn.core.exhibit import Exhibit
from auditnn.core.measurement import Measurement
from auditnn.core.subject import Subject
from auditnn.kernels import moments
from auditnn.kernels.rank_agreement import rank_correlation
from auditnn.methods.attribution import METHODS
from auditnn.methods.case import Case
from auditnn.methods.randomized import cascade

ID = "trust.sanity"
SIMILARITY = f"{ID}/randomization_similarity"
ROWS: Mapping[Effort, int] = {"quick": 10, "standard": 20, "thorough": 60}
RANDOMIZATIONS: Mapping[Effort, int] = {"quick": 10, "standard": 20, "thorough": 30}
OF_IMAGES: Mapping[Effort, int] = {"quick": 10, "standard": 10, "thorough": 20}
FLAT = "the method gives all pixels or units the same value, before or after, so there are no ranks to compare"


@dataclass(frozen=True, slots=True)
class Settings(shared.Settings):
    """Which methods and rows, and how often the model forgets."""

    rows: int | None = setting(None, "test rows, shared out among randomizations; none: 10, 20 or 60 by effort")
    background: int = setting(25, shared.BACKGROUND_HELP, at_least=1)
    randomizations: int | None = setting(None, "randomized copies; none: by effort", at_least=2)


def run(subject: Subject, settings: Settings, context: Context) -> Iterator[Yield]:
    """randomization_similarity: Spearman's correlation between the signed values that a method gives for the trained
    module and for copies whose layers are drawn anew one after the other from the top; mean along that cascade, then
    over the rows of a randomization, then over randomizations. Pixel by pixel where the method has a map.

    1 means that the explanation is blind to the parameters, 0 that it changes entirely. Each randomization has rows of
    its own, as far as they reach, so that the interval over randomizations holds both. Torch modules only. Costs as
    many explanations as there are rows times layers.
    """
    if getattr(subject.model, "module", None) is None:
        kind = subject.model.kind if subject.model is not None else "stored"
        raise NotApplicable(f"a {kind} model has no parameters that could be randomized")
    times = times_of(subject, settings, context.effort)
    # Draws of the quick effort: noise only takes from the similarity, and every layer is explained anew.
    quick = replace(context, effort="quick")
    under = shown(subject, settings, quick, {"quick": ROWS[context.effort]})
    found = under.each(quick)
    names, own = tuple(found), shared_out(len(under.case), times)

    def work(which: np.ndarray) -> Mapping[str, np.ndarray]:
        parts = [randomized(under.case, int(one), own[int(one)], found, under.methods) for one in which]
        return {"similarity": np.stack([part for part, _ in parts]), "layers": np.array([parts[0][1]] * len(which))}

    result = context.map_rows("cascade", np.arange(times), work, chunk=1)
    table = result["similarity"]  # randomization, row, method, layer
    along = _mean(table, 3)
    measured = [_measurement(name, _mean(along[:, :, place], 1)) for place, name in enumerate(names)]
    yield from measured
    yield row_ids(ID, under.case.ids)
    scores = PerRow(id=SIMILARITY, methods=names, values=_by_row(along, own, len(under.case)), reason=FLAT)
    yield from scores.arrays(f"{ID}/rows")
    said = extremes(measured, "Most alike after randomization", "least") + under.without()
    heading = "How alike the trained and the randomized model are explained"
    figure = picture(f"{ID}/methods", heading, {"similarity": measured}, said)
    if figure is not None:
        yield figure
        yield _heatmap(names, result["layers"][0].tolist(), _mean(_mean(table, 1), 0), said)


def times_of(subject: Subject, settings: Settings, effort: Effort) -> int:
    """Randomized copies: fewer of modules that take images, which cost more and have more to compare."""
    return settings.randomizations or (OF_IMAGES if subject.modality == "image" else RANDOMIZATIONS)[effort]


def shared_out(rows: int, times: int) -> np.ndarray:
    """The rows of each randomization, (times, each): all different as far as they reach, then from the front again."""
    each = max(1, rows // times)
    return np.arange(times * each).reshape(times, each) % rows


def randomized(
    case: Case, number: int, rows: np.ndarray, found: Mapping[str, Explained], methods: Chosen
) -> tuple[np.ndarray, list[str]]:
    """Similarities (rows, methods, layers) along one cascade, NaN where there are no ranks; and the layers' names.

    Gradients come from the copies as they are: to fold their batch normalisation would cost more than it saves.
    """
    columns, names = [], []
    part = case.take(rows).ready()
    quick = {name: {**given, **({"fold": False} if "fold" in takes(name) else {})} for name, given in methods.items()}
    for layer, forgetful in cascade(part, number):
        names.append(layer)
        similar = [_similarity(one.take(rows), name, forgetful, quick) for name, one in found.items()]
        columns.append(np.column_stack(similar))
    return np.stack(columns, axis=2), names


def takes(name: str) -> frozenset[str]:
    """The settings that a method has."""
    return frozenset(signature(METHODS[name].attribute).parameters)


def _similarity(trained: Explained, name: str, forgetful: Case, methods: Chosen) -> np.ndarray:
    try:
        other = of_target(METHODS[name].attribute(forgetful, **methods[name]), forgetful.targets)
    except NotApplicable:
        return np.full(len(trained), np.nan)
    values, counts = trained.finest()
    return rank_correlation(values, other.finest()[0], counts)


def _mean(table: np.ndarray, axis: int) -> np.ndarray:
    """Mean of what there is along an axis, NaN where there is nothing."""
    there = ~np.isnan(table)
    count = there.sum(axis=axis)
    total = np.where(there, table, 0.0).sum(axis=axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _measurement(name: str, similarity: np.ndarray) -> Measurement:
    """The mean over randomizations (r,) with Student's t interval."""
    known, slice = similarity[~np.isnan(similarity)], {"method": name}
    if not len(known):
        return absent(SIMILARITY, "undefined", FLAT, slice=slice, better="lower", unit="correlation", n=0)
    mean = moments.mean(known)
    return estimated(SIMILARITY, mean, slice=slice, better="lower", unit="correlation", limits=(-1.0, 1.0))


def _by_row(along: np.ndarray, own: np.ndarray, n: int) -> np.ndarray:
    """Each row's mean (n, m) over the randomizations that it took part in, from (times, rows, m)."""
    found = np.full((n, along.shape[2]), np.nan)
    for row in range(n):
        found[row] = _mean(along[own == row], 0)
    return found


def _heatmap(names: Sequence[str], layers: Sequence[str], table: np.ndarray, said: str) -> Exhibit:
    """Similarity by method and by how far down the randomization has come, (m, layers)."""
    columns: dict[str, list[object]] = {"method": [], "randomized down to": [], "rank correlation": []}
    for name, line in zip(names, table, strict=True):
        for place, (layer, value) in enumerate(zip(layers, line, strict=True), 1):
            columns["method"].append(METHODS[name].title)
            columns["randomized down to"].append(f"{place}. {layer}")
            columns["rank correlation"].append(None if np.isnan(value) else float(value))
    return Exhibit(
        id=f"{ID}/cascade",
        kind="heatmap",
        title="How alike explanations stay as layers are randomized from the top",
        summary=said,
        columns=columns,
        roles={"x": "randomized down to", "y": "method", "value": "rank correlation"},
        measurements=(SIMILARITY,),
    )


def cost(subject: Subject, settings: Settings, effort: Effort, row_cap: int | None) -> int:
    """One explanation of each row for the trained module; one for each layer, about ten, in every randomization."""
    once = cost_of(subject, settings, effort, row_cap, ROWS)
    times = times_of(subject, settings, effort)
    n = max(1, min(settings.rows or ROWS[effort], row_cap or len(subject.test), len(subject.test)))
    return once + 10 * -(-once * max(times, n) // n)


ANALYZER = Analyzer(
    id=ID,
    title="Sanity of explanations",
    question="Do explanations depend on what the model has learned?",
    run=run,
    quantities={
        "randomization_similarity": Quantity(
            "Similarity after randomization", "how alike a model with randomized layers is explained"
        ),
    },
    reference="Adebayo, J. et al. (2018). Sanity checks for saliency maps. NeurIPS.",
    needs=("model", "rows"),
    modalities=("tabular", "image"),
    uses=KEYS,
    produces=(SIMILARITY,),
    settings=Settings,
    cost=cost,
)

"""Does the model look where it should? Painted-over regions, and the place of the mass of its explanations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from auditnn.analyzers.context import Context
from auditnn.analyzers.explanation.localization_measures import (
    ID,
    absent_region,
    area_measurement,
    left_out_region,
    mass_measurements,
    no_distraction,
    painted_measurements,
)
from auditnn.analyzers.explanation.localization_pictures import pictures
from auditnn.analyzers.explanation.region_mass import USES, Seen, explained_cost, seen
from auditnn.analyzers.explanation.reliance import Painted, painted
from auditnn.analyzers.explanation.telling import rows_shown
from auditnn.analyzers.settings import setting
from auditnn.core.analyzer import Analyzer, Effort, Yield
from auditnn.core.audit import Quantity, RowArray
from auditnn.core.errors import NotApplicable, SettingsError
from auditnn.core.measurement import Measurement
from auditnn.core.nearest import nearest
from auditnn.core.subject import Subject

PAINTED: Mapping[Effort, int] = {"quick": 40, "standard": 100, "thorough": 400}
EXPLAINED: Mapping[Effort, int] = {"quick": 16, "standard": 40, "thorough": 100}
MOST_REGIONS, MOST_ASKED = 20, 4
EVIDENCE = "object"
ROWS = f"{ID}/rows"


@dataclass(frozen=True, slots=True)
class Settings:
    """Which regions should decide, and how many rows are painted over and explained."""

    evidence: tuple[str, ...] | None = setting(
        None, "regions where the evidence should lie, all others should not decide; none: object"
    )  # fmt: skip
    methods: tuple[str, ...] | None = setting(
        None, "methods whose mass is placed, by name; none: gradient, integrated_gradients, grad_cam, occlusion, and "
        "Shapley values where the run has them",
    )  # fmt: skip
    rows: int | None = setting(None, "rows with a region that are painted over; none: 40, 100 or 400", at_least=1)
    explained: int | None = setting(None, "rows with a region that are explained; none: 16, 40 or 100", at_least=1)
    draws: int = setting(4, "patches elsewhere that each row's region is compared with", at_least=1, at_most=100)
    background: int = setting(100, "images whose mean stands in for what a method hides", at_least=1)


def run(subject: Subject, settings: Settings, context: Context) -> Iterator[Yield]:
    """reliance: share of predictions that change when a region is painted over with its surroundings, less the share
    that change when a patch of the same shape is painted over elsewhere in the same image; evidence_reliance the same
    where the evidence should lie, output_change the same of the explained output. mass_share: the part of a method's
    absolute attribution inside a region, area_share that of the image; concentration their ratio, distraction their
    difference outside the evidence.

    Means over rows in which the region is present. Costs (2 + `draws`) model rows for each row and region, and what
    the methods cost.
    """
    if not subject.regions:
        raise NotApplicable("no regions were given; [data] regions holds masks of the images by name")
    should = _evidence(subject, settings)
    positions = context.sample(len(subject.test))
    rows = _present(subject, positions)
    if not any(map(len, rows.values())):
        n = len(positions)
        among = "all test rows" if n == len(subject.test) else f"the {f'{n:,} rows' if n > 1 else 'row'} looked at"
        raise NotApplicable(f"every region is empty in {among}")
    evidence = {name: name in should for name in rows}
    answers = [
        painted(context, name, some[: settings.rows or PAINTED[context.effort]], settings.draws)
        for name, some in rows.items()
        if len(some)
    ]
    explained = {name: some[: settings.explained or EXPLAINED[context.effort]] for name, some in rows.items()}
    region, shown = _to_show(subject, context, answers, explained, evidence)
    found = seen(context, explained, settings.methods, settings.background, list(shown))
    yield from _measured(subject, answers, found, explained, evidence, len(positions))
    yield from _arrays(subject, answers)
    yield from pictures(subject, answers, found, evidence, region, shown)


def _measured(
    subject: Subject, answers: Sequence[Painted], found: Seen, explained: Mapping[str, np.ndarray],
    evidence: Mapping[str, bool], looked_at: int,
) -> Iterator[Measurement]:  # fmt: skip
    if all(evidence.values()):
        yield no_distraction()
    for name in list(subject.regions)[MOST_REGIONS:]:
        yield left_out_region(name, MOST_REGIONS)
    for name, some in explained.items():
        if len(some):
            yield area_measurement(name, subject.regions[name][some].reshape(len(some), -1).mean(axis=1))
        else:
            yield absent_region(name, evidence[name], subject, looked_at)
    for one in answers:
        yield from painted_measurements(one, evidence[one.region], subject)
    for mass in found.masses:
        yield from mass_measurements(mass, evidence[mass.region], bool(len(explained[mass.region])))


def _evidence(subject: Subject, settings: Settings) -> tuple[str, ...]:
    """The regions that should decide; SettingsError for one that the subject does not have."""
    if settings.evidence is None:
        return (EVIDENCE,)
    for name in settings.evidence:
        if name not in subject.regions:
            raise SettingsError(f"names of regions for {ID}.evidence", repr(name), nearest(name, list(subject.regions)))
    return settings.evidence


def _present(subject: Subject, positions: np.ndarray) -> dict[str, np.ndarray]:
    """Of each region the rows in which it is, in the order of the sample; the first twenty regions."""
    chosen = list(subject.regions)[:MOST_REGIONS]
    return {name: positions[subject.regions[name][positions].any(axis=(1, 2))] for name in chosen}


def _to_show(
    subject: Subject, context: Context, answers: Sequence[Painted], explained: Mapping[str, np.ndarray],
    evidence: Mapping[str, bool],
) -> tuple[str, dict[int, str]]:  # fmt: skip
    """The region to look at and up to four of its rows, by position, with why: the region on which most depends among
    those that should not decide (of any, where there is no such); the rows asked about, else those whose output is
    moved most, as the median is, and least."""
    order = context.sample(len(subject.test))
    allowed = set(order[: rows_shown(subject, context, len(order))].tolist())
    ranked = sorted(answers, key=lambda one: (evidence[one.region], -float(one.reliance.mean())))
    for one in ranked:
        places = [i for i, at in enumerate(one.positions.tolist()) if at in allowed and at in explained[one.region]]
        if context.positions is not None and places:
            return one.region, {int(one.positions[i]): "the row asked about" for i in places[:MOST_ASKED]}
        if places:
            by_change = sorted(places, key=lambda i: -float(one.output_change[i]))
            picked = {
                by_change[-1]: "least moved",
                by_change[len(by_change) // 2]: "typical",
                by_change[0]: "most moved",
            }
            return one.region, {int(one.positions[i]): why for i, why in reversed(picked.items())}
    return "", {}


def _arrays(subject: Subject, answers: Sequence[Painted]) -> Iterator[RowArray]:
    """Per row and region: whether it is there and was painted over, whether the prediction changed, and the share of
    patches elsewhere that changed it; 0 where it was not."""
    every = np.unique(np.concatenate([one.positions for one in answers]))
    place = {int(position): i for i, position in enumerate(every)}
    names = tuple(one.region for one in answers)
    tables = {name: np.zeros((len(every), len(names)), np.float32) for name in ("painted", "changed", "elsewhere")}
    for column, one in enumerate(answers):
        at = [place[position] for position in one.positions.tolist()]
        tables["painted"][at, column] = 1.0
        tables["changed"][at, column] = one.changed
        tables["elsewhere"][at, column] = one.changed_elsewhere
    ids = subject.test.id[every]
    ids = ids if ids.dtype != object else np.array([str(id) for id in ids], dtype=str)
    yield RowArray(key=ROWS, data=ids, dims=("row",), rows=ROWS)
    for name, table in tables.items():
        yield RowArray(key=f"{ID}/{name}", data=table, dims=("row", "region"), rows=ROWS, coords={"region": names})


def cost(subject: Subject, settings: Settings, effort: Effort, row_cap: int | None) -> int:
    """Rows times regions times what painting over and the methods ask, at most; nothing without regions."""
    regions, cap = min(len(subject.regions), MOST_REGIONS), min(row_cap or len(subject.test), len(subject.test))
    asked = min(settings.rows or PAINTED[effort], cap) * (2 + settings.draws)
    explained = min(settings.explained or EXPLAINED[effort], cap)
    return regions * (asked + explained_cost(subject, settings.methods, effort, explained))


ANALYZER = Analyzer(
    id=ID,
    title="Where the model looks",
    question="Does the model decide by the regions that should decide, or by others?",
    run=run,
    quantities={
        "reliance": Quantity(
            "Reliance", "predictions that change without the region, beyond those that change without as much elsewhere"
        ),
        "evidence_reliance": Quantity("Reliance on the evidence", "the same where the evidence should lie"),
        "output_change": Quantity("Output change", "how far the explained output moves, beyond as much elsewhere"),
        "mass_share": Quantity("Mass inside", "share of a method's absolute attribution that lies in the region"),
        "area_share": Quantity("Area", "share of the image that the region covers"),
        "concentration": Quantity("Concentration", "share of the mass over share of the area"),
        "distraction": Quantity("Distraction", "share of the mass beyond the area, in a region that should not decide"),
    },
    reference=(
        "Arias-Duart, A. et al. (2022). Focus! Rating XAI methods and finding biases. FUZZ-IEEE. "
        "Arras, L. et al. (2022). CLEVR-XAI: a benchmark dataset for the ground truth evaluation of neural network "
        "explanations. Information Fusion 81. Lapuschkin, S. et al. (2019). Unmasking Clever Hans predictors. Nature "
        "Communications 10."
    ),
    needs=("model", "rows"),
    modalities=("image",),
    uses=USES,
    settings=Settings,
    cost=cost,
)

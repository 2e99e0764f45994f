"""Which features matter to the model overall, how does its output change along them, and can a small tree tell it?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from auditnn.analyzers.context import Context
from auditnn.analyzers.explanation.effect_curves import effect_exhibit, effect_of
from auditnn.analyzers.explanation.shuffling import Loss, importances, loss_of, taken
from auditnn.analyzers.explanation.surrogate import ID, fidelity, surrogate_of, tree_exhibit
from auditnn.analyzers.measures import estimated
from auditnn.analyzers.settings import setting
from auditnn.core.analyzer import Analyzer, Effort, Yield
from auditnn.core.audit import Quantity
from auditnn.core.exhibit import Exhibit
from auditnn.core.measurement import Measurement
from auditnn.core.numbers import plain
from auditnn.core.rows import Feature, Table
from auditnn.core.scale import told
from auditnn.core.subject import Subject
from auditnn.kernels.estimate import Estimate
from auditnn.subjects.units import units_of

IMPORTANCE = f"{ID}/permutation_importance"
ROWS: dict[Effort, int] = {"quick": 500, "standard": 2000, "thorough": 10_000}
REPEATS: dict[Effort, int] = {"quick": 5, "standard": 10, "thorough": 30}
INDIVIDUAL: dict[Effort, int] = {"quick": 50, "standard": 100, "thorough": 500}
# Model rows for all permutations together: the test rows are fewer where units are many.
MOST_ASKED: dict[Effort, int] = {"quick": 200_000, "standard": 1_000_000, "thorough": 10_000_000}
FEWEST_ROWS = 200
MOST_FITTED = 20_000
MEASURED, DRAWN = 30, 15
OUTPUTS = {"logits": "logit", "probabilities": "probability", "labels": "decision", "values": "predicted value"}


@dataclass(frozen=True, slots=True)
class Settings:
    """How often values are dealt out, which features get curves, and how deep the tree is."""

    metric: Literal["auto", "log_loss", "accuracy", "r2", "change"] = setting(
        "auto", "what gets worse, or the change of the output"
    )
    rows: int | None = setting(None, "test rows that values are dealt among; none: by effort", at_least=2)
    repeats: int | None = setting(None, "permutations of each unit; none: by effort", at_least=1, at_most=1000)
    effects: int = setting(3, "features whose effect is drawn, the most important first", at_least=0, at_most=50)
    points: int = setting(20, "points of a curve, at most", at_least=2, at_most=100)
    depth: int = setting(3, "splits in a row that the tree may make", at_least=1, at_most=8)


def run(subject: Subject, settings: Settings, context: Context) -> Iterator[Yield]:
    """permutation_importance: how much worse the model gets when the values of one unit are dealt to other rows at
    random, with the spread over rows as receivers and as givers in its interval. surrogate_fidelity: the share of the
    variance of the model's outputs that a small tree reproduces on rows it was not fitted to.

    Partial dependence, individual curves and accumulated local effects of the most important features are exhibits.
    Costs units x `repeats` x `rows` model rows, and for each of `effects` features `points` for each individual row
    plus 2 x `rows`.
    """
    rows = subject.test.rows
    assert isinstance(rows, Table)
    units = units_of(rows.features)
    wanted, repeats = _budget(len(units), settings, context.effort)
    positions = context.sample(wanted)
    loss = loss_of(subject, positions, taken(context.predictions, positions), settings.metric)
    found = importances(context, positions, units, repeats, loss)
    order = np.argsort([-(one.value or 0.0) for one in found], kind="stable")
    names = list(units)
    measured = [_measurement(names[at], found[at], loss) for at in order]
    yield from measured[:MEASURED]
    if any(one.value is not None for one in measured):
        yield _figure(measured[:DRAWN], loss, len(positions), repeats)
    if len(measured) > DRAWN:
        yield _table(measured, loss)
    yield from _effects(subject, settings, context, positions, [names[at] for at in order])
    tree = surrogate_of(subject, context, context.sample(MOST_FITTED), settings.depth)
    yield fidelity(tree)
    if tree.leaves:
        yield tree_exhibit(subject, tree)


def _effects(
    subject: Subject, settings: Settings, context: Context, positions: np.ndarray, units: Sequence[str]
) -> Iterator[Exhibit]:
    """Curves of the most important single features whose values may be shown."""
    rows = subject.test.rows
    assert isinstance(rows, Table)
    drawn = 0
    for unit in units:
        if drawn == settings.effects:
            return
        feature = _single(rows.features, unit)
        if feature is None or feature.name in subject.redact:
            continue
        effect = effect_of(context, positions, feature, settings.points, INDIVIDUAL[context.effort])
        if effect is not None:
            yield effect_exhibit(subject, context, effect, OUTPUTS[subject.output])
        drawn += 1  # one that is constant was looked at as well, so that the cost is what was foretold


def _single(features: Sequence[Feature], unit: str) -> Feature | None:
    members = [one for one in features if (one.unit or one.name) == unit]
    return members[0] if len(members) == 1 else None


def _measurement(name: str, estimate: Estimate, loss: Loss) -> Measurement:
    return estimated(IMPORTANCE, estimate, slice={"feature": name}, unit=loss.unit)


def _figure(measured: Sequence[Measurement], loss: Loss, rows: int, repeats: int) -> Exhibit:
    first = measured[0]
    value = "importance"
    return Exhibit(
        id=f"{ID}/importance",
        kind="intervals",
        title="Permutation importance",
        summary=(
            f"Over {rows:,} rows and {repeats} permutations, {loss.said} most where the values of "
            f"{first.slice['feature']} are dealt to other rows: by {told(first)}. Features that go along with each "
            "other can stand in for each other, and then each looks less important than both are."
        ),
        columns={
            "feature": [one.slice["feature"] for one in measured],
            value: [one.value for one in measured],
            "low": [one.low for one in measured],
            "high": [one.high for one in measured],
        },
        roles={
            "label": "feature", "value": value, "low": "low", "high": "high", "reference": 0.0,
            "units": {value: loss.unit},
        },
        measurements=(IMPORTANCE,),
    )  # fmt: skip


def _table(measured: Sequence[Measurement], loss: Loss) -> Exhibit:
    last = measured[min(MEASURED, len(measured)) - 1]
    return Exhibit(
        id=f"{ID}/all_features",
        kind="table",
        title="Permutation importance of all features",
        summary=(
            f"The {min(MEASURED, len(measured))} largest of {len(measured):,} are measurements; the last of them is "
            f"{plain(last.value or 0.0)}."
        ),
        columns={
            "feature": [one.slice["feature"] for one in measured[:2000]],
            "importance": [one.value for one in measured[:2000]],
            "low": [one.low for one in measured[:2000]],
            "high": [one.high for one in measured[:2000]],
        },
        roles={"units": dict.fromkeys(("importance", "low", "high"), loss.unit)},
        measurements=(IMPORTANCE,),
    )


def _budget(units: int, settings: Settings, effort: Effort) -> tuple[int, int]:
    """Rows and permutations, by effort where they are not set."""
    repeats = settings.repeats or REPEATS[effort]
    if settings.rows:
        return settings.rows, repeats
    affordable = MOST_ASKED[effort] // (max(1, units) * repeats)
    return int(np.clip(affordable, min(FEWEST_ROWS, ROWS[effort]), ROWS[effort])), repeats


def cost(subject: Subject, settings: Settings, effort: Effort, row_cap: int | None) -> int:
    """Units x permutations x rows, and the curves."""
    if not isinstance(subject.test.rows, Table):
        return 0
    units = len(units_of(subject.test.rows.features))
    rows, repeats = _budget(units, settings, effort)
    rows = min(rows, row_cap or rows, len(subject.test))
    curves = min(settings.effects, units) * (min(INDIVIDUAL[effort], rows) * settings.points + 2 * rows)
    return units * repeats * rows + curves


ANALYZER = Analyzer(
    id=ID,
    title="Global importance",
    question="Which features matter to the model overall, and how does its output change along them?",
    run=run,
    quantities={
        "permutation_importance": Quantity(
            "Permutation importance", "how much worse the model gets when a feature's values are dealt to other rows"
        ),
        "surrogate_fidelity": Quantity(
            "Fidelity of the surrogate tree",
            "share of the variance of the model's outputs that a small tree reproduces",
        ),
    },
    reference=(
        "Fisher, A., Rudin, C. & Dominici, F. (2019). All models are wrong, but many are useful. JMLR 20(177). "
        "Apley, D. & Zhu, J. (2020). Visualizing the effects of predictor variables in black box supervised learning "
        "models. JRSS B 82. Friedman, J. (2001). Greedy function approximation. Annals of Statistics 29."
    ),
    needs=("model", "rows"),
    modalities=("tabular",),
    settings=Settings,
    cost=cost,
)

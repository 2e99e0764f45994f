"""Does the output move most when the units that an explanation names first are hidden first?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from auditnn.analyzers.context import Context
from auditnn.analyzers.settings import setting
from auditnn.analyzers.trust import shown as shared
from auditnn.analyzers.trust.explained import Explained
from auditnn.analyzers.trust.per_row import PerRow, extremes, picture, row_ids
from auditnn.analyzers.trust.shown import IMAGE_UNITS, ROWS, cost_of, shown
from auditnn.analyzers.trust.stored import KEYS
from auditnn.core.analyzer import Analyzer, Effort, Yield
from auditnn.core.audit import Quantity
from auditnn.core.exhibit import Exhibit
from auditnn.core.rows import Table
from auditnn.core.subject import Subject
from auditnn.kernels.orderings import area, descending, stops
from auditnn.methods.attribution import METHODS
from auditnn.methods.case import Case
from auditnn.methods.curves import Walk, curves, greedy

ID = "trust.faithfulness"
DELETION, INSERTION = f"{ID}/deletion_auc_gain", f"{ID}/insertion_auc_gain"
NO_ROOM = "the output of no row depends on the order in which its units are hidden"
NO_EFFECT = 1e-6
GRID = np.linspace(0.0, 1.0, 21)


@dataclass(frozen=True, slots=True)
class Settings(shared.Settings):
    """Which methods and rows, and how finely."""

    orderings: int = setting(10, "random orderings of each row, in pairs of one and its reverse", at_least=2)
    steps: int = setting(32, "points of a curve at most; from more units on, several are hidden at once", at_least=2)


def run(subject: Subject, settings: Settings, context: Context) -> Iterator[Yield]:
    """deletion_auc_gain: units are hidden from the largest value for the predicted class to the smallest. How much
    smaller the area under the output is than for random orderings of the same row, as a share of what a greedy search
    with full knowledge of the model gains; mean over rows. insertion_auc_gain: shown from nothing, how much larger.

    1 is as good as the search, 0 no better than chance, below 0 worse. Rows in which the search gains nothing take no
    part. Costs, for each row and m methods, about (2 m + orderings) x d + d^2 coalitions of its d units.
    """
    under = shown(subject, settings, context)
    found = under.each(context)
    case, names = under.case, tuple(found)

    def work(rows: np.ndarray) -> Mapping[str, np.ndarray]:
        return walked(case.take(rows), [_scores(one, rows) for one in found.values()], settings, context)

    result = context.map_rows("curves", np.arange(len(case)), work)
    gains = {
        key: PerRow(
            id=key,
            methods=names,
            values=result[f"{part}_gain"],
            error=result[f"{part}_error"],
            reason=NO_ROOM,
            better="higher",
        )
        for key, part in ((DELETION, "deletion"), (INSERTION, "insertion"))
    }
    measured = {key: [one.measurement(name) for name in names] for key, one in gains.items()}
    for several in measured.values():
        yield from several
    yield row_ids(ID, case.ids)
    for one in gains.values():
        yield from one.arrays(f"{ID}/rows")
    said = extremes(measured[DELETION], "Largest gain by hiding what is named first", "smallest") + under.without()
    series = {"deletion": measured[DELETION], "insertion": measured[INSERTION]}
    figure = picture(f"{ID}/methods", "Gain over random orderings, as a share of a greedy search's", series, said, 0.0)
    if figure is not None:
        yield figure
        yield _curves(names, result, "deletion")
        yield _curves(names, result, "insertion")


def _scores(one: Explained, rows: np.ndarray) -> list[np.ndarray]:
    """The values of each of some rows' own units."""
    return [one.of(int(row)) for row in rows]


def walked(
    case: Case, scores: Sequence[Sequence[np.ndarray]], settings: Settings, context: Context
) -> dict[str, np.ndarray]:
    """Gains (n, m) of m methods with the errors of their random orderings, and the curves on a common grid.

    `scores` holds each method's values of each row's units.
    """
    n, m = len(case), len(scores)
    walks, pairs = [], settings.orderings // 2
    for row in range(n):
        random = context.rng(case.ids[row])
        d = len(case.games.units(row))
        for _ in range(pairs):
            order = random.permutation(d)
            walks += [Walk(row, order, False), Walk(row, order[::-1], False)]
        for method in scores:
            order = descending(method[row], random)
            walks += [Walk(row, order, True), Walk(row, order, False)]
    # what has been walked by every row's random orders, then by each method's hiding and showing
    each = 2 * pairs + 2 * m
    found, searched = curves(case, walks, settings.steps), greedy(case, settings.steps)
    tables = {
        "deletion_gain": np.empty((n, m)), "insertion_gain": np.empty((n, m)),
        "deletion_error": np.empty((n, m)), "insertion_error": np.empty((n, m)),
        "deletion_curve": np.empty((n, m + 2, len(GRID))), "insertion_curve": np.empty((n, m + 2, len(GRID))),
    }  # fmt: skip
    for row in range(n):
        own = found[row * each : (row + 1) * each]
        at = stops(len(case.games.units(row)), settings.steps)
        chance = np.array(own[: 2 * pairs]).reshape(pairs, 2, -1).mean(axis=1)
        for part, sign, start in (("deletion", -1.0, 0), ("insertion", 1.0, 1)):
            walked_by = np.array(own[2 * pairs + start :: 2])
            best = searched[row][start]
            gain, error = gains(walked_by, chance, best, at, sign)
            tables[f"{part}_gain"][row], tables[f"{part}_error"][row] = gain, error
            usual = chance.mean(axis=0)
            drawn = [*walked_by, usual[::-1] if start == 0 else usual, best]
            tables[f"{part}_curve"][row] = [np.interp(GRID, at / max(1, at[-1]), one) for one in drawn]
    return tables


def gains(
    walked_by: np.ndarray, chance: np.ndarray, best: np.ndarray, at: np.ndarray, sign: float
) -> tuple[np.ndarray, np.ndarray]:
    """How far the areas under curves (m, s) lie from chance towards the best curve (s,), as a share, with its standard
    error; NaN where there is no way to go. `sign`: 1 where a larger area is better, -1 where a smaller one is.

    `chance` (r, s) are the means of random orders and their reverses, shown from nothing: walked backwards they are
    orders by which units are hidden, so the areas are the same for both.
    """
    areas, usual, most = area(walked_by, at), area(chance, at), float(area(best, at))
    middle = float(usual.mean())
    room = sign * (most - middle)
    size = max(np.abs(walked_by).max(initial=0.0), np.abs(best).max(initial=0.0))
    if not room > NO_EFFECT * size:
        nothing = np.full(len(areas), np.nan)
        return nothing, nothing
    gain = sign * (areas - middle) / room
    noise = float(usual.std(ddof=1)) / np.sqrt(len(usual)) if len(usual) > 1 else np.nan
    return gain, np.abs(1.0 - gain) * noise / room


def _curves(names: Sequence[str], result: Mapping[str, np.ndarray], part: str) -> Exhibit:
    """Mean output along every method's order, random orders and the greedy search."""
    mean = result[f"{part}_curve"].mean(axis=0)
    titles = [*(METHODS[name].title for name in names), "random orderings", "greedy search"]
    done = "hidden" if part == "deletion" else "shown"
    x = f"share of units {done}"
    columns: dict[str, list[object]] = {x: [], "mean output": [], "order": []}
    for name, curve in zip(titles, mean, strict=True):
        columns[x] += np.round(GRID, 4).tolist()
        columns["mean output"] += [float(f"{value:.6g}") for value in curve]
        columns["order"] += [name] * len(GRID)
    least = "lowest" if part == "deletion" else "highest"
    areas = mean[: len(names)].mean(axis=1)
    first = titles[int(np.argmin(areas) if part == "deletion" else np.argmax(areas))]
    return Exhibit(
        id=f"{ID}/{part}_curves",
        kind="curve",
        title=f"Output as units are {done}, those with the largest values first",
        summary=(
            f"Mean output of the predicted class over {len(result[f'{part}_curve'])} rows. {first} has the {least} "
            f"curve of the methods; random orderings and a greedy search that knows the model are drawn beside them."
        ),
        columns=columns,
        roles={"x": x, "y": "mean output", "series": "order"},
        measurements=(DELETION if part == "deletion" else INSERTION,),
    )


def cost(subject: Subject, settings: Settings, effort: Effort, row_cap: int | None) -> int:
    """One explanation of each row, the curves of about twelve methods and the greedy search."""
    n = min(settings.rows or ROWS[effort], row_cap or len(subject.test), len(subject.test))
    table = subject.test.rows if isinstance(subject.test.rows, Table) else None
    d, copies = (IMAGE_UNITS, 1) if table is None else (len(table.features), settings.background)
    points = min(d, settings.steps) + 1
    coalitions = (24 + settings.orderings) * points + 2 * points * (d + 1)
    return cost_of(subject, settings, effort, row_cap, ROWS) + n * coalitions * copies


ANALYZER = Analyzer(
    id=ID,
    title="Faithfulness of explanations",
    question="Does the output move most when the units that an explanation names first are hidden?",
    run=run,
    quantities={
        "deletion_auc_gain": Quantity(
            "Deletion gain", "gain over random orders when units are hidden, as a share of a greedy search's gain"
        ),
        "insertion_auc_gain": Quantity(
            "Insertion gain", "gain over random orders when units are shown, as a share of a greedy search's gain"
        ),
    },
    reference=(
        "Petsiuk, V., Das, A. & Saenko, K. (2018). RISE: randomized input sampling for explanation of black-box "
        "models. BMVC. Samek, W. et al. (2017). Evaluating the visualization of what a deep neural network has "
        "learned. IEEE TNNLS 28(11)."
    ),
    needs=("model", "rows"),
    modalities=("tabular", "image"),
    uses=KEYS,
    produces=(DELETION, INSERTION),
    settings=Settings,
    cost=cost,
)

"""Waterfalls: from the base value to one row's output, one unit after the other, the largest first."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from auditnn.analyzers.explanation.explained_rows import ExplainedRows, by_size
from auditnn.analyzers.explanation.shapley_measures import ID
from auditnn.analyzers.explanation.telling import Telling
from auditnn.core.exhibit import Exhibit
from auditnn.core.numbers import plain

UNITS = 10


def waterfalls(one: ExplainedRows, output: str) -> Iterator[Exhibit]:
    """One for each telling row, of its predicted class; `output` is what is explained (a logit, a probability)."""
    for telling in one.telling:
        yield waterfall(one, telling, output)


def waterfall(one: ExplainedRows, telling: Telling, output: str) -> Exhibit:
    """Bars from where the units before left off to where each one took the output; the first starts at the base.

    Units beyond ten are one bar, and so is what the values leave over where a method does not add up.
    """
    place, id = telling.place, str(one.ids[telling.place])
    code, values, base, reached = one.of_target(place)
    order = by_size(np.abs(values))
    kept = order if len(order) <= UNITS else order[: UNITS - 1]
    labels = [one.units.named(one.names[at], place) for at in kept]
    steps = values[kept].tolist()
    if len(kept) < len(order):
        labels.append(f"{len(order) - len(kept)} others together")
        steps.append(float(values[order[len(kept) :]].sum()))
    start = 0.0 if base is None else base
    edges = start + np.concatenate([[0.0], np.cumsum(steps)])
    name = one.subject.classes[code] if one.subject.classes else ""
    return Exhibit(
        id=f"{ID}/waterfall",
        kind="bars",
        title=f"Shapley values of row {id}, {telling.why}",
        summary=_said(_predicted(one, place), f"{output} of {name}" if name else output, base, reached, labels, steps),
        columns={
            "feature": labels,
            "from": edges[:-1].tolist(),
            "to": edges[1:].tolist(),
            "Shapley value": steps,
        },
        roles={"label": "feature", "start": "from", "end": "to", "value": "Shapley value"},
        slice=one.slice(None, row=id, **({"class": name} if name else {})),
    )


def _predicted(one: ExplainedRows, place: int) -> str:
    """What the model decided about a row, as a sentence; nothing for regression."""
    codes = one.targets if one.predicted is None else one.predicted
    return f"It is predicted {one.subject.classes[int(codes[place])]}. " if one.subject.classes else ""


def _said(
    predicted: str, output: str, base: float | None, reached: float, labels: list[str], steps: list[float]
) -> str:
    """Where the output began, where it ended, and the largest step up and down."""
    began = "" if base is None else f" from a base of {plain(base)}"
    up = max(range(len(steps)), key=lambda at: steps[at], default=None)
    down = min(range(len(steps)), key=lambda at: steps[at], default=None)
    told = []
    if up is not None and steps[up] > 0.0:
        told.append(f"{labels[up]} raised it most, by {plain(steps[up])}")
    if down is not None and steps[down] < 0.0:
        told.append(f"{labels[down]} lowered it most, by {plain(-steps[down])}")
    moves = "; ".join(told) if told else "no feature moved it"
    return f"{predicted}The {output} went{began} to {plain(reached)}: {moves}."

"""LIME to look at: how the values came about, how well the local models fit, and single rows beside Shapley values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from auditnn.analyzers.explanation.explained_rows import ExplainedRows, by_size
from auditnn.analyzers.explanation.telling import Telling
from auditnn.analyzers.explanation.unit_maps import picture
from auditnn.core.audit import RowArray
from auditnn.core.exhibit import Exhibit
from auditnn.core.measurement import Measurement
from auditnn.core.numbers import plain
from auditnn.core.png import address, heat_address
from auditnn.core.rows import Images

ID = "explanation.lime"
SHAPLEY = "explanation.shapley_values"
BINS, UNITS = 10, 10
LIME_NAME, SHAPLEY_NAME = "LIME", "Shapley values"
OUTPUTS: Mapping[str, str] = {
    "logits": "logit", "probabilities": "probability", "labels": "decision (1 for this class, 0 for another)",
    "values": "predicted value",
}  # fmt: skip
Arrays = Mapping[str, RowArray]


def pictures(one: ExplainedRows, sizes: Sequence[Measurement], shapley: Arrays) -> Iterator[Exhibit]:
    """Everything that is shown; `shapley` are the row arrays of Shapley values where this run has them."""
    yield account(one)
    yield fit(one)
    measured = [size for size in sizes if size.value is not None]
    if measured:
        yield importance(one, measured)
    rows = one.units.rows
    if isinstance(rows, Images):
        if one.telling:
            yield maps(one, rows, shapley)
        return
    for telling in one.telling:
        yield beside(one, telling, shapley)


def account(one: ExplainedRows) -> Exhibit:
    """How the values came about, as a table that a reader can check."""
    result, output = one.attribution, OUTPUTS[one.subject.output]
    facts = {name.replace("_", " "): str(value) for name, value in result.facts.items() if name != "explained"}
    lines = {
        "explained output": output,
        "rows explained": f"{len(result):,}",
        "units": f"{len(one.names):,}",
        **facts,
        **{f"note {number}": note for number, note in enumerate(result.notes, 1)},
    }
    shared = result.facts["samples"] == "shared"
    whose = "the same for all rows" if shared else "of its own for each row"
    return Exhibit(
        id=f"{ID}/method",
        kind="table",
        title="How the local models were fitted",
        summary=(
            f"{len(result):,} row{'s' if len(result) != 1 else ''}, {result.facts['draws']:,} samples {whose}, a "
            f"linear model of the {output} around each. {' '.join(result.notes)}".strip()
        ),
        columns={"what": list(lines), "value": list(lines.values())},
        slice=one.slice(),
    )


def fit(one: ExplainedRows) -> Exhibit:
    """How many rows have a local model of which R2, for their predicted class."""
    result, rows = one.attribution, np.arange(len(one.attribution))
    column = one.targets if result.values.shape[2] > 1 else np.zeros(len(rows), dtype=np.intp)
    r2 = np.clip(result.details["r2"][rows, column], 0.0, 1.0)
    counts, edges = np.histogram(r2, bins=BINS, range=(0.0, 1.0))
    quarter, half = np.quantile(r2, 0.25), np.median(r2)
    told = (
        f"A quarter of the local models explain at most {quarter:.0%} of the variation around their row, half of them "
        f"at most {half:.0%}"
        if len(r2) > 1
        else f"The local model explains {r2[0]:.0%} of the variation around its row"
    )
    return Exhibit(
        id=f"{ID}/fit",
        kind="bars",
        title="How well the local models fit",
        summary=f"{told}. Where that is little, the model is not linear there and the values describe it badly.",
        columns={
            "local R2": [f"{low:.1f} to {high:.1f}" for low, high in pairwise(edges)],
            "rows": counts.tolist(),
        },
        roles={"label": "local R2", "value": "rows"},
        slice=one.slice(),
        measurements=(f"{ID}/local_r2",),
    )


def importance(one: ExplainedRows, sizes: Sequence[Measurement]) -> Exhibit:
    """Mean |value| of the largest units of the first class shown, with intervals."""
    name = sizes[0].slice.get("class")
    shown = [size for size in sizes if size.slice.get("class") == name]
    first = shown[0]
    return Exhibit(
        id=f"{ID}/importance",
        kind="intervals",
        title=f"Mean size of each feature's LIME value{f' for {name}' if name else ''}",
        summary=f"The local models give {first.slice['feature']} the most weight on average: "
        f"{plain(first.value or 0.0)} over {first.n:,} row{'s' if first.n != 1 else ''}.",
        columns={
            "feature": [size.slice["feature"] for size in shown],
            "mean |value|": [size.value for size in shown],
            "low": [size.low for size in shown],
            "high": [size.high for size in shown],
        },
        roles={
            "label": "feature", "value": "mean |value|", "low": "low", "high": "high",
            "units": {"mean |value|": first.unit},
        },
        slice={**one.slice(), **({"class": name} if name else {})},
        measurements=(f"{ID}/mean_abs_value",),
    )  # fmt: skip


def beside(one: ExplainedRows, telling: Telling, shapley: Arrays) -> Exhibit:
    """One row's LIME values beside its Shapley values where this run has them, both as parts of their own sum of sizes;
    else LIME alone with its errors, in the unit of the output."""
    place, id = telling.place, str(one.ids[telling.place])
    code, values, _, _ = one.of_target(place)
    name = one.subject.classes[code] if one.subject.classes else ""
    other = shapley_of(one, place, code, shapley)
    r2 = one.attribution.details["r2"][place, code if one.attribution.values.shape[2] > 1 else 0]
    of = f" for {name}" if name else ""
    about = f"Row {id}, {telling.why}. The local model{of} explains {max(0.0, r2):.0%} of the variation around it."
    slice = one.slice(None, row=id, **({"class": name} if name else {}))
    if other is None:
        return _alone(one, telling, code, about, slice)
    shares = [_shares(values), _shares(other)]
    order = by_size(np.maximum(*np.abs(shares)))[:UNITS]
    labels = [one.units.named(one.names[at], place) for at in order]
    return Exhibit(
        id=f"{ID}/beside_shapley_values",
        kind="bars",
        title=f"LIME beside Shapley values, row {id}",
        summary=f"{about} Each method's values are divided by the sum of their sizes, because the two are on different "
        "scales; what to compare is sign and order.",
        columns={
            "feature": [label for label in labels for _ in shares],
            "share of all values": [float(share[at]) for at in order for share in shares],
            "method": [LIME_NAME, SHAPLEY_NAME] * len(order),
        },
        roles={"label": "feature", "value": "share of all values", "series": "method"},
        slice=slice,
    )


def _alone(one: ExplainedRows, telling: Telling, code: int, about: str, slice: Mapping[str, str]) -> Exhibit:
    place, result = telling.place, one.attribution
    column = code if result.values.shape[2] > 1 else 0
    values = result.values[place, :, column]
    order = by_size(np.abs(values))[:UNITS]
    columns: dict[str, list[object]] = {
        "feature": [one.units.named(one.names[at], place) for at in order],
        "LIME value": values[order].tolist(),
    }
    roles = {"label": "feature", "value": "LIME value"}
    if result.error is not None:
        half = 1.96 * result.error[place, order, column]
        columns |= {"low": (values[order] - half).tolist(), "high": (values[order] + half).tolist()}
        roles |= {"low": "low", "high": "high"}
    drawn = " Lines: the noise of the draws, 95%." if result.error is not None else ""
    return Exhibit(
        id=f"{ID}/row",
        kind="bars",
        title=f"LIME, row {slice['row']}",
        summary=f"{about}{drawn}",
        columns=columns,
        roles=roles,
        slice=slice,
    )


def maps(one: ExplainedRows, images: Images, shapley: Arrays) -> Exhibit:
    """The telling images with LIME's values of their units laid over them, beside Shapley values where there are any;
    each in parts of its own largest value."""
    segments = one.attribution.segments
    assert segments is not None
    columns: dict[str, list[object]] = {"image": [], "values": [], "what": [], "row": [], "method": []}
    for telling in one.telling:
        place = telling.place
        code, values, _, _ = one.of_target(place)
        painted = [(LIME_NAME, values[segments[place]])]
        other = shapley_of(one, place, code, shapley)
        own = shapley.get(f"{SHAPLEY}/segments")
        if other is not None and own is not None:
            painted.append((SHAPLEY_NAME, other[own.data[_place_of(one, place, shapley)]]))
        name = one.subject.classes[code] if one.subject.classes else "value"
        for method, heat in painted:
            largest = float(np.abs(heat).max(initial=0.0))
            columns["image"].append(address(picture(images.pixels[place])))
            columns["values"].append(heat_address(heat / (largest or 1.0)))
            columns["what"].append(f"{name}, largest {largest:.3g}")
            columns["row"].append(f"row {one.ids[place]}, {telling.why}")
            columns["method"].append(method)
    both = " and by Shapley values" if SHAPLEY_NAME in columns["method"] else ""
    return Exhibit(
        id=f"{ID}/maps",
        kind="images",
        title="Which parts of an image the local model points at",
        summary=f"{len(one.telling)} image{'s' if len(one.telling) != 1 else ''}, explained for the predicted class by "
        f"LIME{both}: one color where showing a part raised the output, the other where it lowered it, each in parts "
        "of its own largest value.",
        columns=columns,
        roles={"image": "image", "heat": "values", "label": "what", "row": "row", "column": "method"},
        slice=one.slice(),
    )


def shapley_of(one: ExplainedRows, place: int, code: int, shapley: Arrays) -> np.ndarray | None:
    """The Shapley values (d,) of a row for this class; None where this run has none for the same units."""
    values, at = shapley.get(f"{SHAPLEY}/values"), _place_of(one, place, shapley)
    if values is None or at is None:
        return None
    name = one.subject.classes[code] if one.subject.classes else "value"
    images = one.attribution.segments is not None
    if not images and values.coords.get("unit") != one.names:
        return None
    told = shapley.get(f"{SHAPLEY}/class")
    if told is not None:
        return np.asarray(values.data[at, :, 0], dtype=np.float64) if told.data[at] == name else None
    classes = values.coords.get("class", ("value",))
    return np.asarray(values.data[at, :, classes.index(name)], dtype=np.float64) if name in classes else None


def _place_of(one: ExplainedRows, place: int, shapley: Arrays) -> int | None:
    rows = shapley.get(f"{SHAPLEY}/rows")
    if rows is None:
        return None
    found = np.flatnonzero(rows.data == one.ids[place])
    return int(found[0]) if len(found) else None


def _shares(values: np.ndarray) -> np.ndarray:
    total = np.abs(values).sum()
    shares: np.ndarray = values / total if total > 0.0 else values
    return shares

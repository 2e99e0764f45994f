"""Saliency to look at: a sheet of images by method, each feature's share by method, and how the methods went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from auditnn.analyzers.explanation.telling import Telling
from auditnn.analyzers.explanation.unit_maps import picture
from auditnn.core.exhibit import Exhibit
from auditnn.core.numbers import plain
from auditnn.core.png import address, heat_address
from auditnn.core.rows import Images
from auditnn.methods.attribution import METHODS
from auditnn.methods.attribution.result import Attribution
from auditnn.methods.case import Case

DRAWN = 8
SHARE = "share of the method's total"
FACTS = {
    "baseline": "baseline: {}", "steps": "{} steps", "samples": "{} samples", "noise": "noise {}",
    "layer": "layer {}", "layer_size": "{} places", "hidden": "{}", "stride": "in steps of {}",
    "fill_ins": "fill-ins: {}",
}  # fmt: skip
PER_UNIT = ("gradient", "smooth_grad", "guided_backpropagation")


def grid(id: str, case: Case, found: Mapping[str, Attribution], telling: Sequence[Telling]) -> Iterator[Exhibit]:
    """The telling rows beside each other, under each method: warm where a method speaks for the predicted class, cold
    where against it, in parts of the map's own largest value."""
    mapped = {name: one for name, one in found.items() if one.maps is not None}
    if not telling or not mapped:
        return
    assert isinstance(case.rows, Images)
    classes = case.calls.subject.classes
    columns: dict[str, list[object]] = {name: [] for name in ("image", "heat", "what", "method", "row")}
    for name, one in mapped.items():
        assert one.maps is not None
        for shown in telling:
            heat = one.maps[shown.place]
            largest = float(np.abs(heat).max(initial=0.0))
            predicted = f", predicted {classes[case.targets[shown.place]]}" if classes else ""
            columns["image"].append(address(picture(case.rows.pixels[shown.place])))
            columns["heat"].append(heat_address(heat / (largest or 1.0)))
            columns["what"].append(f"largest {plain(largest)}" if largest else "all zero")
            columns["method"].append(METHODS[name].title)
            columns["row"].append(f"row {case.ids[shown.place]}{predicted}: {shown.why}")
    yield Exhibit(
        id=f"{id}/maps",
        kind="images",
        title="What each method sees in an image",
        summary=(
            f"{_counted(len(telling), 'image')} under {_counted(len(mapped), 'method')}: one color where a method "
            "speaks for the predicted class, the other where against it, the strongest being the map's own largest "
            "value. Methods differ, and pictures that agree prove none of them."
        ),
        columns=columns,
        roles={"image": "image", "heat": "heat", "label": "what", "row": "method", "column": "row"},
    )


def shares(id: str, case: Case, found: Mapping[str, Attribution], measured: str) -> Iterator[Exhibit]:
    """Each method's mean |value| by feature, in parts of its total, for the features with the largest shares."""
    comparable = {name: one for name, one in found.items() if name not in PER_UNIT} or found
    sizes = {name: np.abs(one.of(case.targets)).mean(axis=0) for name, one in comparable.items()}
    parts = {name: size / size.sum() for name, size in sizes.items() if size.any()}
    if not parts:
        return
    units = next(iter(found.values())).units
    mean = np.mean(list(parts.values()), axis=0)
    order = np.argsort(-mean, kind="stable")[:DRAWN].tolist()
    lines = [(units[at], METHODS[name].title, float(part[at])) for at in order for name, part in parts.items()]
    more = f" The {len(units) - len(order)} other features have less." if len(units) > len(order) else ""
    scaled = [METHODS[name].title for name in found if name in PER_UNIT]
    out = "left out, being" if len(comparable) < len(found) else "to be read with care, being"
    hint = (
        f" {' and '.join(scaled)} {'is' if len(scaled) == 1 else 'are'} {out} per unit of each input: features on "
        "other scales do not compare."
        if scaled
        else ""
    )
    yield Exhibit(
        id=f"{id}/shares",
        kind="bars",
        title="How each method shares out the output among the features",
        summary=f"Most goes to {units[order[0]]}, {mean[order[0]]:.0%} on average over the methods.{hint}{more}",
        columns={
            "feature": [feature for feature, _, _ in lines],
            "method": [method for _, method, _ in lines],
            SHARE: [share for _, _, share in lines],
        },
        roles={"label": "feature", "value": SHARE, "series": "method", "units": {SHARE: "share"}},
        measurements=(measured,),
    )


def account(
    id: str,
    case: Case,
    found: Mapping[str, Attribution],
    reasons: Mapping[str, str],
    differences: Mapping[str, float],
) -> Exhibit:
    """Each method: how it went about it, or why it could not."""
    lines = [_line(one, differences.get(name)) for name, one in found.items()]
    lines += [(METHODS[name].title, "not applicable", why) for name, why in reasons.items()]
    missing = f" {len(reasons)} could not be asked." if reasons else ""
    return Exhibit(
        id=f"{id}/methods",
        kind="table",
        title="How the methods went about it",
        summary=(
            f"{_counted(len(found), 'method')} over {_counted(len(case), 'row')}, each for what was predicted.{missing}"
        ),
        columns={name: [line[at] for line in lines] for at, name in enumerate(("method", "how", "to be known"))},
    )


def _line(one: Attribution, apart: float | None) -> tuple[str, str, str]:
    facts = dict(one.facts)
    how = ", ".join(text.format(facts[name]) for name, text in FACTS.items() if name in facts)
    known = list(one.notes)
    if "fold_difference" in one.details:
        largest = plain(float(one.details["fold_difference"].max()))
        known.append(
            f"Gradients from a copy with folded batch normalisation; outputs differ by {largest} of the largest."
        )
    if "completeness_error" in one.details:
        error = np.abs(one.details["completeness_error"])
        known.append(f"Values and base miss the output by {plain(float(error.max()))} at most.")
    if apart is not None:
        known.append(f"From captum alone: {plain(apart)} of the largest value.")
    return METHODS[one.method].title, how, " ".join(known)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' if count != 1 else ''}"

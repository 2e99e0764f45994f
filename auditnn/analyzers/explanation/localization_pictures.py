"""Localization to look at: whom a region moves, the mass of each method against the area, rows with their regions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from auditnn.analyzers.explanation.localization_measures import EVIDENCE_RELIANCE, ID, MASS, RELIANCE, mass_estimate
from auditnn.analyzers.explanation.region_mass import RegionMass, Seen
from auditnn.analyzers.explanation.reliance import Painted
from auditnn.analyzers.explanation.unit_maps import picture
from auditnn.core.exhibit import Exhibit
from auditnn.core.numbers import percent, plain
from auditnn.core.png import address, heat_address
from auditnn.core.rows import Images
from auditnn.core.subject import Subject
from auditnn.kernels.painting import painted_over
from auditnn.methods.attribution import METHODS

MOST_REGIONS = 6
HERE, ELSEWHERE = "the region painted over", "as much elsewhere"


def pictures(
    subject: Subject, answers: Sequence[Painted], found: Seen, evidence: Mapping[str, bool], region: str,
    shown: Mapping[int, str],
) -> Iterator[Exhibit]:  # fmt: skip
    """Everything that is shown; `shown` are the positions of the rows of one region to look at, with why."""
    if subject.classification:
        yield _changed(answers, evidence)
        yield _by_class(subject, answers)
    for one in answers[:MOST_REGIONS]:
        masses = [mass for mass in found.masses if mass.region == one.region and len(mass.mass) > 1]
        if masses:
            yield _masses(masses, evidence[one.region], found.left_out)
    if shown:
        yield _rows(subject, next(one for one in answers if one.region == region), found, shown)


def _changed(answers: Sequence[Painted], evidence: Mapping[str, bool]) -> Exhibit:
    """The share of predictions that change, for each region beside as much elsewhere."""
    columns: dict[str, list[object]] = {"region": [], "predictions that change": [], "what": [], "rows": []}
    for one in answers:
        for what, shares in ((HERE, one.changed), (ELSEWHERE, one.changed_elsewhere)):
            columns["region"].append(one.region)
            columns["predictions that change"].append(float(shares.mean()))
            columns["what"].append(what)
            columns["rows"].append(len(one))
    told = min(answers, key=lambda one: (evidence[one.region], -float(one.reliance.mean())))
    ids = {EVIDENCE_RELIANCE if evidence[one.region] else RELIANCE for one in answers}
    return Exhibit(
        id=f"{ID}/changed_predictions",
        kind="bars",
        title="Predictions that change when part of the image is painted over",
        summary=(
            f"With {told.region} painted over with its surroundings, {percent(float(told.changed.mean()))} of "
            f"{_rows_in_words(len(told))} are predicted otherwise; with a patch of the same shape painted over "
            f"elsewhere, {percent(float(told.changed_elsewhere.mean()))}."
        ),
        columns=columns,
        roles={
            "label": "region", "value": "predictions that change", "series": "what",
            "units": {"predictions that change": "probability"},
        },
        measurements=tuple(sorted(ids)),
    )  # fmt: skip


def _by_class(subject: Subject, answers: Sequence[Painted]) -> Exhibit:
    """Whom it concerns: the same by the class that was predicted, with what most of the changed are predicted then."""
    columns: dict[str, list[object]] = {
        "region": [], "predicted": [], "rows": [], "change": [], "change elsewhere": [], "mostly to": [],
    }  # fmt: skip
    for one in answers:
        for code in np.unique(one.before).astype(int).tolist():
            mine = one.before == code
            moved = Counter(one.after[mine & (one.changed > 0)].astype(int).tolist())
            columns["region"].append(one.region)
            columns["predicted"].append(subject.classes[code])
            columns["rows"].append(int(mine.sum()))
            columns["change"].append(float(one.changed[mine].mean()))
            columns["change elsewhere"].append(float(one.changed_elsewhere[mine].mean()))
            columns["mostly to"].append(subject.classes[moved.most_common(1)[0][0]] if moved else None)
    return Exhibit(
        id=f"{ID}/changed_by_class",
        kind="table",
        title="Whose predictions change",
        summary=(
            "For each region and predicted class: rows, the share whose prediction changes with the region painted "
            "over and with as much elsewhere, and the class that most of the changed are given instead."
        ),
        columns=columns,
        roles={"units": {"change": "probability", "change elsewhere": "probability"}},
    )


def _masses(masses: Sequence[RegionMass], evidence: bool, left_out: Mapping[str, str]) -> Exhibit:
    """The mass of each method inside one region with its interval, and a line at the region's share of the area."""
    measured = [mass_estimate(one) for one in masses]
    region, area = masses[0].region, float(np.mean([one.area.mean() for one in masses]))
    ordered = sorted(zip(masses, measured, strict=True), key=lambda pair: -(pair[1].value or 0.0))
    first, value = ordered[0][0], ordered[0][1].value or 0.0
    told = "; ".join(f"{METHODS[name].title} ({reason})" for name, reason in left_out.items())
    return Exhibit(
        id=f"{ID}/mass",
        kind="intervals",
        title=f"Mass of the explanations inside {region}" + ("" if evidence else ", which should not decide"),
        summary=(
            f"{METHODS[first.method].title} puts {percent(value)} of its mass inside {region}, which is "
            f"{percent(area)} of the area (the line): {plain(value / area, 2)} times as much."
            + (f" Left out: {told}." if told else "")
        ),
        columns={
            "method": [METHODS[one.method].title for one, _ in ordered],
            "mass inside": [one.value for _, one in ordered],
            "low": [one.low for _, one in ordered],
            "high": [one.high for _, one in ordered],
            "rows": [one.n for _, one in ordered],
        },
        roles={
            "label": "method", "value": "mass inside", "low": "low", "high": "high", "reference": area,
            "units": {"mass inside": "probability"},
        },
        slice={"region": region},
        measurements=(MASS,),
    )  # fmt: skip


def _rows(subject: Subject, told: Painted, found: Seen, shown: Mapping[int, str]) -> Exhibit:
    """Single rows: the image with the region's outline, where each method sees its class, and the image without the
    region."""
    assert isinstance(subject.test.rows, Images)
    columns: dict[str, list[object]] = {"image": [], "heat": [], "outline": [], "what": [], "row": [], "shown": []}
    methods = list(dict.fromkeys(name for name, position in found.maps if position in shown))
    place = {position: i for i, position in enumerate(told.positions.tolist())}
    for position, why in shown.items():
        pixels, mask = subject.test.rows.pixels[position], subject.regions[told.region][position]
        outline, i = heat_address(mask.astype(float)), place[position]
        cells: list[tuple[np.ndarray, str | None, str, str]] = [
            (pixels, None, "the image", f"predicted {_said(subject, told.before[i])}")
        ]
        for name in methods:
            if (name, position) in found.maps:
                heat = found.maps[name, position]
                largest = float(np.abs(heat).max(initial=0.0))
                cells.append((pixels, heat_address(heat / (largest or 1.0)), METHODS[name].title, ""))
        painted = painted_over(pixels[None], mask[None])[0]
        cells.append((painted, None, f"without {told.region}", f"predicted {_said(subject, told.after[i])}"))
        for image, heat_of_it, column, label in cells:
            columns["image"].append(address(picture(image)))
            columns["heat"].append(heat_of_it)
            columns["outline"].append(outline)
            columns["what"].append(label)
            columns["row"].append(f"row {subject.test.id[position]}, {why}")
            columns["shown"].append(column)
    return Exhibit(
        id=f"{ID}/rows",
        kind="images",
        title=f"Where the explanations lie, and what becomes of the image without {told.region}",
        summary=(
            f"{_rows_in_words(len(shown))} with {told.region} outlined: the image and its prediction, what each method "
            "finds for the predicted class (one color for, the other against it, the strongest being the image's own "
            f"largest value), and the image with {told.region} painted over."
        ),
        columns=columns,
        roles={
            "image": "image", "heat": "heat", "outline": "outline", "label": "what", "row": "row", "column": "shown",
        },
        slice={"region": told.region},
    )  # fmt: skip


def _said(subject: Subject, prediction: float) -> str:
    """A prediction in words: the class, or the value."""
    return subject.classes[int(prediction)] if subject.classification else plain(float(prediction))


def _rows_in_words(n: int) -> str:
    return f"{n:,} row{'s' if n != 1 else ''}"

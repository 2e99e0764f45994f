"""What is stated of regions: how much the model relies on each, and how much of an explanation lies in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from auditnn.analyzers.explanation.region_mass import RegionMass
from auditnn.analyzers.explanation.reliance import Painted
from auditnn.analyzers.measures import absent, estimated
from auditnn.core.measurement import Better, Measurement
from auditnn.core.subject import Subject
from auditnn.kernels.mass_inside import ratio_of_means
from auditnn.kernels.moments import mean

ID = "explanation.localization"
RELIANCE, EVIDENCE_RELIANCE, OUTPUT = f"{ID}/reliance", f"{ID}/evidence_reliance", f"{ID}/output_change"
MASS, AREA = f"{ID}/mass_share", f"{ID}/area_share"
CONCENTRATION, DISTRACTION = f"{ID}/concentration", f"{ID}/distraction"
UNITS: Mapping[str, str] = {"logits": "logit", "probabilities": "probability", "labels": "probability"}
EVERYWHERE_ZERO = "the method gives these images no value at all"


def painted_measurements(one: Painted, evidence: bool, subject: Subject) -> Iterator[Measurement]:
    """Reliance or evidence_reliance (classes only), and output_change, each a mean of paired differences.

    The variance of a row's difference is taken to be at least that of one row in n + 2 that changes, since n rows that
    all do the same do not show that every row would.
    """
    slice = {"region": one.region}
    n = len(one)
    if subject.classification:
        better: Better = "higher" if evidence else "lower"
        share = 1.0 / (n + 2.0)
        found = mean(one.reliance, least_variance=share * (1.0 - share))
        id = EVIDENCE_RELIANCE if evidence else RELIANCE
        yield estimated(id, found, slice=slice, better=better, unit="probability", limits=(-1.0, 1.0))
    change = mean(one.output_change - one.output_change_elsewhere)
    yield estimated(OUTPUT, change, slice=slice, unit=UNITS.get(subject.output, "target"))


def mass_measurements(one: RegionMass, evidence: bool, present: bool) -> Iterator[Measurement]:
    """mass_share, concentration, and distraction outside the evidence; one reason where the method sees nothing."""
    slice = {"method": one.method, "region": one.region}
    if not present:
        return
    if not len(one.mass):
        yield absent(MASS, "undefined", EVERYWHERE_ZERO, slice=slice, unit="probability", n=0)
        return
    yield mass_estimate(one)
    concentration = ratio_of_means(one.mass, one.area)
    yield estimated(CONCENTRATION, concentration, slice=slice, unit="ratio", limits=(0.0, None))
    if not evidence:
        beyond = mean(one.mass - one.area)
        yield estimated(DISTRACTION, beyond, slice=slice, better="lower", unit="probability", limits=(-1.0, 1.0))


def mass_estimate(one: RegionMass) -> Measurement:
    """Mean share of a method's mass inside a region."""
    slice = {"method": one.method, "region": one.region}
    return estimated(MASS, mean(one.mass), slice=slice, unit="probability", limits=(0.0, 1.0))


def area_measurement(region: str, shares: np.ndarray) -> Measurement:
    """Mean share (n,) of the image that a region covers where it is present."""
    return estimated(AREA, mean(shares), slice={"region": region}, unit="probability", limits=(0.0, 1.0))


def absent_region(region: str, evidence: bool, subject: Subject, looked_at: int) -> Measurement:
    """That a region is in no row that was looked at."""
    among = "all test rows" if looked_at == len(subject.test) else f"the {looked_at:,} rows looked at"
    among = among if looked_at > 1 else "the row looked at"
    id = AREA if not subject.classification else EVIDENCE_RELIANCE if evidence else RELIANCE
    return absent(id, "undefined", f"the region is empty in {among}", slice={"region": region}, unit="probability", n=0)


def left_out_region(region: str, most: int) -> Measurement:
    """That a region was not looked at, because there are so many."""
    reason = f"only the first {most} regions are measured"
    return absent(AREA, "skipped", reason, slice={"region": region}, unit="probability")


def no_distraction() -> Measurement:
    """That there is no region beside those of the evidence."""
    reason = "every region is declared to be evidence: none is there that should not decide"
    return absent(RELIANCE, "not_applicable", reason, better="lower", unit="probability")

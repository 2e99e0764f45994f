"""Rows changed so little that they should be explained alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from auditnn.core.errors import NotApplicable
from auditnn.core.rows import Images, Rows, Table
from auditnn.core.seeding import stream
from auditnn.methods.case import Case

STEPS = 2.0  # a whole number may move by one where that is at most half of its spread


def nearby(case: Case, share: float, draw: int) -> tuple[Case, np.ndarray]:
    """The case with normal noise on each row, `share` of each feature's spread, and whether the row changed, (n,).

    The spread is the standard deviation over the background; of images, over all their pixels. Categories, and whole
    numbers that hardly vary, stay as they are; other whole numbers move by whole steps, in expectation by the noise.
    Nothing leaves its declared bounds, nor pixels 0 to 1; missing values stay missing. Images keep their cut into
    units, so that their explanations speak of the same things. The noise depends on the seed, the row's id and the
    number of the `draw`. No model calls.
    """
    if isinstance(case.rows, Images) and isinstance(case.background, Images):
        rows: Rows = _images(case, case.rows, case.background, share, draw)
        changed = (rows.pixels != case.rows.pixels).reshape(len(case), -1).any(axis=1)  # type: ignore[attr-defined]
    elif isinstance(case.rows, Table) and isinstance(case.background, Table):
        rows, changed = _table(case, case.rows, case.background, share, draw)
    else:
        raise NotApplicable(f"{case.rows.modality} rows have no small changes yet")
    made = replace(case, rows=rows)
    if isinstance(rows, Images):
        vars(made)["segments"] = case.segments
    return made, changed


def _random(case: Case, row: int, draw: int) -> np.random.Generator:
    return stream(case.seed, "nearby", draw, case.ids[row])


def _images(case: Case, images: Images, background: Images, share: float, draw: int) -> Images:
    noise = np.stack([_random(case, row, draw).normal(size=images.pixels.shape[1:]) for row in range(len(case))])
    scale = share * float(background.pixels.std(dtype=np.float64))
    pixels = np.clip(images.pixels + scale * noise, 0.0, 1.0).astype(images.pixels.dtype)
    return Images(pixels=pixels, features=images.features)


def _table(case: Case, table: Table, background: Table, share: float, draw: int) -> tuple[Table, np.ndarray]:
    n = len(table)
    normal = np.empty((n, len(table.features)))
    uniform = np.empty((n, len(table.features)))
    for row in range(n):
        random = _random(case, row, draw)
        normal[row], uniform[row] = random.normal(size=normal.shape[1]), random.random(normal.shape[1])
    columns, changed = dict(table.columns), np.zeros(n, dtype=bool)
    for position, feature in enumerate(table.features):
        if feature.coded:
            continue
        own, others = table.columns[feature.name], background.columns[feature.name]
        known = others[np.isfinite(others)]
        spread = float(known.std()) if len(known) else 0.0
        whole = feature.kind == "integer"
        if spread == 0.0 or (whole and spread < STEPS):
            continue
        noise = share * spread * normal[:, position]
        moved = own + (np.floor(noise + uniform[:, position]) if whole else noise)
        if feature.bounds is not None:
            moved = np.clip(moved, *feature.bounds)
        changed |= (moved != own) & ~np.isnan(own)
        columns[feature.name] = moved
    return Table(features=table.features, columns=columns, length=n), changed

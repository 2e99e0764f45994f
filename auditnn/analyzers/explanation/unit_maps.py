"""Images with the values of their units laid over them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from auditnn.analyzers.explanation.explained_rows import ExplainedRows
from auditnn.analyzers.explanation.shapley_measures import ID
from auditnn.core.exhibit import Exhibit
from auditnn.core.numbers import plain
from auditnn.core.png import address, heat_address
from auditnn.core.rows import Images


def unit_maps(one: ExplainedRows, images: Images) -> Iterator[Exhibit]:
    """The telling rows: each image beside the values of its units for the predicted class, as a heat map in parts of
    the row's own largest value. `images` are the rows that were explained."""
    segments = one.attribution.segments
    if segments is None or not one.telling:
        return
    columns: dict[str, list[object]] = {"image": [], "values": [], "what": [], "row": [], "shown": []}
    for telling in one.telling:
        code, values, _, _ = one.of_target(telling.place)
        largest = float(np.abs(values).max(initial=0.0))
        painted = values[segments[telling.place]] / (largest or 1.0)
        name = one.subject.classes[code] if one.subject.classes else "value"
        columns["image"].append(address(picture(images.pixels[telling.place])))
        columns["values"].append(heat_address(painted))
        columns["what"].append(f"{name}, largest {plain(largest)}")
        columns["row"].append(f"row {one.ids[telling.place]}, {telling.why}")
        columns["shown"].append("Shapley values of its parts")
    yield Exhibit(
        id=f"{ID}/maps",
        kind="images",
        title="Which parts of an image moved its output",
        summary=(
            f"{len(one.telling)} image{'s' if len(one.telling) != 1 else ''}, each explained for its predicted class: "
            "one color where showing a part raised the output, the other where it lowered it, the strongest being the "
            "image's own largest value."
        ),
        columns=columns,
        roles={"image": "image", "heat": "values", "label": "what", "row": "row", "column": "shown"},
        slice=one.slice(),
    )


def picture(pixels: np.ndarray) -> np.ndarray:
    """Pixels (c, h, w) as what a PNG shows: (h, w) grey or (h, w, 3); more channels as their mean."""
    if pixels.shape[0] == 3:
        return np.moveaxis(pixels, 0, 2)
    grey: np.ndarray = pixels.mean(axis=0)
    return grey

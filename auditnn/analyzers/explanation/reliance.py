"""What the model does when a region of its images is painted over, and when as much is painted over elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from auditnn.analyzers.context import Context
from auditnn.core.rows import Images
from auditnn.kernels.painting import moved, painted_over
from auditnn.subjects import outputs
from auditnn.subjects.calls import Calls


@dataclass(frozen=True, slots=True, kw_only=True)
class Painted:
    """The rows with one region, at `positions` of the test data (n,).

    `before` and `after` are the predictions, codes or values, of the image and of the image without the region;
    `changed` (n,) whether they differ and `changed_elsewhere` the share of the draws elsewhere in which they do;
    `output_change` and `output_change_elsewhere` (n,) how far the explained output of the first prediction moves,
    either way.
    """

    region: str
    positions: np.ndarray
    before: np.ndarray
    after: np.ndarray
    changed: np.ndarray
    changed_elsewhere: np.ndarray
    output_change: np.ndarray
    output_change_elsewhere: np.ndarray

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def reliance(self) -> np.ndarray:
        """Per row: changed, less the share that changes elsewhere, in [-1, 1]."""
        return self.changed - self.changed_elsewhere


def painted(context: Context, region: str, positions: np.ndarray, draws: int) -> Painted:
    """Paint a region over in every row at `positions`, and `draws` times a patch of the same shape elsewhere.

    `positions` are of at least one row. Where the patches go depends on the seed, the region and the row's id. Costs
    n x (2 + draws) model rows.
    """
    calls, test, masks = context.calls, context.subject.test, context.subject.regions[region]
    assert calls is not None

    def work(chunk: np.ndarray) -> Mapping[str, np.ndarray]:
        assert isinstance(test.rows, Images)
        own = test.rows.pixels[chunk]
        places = [moved(masks[row], context.rng(region, test.id[row]), draws) for row in chunk]
        versions = [own, painted_over(own, masks[chunk])]
        versions += [painted_over(own, np.stack([place[draw] for place in places])) for draw in range(draws)]
        return _answers(calls, np.concatenate(versions), len(chunk))

    number = list(context.subject.regions).index(region)
    return Painted(region=region, positions=positions, **context.map_rows(f"painted{number}", positions, work))


def _answers(calls: Calls, versions: np.ndarray, n: int) -> dict[str, np.ndarray]:
    """From the outputs for `n` images as they are, painted, and painted elsewhere, what `Painted` holds of them."""
    raw = calls.outputs(Images(pixels=versions))
    prediction = outputs.predictions(raw, calls.subject).prediction.reshape(-1, n)
    explained = outputs.explained(raw, calls.subject).reshape(len(prediction), n, -1)
    code = prediction[0].astype(np.int64) if calls.subject.classification else np.zeros(n, dtype=np.int64)
    column = explained[:, np.arange(n), code]
    change = np.abs(column[1:] - column[0])
    changed = (prediction[1:] != prediction[0]).astype(np.float64)
    return {
        "before": prediction[0],
        "after": prediction[1],
        "changed": changed[0],
        "changed_elsewhere": changed[1:].mean(axis=0),
        "output_change": change[0],
        "output_change_elsewhere": change[1:].mean(axis=0),
    }

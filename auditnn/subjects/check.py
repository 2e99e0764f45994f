"""The first predictions: what makes an audit meaningless stops here, before anything is believed."""

from __future__ import annotations

import logging

import numpy as np

from auditnn.core.errors import SubjectError
from auditnn.core.subject import Predictions, Subject
from auditnn.subjects import outputs
from auditnn.subjects.calls import Calls
from auditnn.subjects.foreign import Blame

GROSS = 1e-3
ENOUGH = 20
log = logging.getLogger("auditnn")


def first_predictions(subject: Subject, calls: Calls | None) -> Predictions:
    """Predictions of the test rows (n rows forward), or the stored ones where there is no model.

    SubjectError where the model raises, returns another shape, non-finite values, labels that the data does not
    have, too few or too many classes, sits on another device, or gives "probabilities" far outside [0, 1].
    """
    if subject.model is None or calls is None:
        if subject.stored is None:
            raise SubjectError("a model or stored predictions", "neither", "Give one of them.")
        return subject.stored
    rows = subject.test.rows
    assert rows is not None
    _check_device(subject)
    with Blame("inputs from encode", "encode raised", "Call it on the data frame by itself to find out why."):
        calls.encoder(rows.take(np.arange(min(2, len(subject.test)))))
    with Blame(
        "predictions for the test rows", "the model raised",
        f"It gets {rows.described()}; check inputs, encode, and that these are the data it was trained on.",
    ):  # fmt: skip
        raw = calls.outputs(rows)
    _check_finite(raw)
    _check_probabilities(raw, subject)
    for hint in hints(raw, subject):
        log.warning(hint)
    return outputs.predictions(raw, subject)


def _check_device(subject: Subject) -> None:
    devices = getattr(subject.model, "devices", ["cpu"])
    if len(devices) > 1 or "meta" in devices:
        raise SubjectError(
            "a module whose parameters sit together on one device", f"parameters on {' and '.join(devices)}",
            "Move all of it: module.to('cpu'); a module on 'meta' has no weights yet, so load them first.",
        )  # fmt: skip


def _check_finite(raw: np.ndarray) -> None:
    bad = ~np.isfinite(raw).all(axis=1)
    if bad.any():
        raise SubjectError(
            "finite outputs for every row", f"NaN or infinite outputs for {int(bad.sum())} of {len(raw)} rows",
            f"The first is row {int(np.argmax(bad))}; check for missing inputs that the model cannot take.",
        )  # fmt: skip


def _check_probabilities(raw: np.ndarray, subject: Subject) -> None:
    if subject.output != "probabilities":
        return
    low, high = float(raw.min()), float(raw.max())
    if low < -GROSS or high > 1 + GROSS:
        raise SubjectError(
            "probabilities between 0 and 1", f"outputs from {low:.4g} to {high:.4g}",
            "If these are raw scores before a sigmoid or softmax, set output = 'logits'.",
        )  # fmt: skip


def hints(raw: np.ndarray, subject: Subject) -> tuple[str, ...]:
    """What looks like a mistake and need not be one: logits that could be probabilities."""
    if subject.output != "logits" or len(raw) < ENOUGH or raw.min() < 0 or raw.max() > 1:
        return ()
    if raw.shape[1] > 1 and np.abs(raw.sum(axis=1) - 1).max() > GROSS:
        return ()
    return ("All outputs lie between 0 and 1: if they are probabilities already, set output = 'probabilities'.",)

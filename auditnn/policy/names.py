"""Quantities by their usual names, where the last part of an id does not read like one."""

from __future__ import annotations

NAMES = {
    "roc_auc": "ROC AUC",
    "mcc": "Matthews correlation",
    "f1": "F1 score",
    "r2": "R squared",
    "mae": "Mean absolute error",
    "rmse": "Root mean squared error",
    "brier_score": "Brier score",
    "calibration_in_the_large": "Calibration in the large",
    "train_test_overlap": "Train-test overlap",
}


def quantity_name(quantity: str) -> str:
    """The last part of a measurement's id as the beginning of a sentence.

    >>> quantity_name("roc_auc"), quantity_name("selection_rate")
    ('ROC AUC', 'Selection rate')
    """
    return NAMES.get(quantity, quantity.replace("_", " ").capitalize())

"""Plain words for ids: sections, analyzers, measures, slices, statuses. An id without an entry is spelled out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Section:
    """One chapter of the report: which analyzers it holds (by the beginning of their ids), and what it asks."""

    key: str
    title: str
    lead: str
    analyzers: tuple[str, ...]


SECTIONS: tuple[Section, ...] = (
    Section(
        "subject",
        "Subject check",
        "Before anything else is believed: does the model answer in the right form, and the same way twice?",
        ("subject.",),
    ),
    Section(
        "data",
        "Data",
        "What the rows hold, whether they are new evidence, and how unequal the classes are.",
        ("data.",),
    ),
    Section(
        "calibration",
        "Calibration",
        "Whether a score of seventy percent means that it happens in seventy of a hundred cases.",
        ("performance.calibration",),
    ),
    Section(
        "performance",
        "Performance",
        "How often the model is right on rows kept for testing, and what the overall figure hides.",
        ("performance.",),
    ),
    Section("explanation", "Explanation", "Which inputs move the model's answers.", ("explanation.",)),
    Section("trust", "Trust in the explanations", "Whether the explanations deserve to be believed.", ("trust.",)),
    Section(
        "robustness", "Robustness", "How small a change of the input is enough to change the answer.", ("robustness.",)
    ),
    Section(
        "fairness",
        "Fairness between groups",
        "Whether the outcome people want, and the model's errors, are spread evenly over groups of people.",
        ("fairness.",),
    ),
    Section("internals", "Inside the network", "What the layers and units of the network do.", ("internals.",)),
    Section("training", "Training", "What the history of the training tells.", ("training.",)),
)
ORDER = (
    "subject",
    "data",
    "performance",
    "calibration",
    "fairness",
    "explanation",
    "trust",
    "robustness",
    "internals",
    "training",
)
ANALYZERS: Mapping[str, str] = {
    "subject.check": "Subject check",
    "data.quality": "Data quality",
    "data.imbalance": "Class imbalance",
    "performance.accuracy": "Accuracy",
    "performance.calibration": "Calibration",
    "performance.imbalance": "What accuracy hides",
    "performance.weak_slices": "Weak slices",
    "fairness.group_rates": "Rates by group",
    "fairness.disparity": "Disparity between groups",
}
MEASURES: Mapping[str, tuple[str, str]] = {
    "accuracy": ("Accuracy", "share of rows predicted correctly"),
    "balanced_accuracy": ("Balanced accuracy", "mean of the recalls of all classes"),
    "roc_auc": ("ROC AUC", "chance that a positive row scores above a negative one"),
    "average_precision": ("Average precision", "precision averaged over recall"),
    "f1": ("F1", "harmonic mean of precision and recall"),
    "mcc": ("Matthews correlation", "correlation of prediction and label"),
    "log_loss": ("Log loss", "mean negative log-probability given to the true class"),
    "recall": ("Recall", "share of a class that is found"),
    "precision": ("Precision", "share of predictions of a class that are right"),
    "mae": ("Mean absolute error", "in the unit of the target"),
    "rmse": ("Root mean squared error", "in the unit of the target"),
    "r2": ("R squared", "share of the target's variance that is predicted"),
    "skill": ("Skill", "one minus the error relative to always predicting the mean"),
    "expected_calibration_error": ("Expected calibration error", "mean distance of score and frequency, debiased"),
    "brier_score": ("Brier score", "mean squared error of the probabilities"),
    "calibration_in_the_large": ("Calibration in the large", "mean score minus mean label"),
    "calibration_slope": ("Calibration slope", "one is right; below one, scores are too extreme"),
    "imbalance_ratio": ("Imbalance ratio", "largest class over smallest"),
    "effective_classes": ("Effective number of classes", "as many equal classes would be as diverse"),
    "minority_recall_gap": ("Minority recall gap", "recall of the largest class minus that of the smallest"),
    "error_gap": ("Error gap", "error inside a slice minus that of all other rows"),
    "error_rate": ("Error rate", "share of rows predicted wrongly"),
    "accuracy_gain": ("Gain in accuracy", "over always answering the most common class"),
    "balanced_accuracy_gain": ("Gain in balanced accuracy", "over always answering the most common class"),
    "average_precision_gain": ("Gain in average precision", "over scores that say nothing"),
    "selection_rate_difference": ("Selection rate difference", "of a group to its reference group"),
    "missing_share": ("Missing values", "share of cells without a value"),
    "duplicate_share": ("Repeated rows", "share of test rows that repeat an earlier one"),
    "train_test_overlap": ("Overlap with training rows", "share of test rows found in the training rows"),
    "label_conflicts": ("Conflicting labels", "share of rows whose twin has another label"),
    "selection_rate": ("Selection rate", "share that gets the favorable outcome"),
    "true_positive_rate": ("True positive rate", "share of those labelled favorable who get it"),
    "false_positive_rate": ("False positive rate", "share of those labelled otherwise who get it"),
    "false_negative_rate": ("False negative rate", "share of those labelled favorable who do not"),
    "demographic_parity_difference": ("Demographic parity difference", "largest minus smallest selection rate"),
    "demographic_parity_ratio": ("Demographic parity ratio", "smallest over largest selection rate"),
    "equalized_odds_difference": ("Equalized odds difference", "the larger gap in true and false positive rates"),
    "equal_opportunity_difference": ("Equal opportunity difference", "gap in true positive rates"),
    "worst_group_accuracy": ("Worst group accuracy", "accuracy in the group where it is lowest"),
    "mean_prediction": ("Mean prediction", "in the unit of the target"),
    "mean_error": ("Mean error", "prediction minus truth, on average"),
    "mean_absolute_error": ("Mean absolute error", "in the unit of the target"),
    "mean_prediction_difference": ("Mean prediction difference", "largest minus smallest group mean"),
    "mean_error_difference": ("Mean error difference", "largest minus smallest group mean error"),
    "mean_absolute_error_difference": ("Mean absolute error difference", "largest minus smallest group error"),
    "repeat_difference": ("Repeat difference", "largest change when the same rows are asked twice"),
    "batch_difference": ("Batch difference", "largest change when rows are asked in other batches"),
    "probability_sum_error": ("Probability sum error", "largest distance of a row's probabilities from one"),
    "train_mode": ("Left in train mode", "one where the module came in train mode"),
}
METHODS: Mapping[str, str] = {
    "clopper_pearson": "Clopper-Pearson",
    "wilson": "Wilson",
    "newcombe": "Newcombe",
    "score": "Score",
    "simultaneous": "Simultaneous",
    "delong": "DeLong",
    "t": "Student t",
    "bootstrap": "Bootstrap",
    "monte_carlo": "Monte Carlo",
    "exact": "Exact",
}
FINDING_WORDS: Mapping[str, str] = {
    "fail": "Fails",
    "unsure": "Unsure",
    "not_measured": "Not measured",
    "pass": "Passes",
    "not_applicable": "Does not apply",
}
STATUS_WORDS: Mapping[str, str] = {
    "measured": "measured",
    "undefined": "undefined",
    "not_applicable": "does not apply",
    "skipped": "skipped",
    "failed": "failed",
}
TASKS: Mapping[str, str] = {
    "binary": "binary classifier",
    "multiclass": "multiclass classifier",
    "regression": "regression model",
    "anomaly": "anomaly detector",
}
KINDS: Mapping[str, str] = {
    "torch": "torch module",
    "sklearn": "scikit-learn estimator",
    "function": "predict function",
    "predictions": "stored predictions",
}
STORED: Mapping[str, str] = {
    "none": "none: neither features nor predictions of any row are in this run folder",
    "sample": "predictions and groups of every row, features of a sample",
    "all": "everything, features of every row included",
}


def spelled(name: str) -> str:
    """A part of an id as words.

    >>> spelled("group_rates")
    'Group rates'
    """
    text = name.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def measure_name(id: str) -> str:
    """What a measurement is called."""
    last = id.rsplit("/", 1)[-1]
    return MEASURES[last][0] if last in MEASURES else spelled(last)


def measure_meaning(id: str) -> str:
    """What a measurement means in a few words, or nothing where its name says it."""
    return MEASURES.get(id.rsplit("/", 1)[-1], ("", ""))[1]


def analyzer_name(id: str) -> str:
    """What an analyzer is called."""
    return ANALYZERS.get(id, spelled(id.split(".", 1)[-1]))


def slice_words(pairs: Mapping[str, Any]) -> str:
    """A slice as people say it; empty for all rows.

    >>> [slice_words(one) for one in ({"attribute": "sex", "group": "female"}, {"class": "7"}, {"slice": "x < 3"})]
    ['sex: female', 'class 7', 'x < 3']
    """
    rest = {name: value for name, value in pairs.items() if name != "where"}
    said = []
    if "attribute" in rest:
        attribute = str(rest.pop("attribute"))
        said.append(f"{attribute}: {rest.pop('group')}" if "group" in rest else attribute)
    said += [str(value) if name == "slice" else f"{name} {value}" for name, value in rest.items()]
    return ", ".join(said)


def section_of(id: str) -> str:
    """The key of the section that an analyzer or measurement belongs to; its area where no section claims it."""
    found = next((section for section in SECTIONS if id.startswith(section.analyzers)), None)
    return found.key if found else id.split(".", 1)[0]

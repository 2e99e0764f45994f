"""Plain words for what the report is built of: sections, interval methods, slices, statuses."""

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
ATTRIBUTIONS: Mapping[str, str] = {
    "linear_shapley": "Linear Shapley values",
    "exact_shapley": "Exact Shapley values",
    "kernel_shap": "KernelSHAP",
    "permutation_shapley": "Permutation Shapley values",
    "deep_lift_shap": "DeepLIFT-SHAP",
    "gradient_shap": "GradientSHAP",
    "lime": "LIME",
    "gradient": "Gradient",
    "input_x_gradient": "Input x gradient",
    "integrated_gradients": "Integrated gradients",
    "smooth_grad": "SmoothGrad",
    "deep_lift": "DeepLIFT",
    "guided_backpropagation": "Guided backpropagation",
    "grad_cam": "Grad-CAM",
    "occlusion": "Occlusion",
    "random_attribution": "Random numbers",
    "input_values": "The input itself",
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


def method_title(name: str) -> str:
    """What a way to explain is called.

    >>> method_title("kernel_shap"), method_title("my_own")
    ('KernelSHAP', 'My own')
    """
    return ATTRIBUTIONS.get(name) or spelled(name)


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
    if "method" in rest:
        said.append(method_title(str(rest.pop("method"))))
    said += [str(value) if name == "slice" else f"{name} {value}" for name, value in rest.items()]
    return ", ".join(said)


def section_of(id: str) -> str:
    """The key of the section that an analyzer or measurement belongs to; its area where no section claims it."""
    found = next((section for section in SECTIONS if id.startswith(section.analyzers)), None)
    return found.key if found else id.split(".", 1)[0]

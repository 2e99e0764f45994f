"""How good are the predictions? Classes, scores and values, each number with its interval."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from auditnn.analyzers.context import Context
from auditnn.analyzers.performance.classes import class_scores, ranking_scores
from auditnn.analyzers.performance.pictures import confusion_heatmap, recall_intervals, roc_curve
from auditnn.analyzers.performance.values import value_scores
from auditnn.analyzers.settings import setting
from auditnn.core.analyzer import Analyzer, Yield
from auditnn.core.audit import Quantity
from auditnn.core.errors import NotApplicable
from auditnn.core.measurement import Measurement
from auditnn.core.subject import Subject

ID = "performance.accuracy"


@dataclass(frozen=True, slots=True)
class Settings:
    """How the intervals of balanced accuracy, F1 and the Matthews correlation are got."""

    draws: int = setting(1000, "draws of the confusion table for the intervals of its composites", at_least=100)


def run(subject: Subject, settings: Settings, context: Context) -> Iterator[Yield]:
    """Classification: accuracy, balanced_accuracy, f1, mcc, recall and precision of each class, roc_auc,
    average_precision, log_loss. Regression: mae, rmse, r2, skill. No model calls beyond the first predictions."""
    y, predictions = subject.test.y, context.predictions
    if y is None:
        raise NotApplicable("the data has no labels")
    if not subject.classification:
        yield from value_scores(subject, y, context)
        return
    recalls: list[Measurement] = []
    for item in class_scores(subject, y, context, settings.draws):
        if isinstance(item, Measurement) and item.id == f"{ID}/recall":
            recalls.append(item)
        yield item
    ranking = list(ranking_scores(subject, y, predictions.score))
    yield from ranking
    yield confusion_heatmap(ID, subject, y, predictions.prediction)
    yield recall_intervals(ID, recalls)
    auc = ranking[0].value
    if subject.task == "binary" and predictions.score is not None and auc is not None:
        yield roc_curve(ID, y == subject.positive, predictions.score, auc)


ANALYZER = Analyzer(
    id=ID,
    title="Accuracy",
    question="How good are the predictions, and how sure is that?",
    run=run,
    quantities={
        "accuracy": Quantity("Accuracy", "share of rows predicted correctly"),
        "balanced_accuracy": Quantity("Balanced accuracy", "mean of the recalls of all classes"),
        "roc_auc": Quantity("ROC AUC", "chance that a positive row scores above a negative one"),
        "average_precision": Quantity("Average precision", "precision averaged over recall"),
        "f1": Quantity("F1", "harmonic mean of precision and recall"),
        "mcc": Quantity("Matthews correlation", "correlation of prediction and label"),
        "log_loss": Quantity("Log loss", "mean negative log-probability given to the true class"),
        "recall": Quantity("Recall", "share of a class that is found"),
        "precision": Quantity("Precision", "share of predictions of a class that are right"),
        "mae": Quantity("Mean absolute error", "in the unit of the target"),
        "rmse": Quantity("Root mean squared error", "in the unit of the target"),
        "r2": Quantity("R squared", "share of the target's variance that is predicted"),
        "skill": Quantity("Skill", "one minus the error relative to always predicting the mean"),
    },
    reference=(
        "Pedregosa, F. et al. (2011). Scikit-learn: machine learning in Python. JMLR 12. "
        "DeLong, E. R. et al. (1988). Comparing the areas under two or more correlated ROC curves. Biometrics 44(3)."
    ),
    needs=("labels",),
    tasks=("binary", "multiclass", "regression"),
    settings=Settings,
)

"""The public Subject: constructors for every kind of model, around the plain record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from os import PathLike
from typing import TYPE_CHECKING, Any, Unpack

from auditnn.core.subject import Subject as SubjectRecord

if TYPE_CHECKING:
    import torch

    from auditnn.subjects.options import Keywords


class Subject:
    """What is audited: a model, its data, and what they mean.

    Made by one of the constructors or by `auditnn.load`. `record` is the frozen record behind it. All constructors
    raise SubjectError with what was expected, what came and what to do, and take the keywords of `subject.toml`
    (described in `docs/subject-file.md`):

    - task ("binary", "multiclass", "regression"), modality ("tabular", "image"), name
    - output ("logits", "probabilities", "values", "labels"), threshold: from what the model returns to a decision
    - classes, positive, favorable: names of the classes; the label that counts as positive; the outcome people want
    - features (names, or {name: {kind, bounds, mutable, values, unit}}), units ({unit: features}), inputs (columns that
      the model sees, in its order), encode (a function from the data frame to an array)
    - groups (columns of the frame, or {name: values}), bands ({name: edges}), intersections, reference ({name: level})
    - train: (X_train, y_train) or (X_train, y_train, groups)
    - id, store_rows ("none", "sample", "all"), redact (columns): which rows an audit may keep
    - regions ({name: masks (n, h, w)}): where in the test images something is
    - control, costs, history: recorded, not used yet; weight, cluster: not supported yet
    """

    def __init__(self, record: SubjectRecord) -> None:
        self.record = record

    @classmethod
    def from_torch(cls, module: torch.nn.Module, X_test: Any, y_test: Any, **keywords: Unpack[Keywords]) -> Subject:
        """A torch module. `X_test` is (n, d), a data frame with `encode=`, or images (n, c, h, w) in [0, 1];
        `output` says what comes out: "logits", "probabilities" or "values"."""
        from auditnn.subjects.build import from_torch

        return cls(from_torch(module, X_test, y_test, **keywords))

    @classmethod
    def from_sklearn(cls, estimator: Any, X_test: Any, y_test: Any, **keywords: Unpack[Keywords]) -> Subject:
        """A fitted scikit-learn estimator; a Pipeline over a data frame gets back the same columns and dtypes."""
        from auditnn.subjects.build import from_sklearn

        return cls(from_sklearn(estimator, X_test, y_test, **keywords))

    @classmethod
    def from_function(
        cls, predict: Callable[[Any], Any], X_test: Any, y_test: Any, **keywords: Unpack[Keywords]
    ) -> Subject:
        """Any function from a batch of inputs to probabilities, logits, values or labels (`output` says which)."""
        from auditnn.subjects.build import from_function

        return cls(from_function(predict, X_test, y_test, **keywords))

    @classmethod
    def from_predictions(
        cls,
        y: Any,
        prediction: Any = None,
        *,
        score: Any = None,
        X_test: Any = None,
        **keywords: Unpack[Keywords],
    ) -> Subject:
        """Stored predictions, no model at all. `y=None` where only outcomes exist: what needs labels is then
        `not_applicable`. `X_test` optionally gives the features."""
        from auditnn.subjects.build import from_predictions

        return cls(from_predictions(y, prediction, score, X_test=X_test, **keywords))

    @property
    def card(self) -> dict[str, Any]:
        """Plain facts about the subject, as the audit records them."""
        from auditnn.subjects.card import card

        return card(self.record)

    def __repr__(self) -> str:
        record = self.record
        groups = ", ".join(group.name for group in record.test.groups) or "none"
        return f"<Subject {record.name!r}: {record.task}, {len(record.test)} test rows, groups: {groups}>"

    def _repr_html_(self) -> str:
        return f"<code>{escape(repr(self))}</code>"


def load(
    source: str | PathLike[str],
    *,
    allow_code: str | PathLike[str] | Sequence[str | PathLike[str]] = (),
    trust_pickle: bool = False,
) -> Subject:
    """Open "sample:NAME", a `subject.toml`, or the folder that holds one.

    A `factory` or `encode` resolves only from installed packages and from the folders in `allow_code`; formats whose
    loading can run code are refused unless `trust_pickle`. Raises SubjectError, or RefusedError naming the flag.
    """
    from auditnn.subjects.load import load as load_record

    folders = (allow_code,) if isinstance(allow_code, (str, PathLike)) else tuple(allow_code)
    return Subject(load_record(str(source), allow_code=tuple(map(str, folders)), trust_pickle=trust_pickle))

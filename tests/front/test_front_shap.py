"""`to_shap`: what shap's own plots take, from a fresh audit and from a run folder."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import auditnn

ID = "explanation.shapley_values"


@pytest.fixture(scope="module")
def audit() -> auditnn.Audit:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.normal(40, 9, 60), "city": rng.choice(["oslo", "rome"], 60), "secret": 1.0})

    def predict(rows: pd.DataFrame) -> np.ndarray:
        return rows["age"].to_numpy() + 10.0 * (rows["city"] == "oslo")

    subject = auditnn.Subject.from_function(
        predict, frame, predict(frame), task="regression", output="values", redact=["secret"]
    )
    return auditnn.run(subject, [ID], rows=30)


@pytest.mark.parametrize("opened", [False, True])
def test_values_base_and_data_of_the_explained_rows(audit: auditnn.Audit, opened: bool, tmp_path: Path) -> None:
    if opened:
        audit.save(tmp_path / "run")
        audit = auditnn.Audit.open(tmp_path / "run")
    found = audit.to_shap()
    assert found.shape == (30, 3)
    assert found.feature_names == ["age", "city", "secret"]
    ids = audit.arrays[f"{ID}/rows"]
    rows = audit.rows.set_index("id").loc[ids]
    np.testing.assert_allclose(found.base_values + found.values.sum(axis=1), rows["prediction"], rtol=1e-5)
    np.testing.assert_allclose(found.data[:, 0], rows["age"])
    assert found.display_data[:, 1].tolist() == rows["city"].tolist()
    assert found.data[:, 1].tolist() == [float(city == "rome") for city in rows["city"]]
    assert np.isnan(found.data[:, 2]).all()


def test_shap_draws_it(audit: auditnn.Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "Agg")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import matplotlib.pyplot as plt
        import shap

        found = audit.to_shap()
        for plot, given in (
            (shap.plots.beeswarm, found), (shap.plots.bar, found), (shap.plots.waterfall, found[0]),
            (shap.plots.scatter, found[:, "age"]),
        ):  # fmt: skip
            plot(given, show=False)
            assert plt.gcf().get_axes()
            plt.close("all")


def test_classes_are_the_last_dimension_and_images_are_painted() -> None:
    rng = np.random.default_rng(1)
    pixels = rng.random((24, 1, 8, 8)).astype(np.float32)

    def logits(x: Any) -> np.ndarray:
        x = np.asarray(x)[:, 0]
        return np.stack([x[:, :4].mean(axis=(1, 2)), x[:, 4:].mean(axis=(1, 2)), x.mean(axis=(1, 2))], axis=1)

    subject = auditnn.Subject.from_function(
        logits, pixels, rng.integers(0, 3, 24), task="multiclass", output="logits", modality="image",
        classes=[0, 1, 2],
    )  # fmt: skip
    audit = auditnn.run(subject, [ID], rows=4, settings={f"{ID}.units": 4})
    found = audit.to_shap()
    assert found.values.shape == (4, 8, 8, 1, 3)
    assert found.output_names == ["0", "1", "2"]
    shown = pixels[audit.arrays[f"{ID}/rows"]]
    np.testing.assert_allclose(found.data, np.moveaxis(shown, 1, -1))
    np.testing.assert_allclose(found.base_values + found.values.sum(axis=(1, 2, 3)), logits(shown), atol=1e-5)
    np.testing.assert_allclose(found.values[:, 4:, :, 0, 0], 0.0, atol=1e-7)


def test_what_is_not_there_is_told() -> None:
    X = np.random.default_rng(0).normal(size=(30, 2))

    def subject(**keywords: Any) -> auditnn.Subject:
        return auditnn.Subject.from_function(
            lambda x: np.asarray(x)[:, 0], X, X[:, 0], task="regression", output="values", **keywords
        )

    with pytest.raises(auditnn.InputError, match=r"an audit in which .* ran"):
        auditnn.run(subject(), ["data.quality"]).to_shap()
    with pytest.raises(auditnn.InputError, match="store_rows = 'none'"):
        auditnn.run(subject(store_rows="none"), [ID]).to_shap()
    with pytest.raises(auditnn.InputError, match="values"):
        auditnn.run(subject(), ["data.quality"]).to_shap("data.quality")

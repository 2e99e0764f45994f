"""LIME of tables: the library's coefficients on the same samples, its samplers, and what they do at the edges."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from auditnn.core.errors import NotApplicable, SettingsError
from auditnn.core.rows import Table
from auditnn.kernels.local_fit import exponential_kernel, local_fit
from auditnn.methods.attribution import METHODS, Attribution, lime
from auditnn.methods.attribution import lime_tabular as tabular
from auditnn.methods.attribution.lime_reference import reference_difference
from auditnn.methods.attribution.lime_tabular import TableSampler, table_neighborhoods
from auditnn.methods.case import Case
from auditnn.methods.plain import case_of
from auditnn.subjects.build import from_function, from_sklearn
from auditnn.subjects.calls import Calls

SETTINGS: tuple[dict[str, Any], ...] = (
    {"discretizer": "none"},
    {"discretizer": "none", "center": "row"},
    {"discretizer": "quartile"},
    {"discretizer": "decile"},
    {"discretizer": "quartile", "samples": "shared"},
    {"discretizer": "none", "samples": "shared"},
)
every_setting = pytest.mark.parametrize("how", SETTINGS, ids=lambda how: "-".join(how.values()))
D = 7


def bent(x: Any) -> np.ndarray:
    """Two outputs, neither linear."""
    x = np.asarray(x, dtype=float)
    first = np.tanh(x[:, 0]) * 2 + x[:, 1] * x[:, 2] + 0.3 * x[:, 3] - (x[:, 4] > 1)
    return np.column_stack([first, np.abs(x[:, 5] - 4.5) + x[:, 1]])


@cache
def data(n: int = 600) -> np.ndarray:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, D)) * np.array([1, 2, 0.5, 10, 1, 1, 1]) + np.arange(D)
    X[:, 4] = rng.gamma(1.5, 1.0, n)
    return X


def case(function: Callable[[Any], np.ndarray] = bent, n: int = 6, seed: int = 3) -> Case:
    return case_of(function, data()[:n], data(), seed=seed)


def mixed(n: int = 500, seed: int = 0, holes: bool = False) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "income": np.exp(rng.normal(1, 0.5, n)),
            "visits": rng.poisson(3, n),
            "city": rng.choice(["a", "b", "c", "d"], n, p=[0.5, 0.3, 0.15, 0.05]),
            "member": rng.random(n) < 0.3,
            "score": rng.normal(size=n),
        }
    )
    if holes:
        frame.loc[rng.random(n) < 0.2, "income"] = np.nan
        frame.loc[rng.random(n) < 0.1, "city"] = None
    return frame


def estimator(frame: pd.DataFrame) -> Any:
    """A pipeline over the frame, so that units own no input columns."""
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    y = ((frame["income"].fillna(9) > 3) ^ (frame["city"] == "b") ^ frame["member"]).astype(int)
    encode = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["city", "member"]),
        remainder=SimpleImputer(),
    )
    return make_pipeline(encode, HistGradientBoostingClassifier(max_iter=10)).fit(frame, y), y


def frame_case(holes: bool = False, n: int = 8, **keywords: Any) -> Case:
    frame = mixed(holes=holes)
    fitted, y = estimator(frame)
    subject = from_sklearn(fitted, frame, y, train=(frame, y), **keywords)
    calls = Calls(subject)
    rows = subject.test.rows
    assert rows is not None
    return Case(
        calls=calls,
        rows=rows.take(np.arange(n)),
        ids=subject.test.id[:n],
        background=rows.take(np.arange(100)),
        targets=np.zeros(n, dtype=np.int64),
        facts={"background_from": "train"},
    )


def by_the_library(one: Case, how: dict[str, Any], draws: int, keep: int | None, selection: str = "auto") -> np.ndarray:
    """Coefficients (n, d, k) that lime's own code fits to our samples, by its own distances and kernel."""
    from lime.lime_base import LimeBase
    from sklearn.metrics import pairwise_distances

    full = {"samples": "per_row", "discretizer": "none", "center": "training", **how}
    result = []
    for near in table_neighborhoods(one, draws, width=None, **full):
        d, k = len(near.x), near.y.shape[1]
        width = np.sqrt(d) * 0.75
        base = LimeBase(lambda distance, width=width: np.sqrt(np.exp(-(distance**2) / width**2)))
        data = near.x.T.copy()
        distances = pairwise_distances(data, data[0].reshape(1, -1), metric="euclidean").ravel()
        told = np.zeros((d, k))
        for output in range(k):
            for unit, coefficient in base.explain_instance_with_data(
                data, near.y, distances, output, keep or d, feature_selection=selection if keep else "none"
            )[1]:
                told[unit, output] = coefficient
        result.append(told)
    return np.stack(result)


@every_setting
@pytest.mark.parametrize(("keep", "selection"), [(None, "auto"), (3, "auto"), (5, "highest_weights")])
def test_coefficients_are_the_library_s_on_our_samples(how: dict[str, Any], keep: int | None, selection: str) -> None:
    one = lime(case(), draws=400, num_features=keep, selection=selection, **how)
    theirs = by_the_library(case(), how, 400, keep, selection)
    assert np.array_equal(one.details["coefficient"] != 0, theirs != 0)
    assert np.abs(one.details["coefficient"] - theirs).max() < 1e-9
    difference = reference_difference(case(), one, draws=400, num_features=keep, selection=selection, **how)  # type: ignore[arg-type]
    assert difference.shape == (6,)
    assert difference.max() < 1e-9


@pytest.mark.parametrize("how", [{}, {"discretize_continuous": False}, {"discretizer": "decile"}])
@pytest.mark.parametrize("keep", [D, 4])
def test_the_library_s_own_samples_give_its_explanation(how: dict[str, Any], keep: int) -> None:
    from lime.lime_tabular import LimeTabularExplainer

    explainer = LimeTabularExplainer(data(), mode="classification", random_state=0, **how)
    kept: list[tuple[Any, ...]] = []
    inner = explainer.base.explain_instance_with_data
    explainer.base.explain_instance_with_data = lambda *given, **named: kept.append(given) or inner(*given, **named)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        told = explainer.explain_instance(data()[5], bent, labels=(0, 1), num_features=keep, num_samples=500)
    samples, outputs, distances = kept[0][:3]
    weights = exponential_kernel(distances**2, np.sqrt(D) * 0.75)
    fit = local_fit(samples.T.astype(float), outputs, weights, keep=keep, selection="auto")
    for output in (0, 1):
        for unit, coefficient in told.local_exp[output]:
            assert fit.coefficients[unit, output] == pytest.approx(coefficient, abs=1e-9)
        assert (fit.coefficients[:, output] != 0).sum() == len(told.local_exp[output])
        assert fit.intercept[output] == pytest.approx(told.intercept[output], abs=1e-9)
    assert fit.r2[1] == pytest.approx(told.score, abs=1e-9)
    assert fit.prediction[1] == pytest.approx(told.local_pred[0], abs=1e-9)


@pytest.mark.parametrize("discretizer", ["quartile", "decile", "entropy"])
def test_bins_are_the_library_s(discretizer: Any) -> None:
    from lime.lime_tabular import LimeTabularExplainer

    y = (data()[:, 0] + data()[:, 4] > 1.5).astype(int)
    subject = from_function(
        lambda x: (x[:, 0] > 0).astype(float), data(), y, task="binary", output="probabilities", train=(data(), y)
    )
    assert subject.test.rows is not None
    one = Case(
        calls=Calls(subject),
        rows=subject.test.rows,
        ids=subject.test.id,
        background=subject.test.rows,
        targets=np.zeros(len(y), dtype=np.int64),
    )
    sampler = TableSampler(one, discretizer, "training")
    explainer = LimeTabularExplainer(data(), training_labels=y, discretizer=discretizer, random_state=0)
    theirs = explainer.discretizer.discretize(data()).astype(int)
    assert isinstance(one.rows, Table)
    for place, unit in enumerate(sampler.units):
        assert np.array_equal(unit.code(one.rows), theirs[:, place])
        shares = np.diff(unit.starts)[:-1] / sampler.size  # the last bin is of missing values
        assert shares == pytest.approx(explainer.feature_frequencies[place], abs=2 / sampler.size)
        assert np.diff(unit.starts)[-1] == 0


def draws_of_ours(one: Case, how: dict[str, Any], row: int, draws: int) -> np.ndarray:
    """Model inputs of one row's samples, as the model got them."""
    got: list[np.ndarray] = []
    forward = one.calls.forward
    one.calls.forward = lambda inputs: got.append(np.array(inputs)) or forward(inputs)  # type: ignore[method-assign,func-returns-value]
    lime(one.take(np.array([row])), draws=draws, **how)
    return got[0]


@pytest.mark.parametrize(
    ("how", "theirs"),
    [
        ({"discretizer": "quartile"}, {}),
        ({"discretizer": "none"}, {"discretize_continuous": False}),
        ({"discretizer": "none", "center": "row"}, {"discretize_continuous": False, "sample_around_instance": True}),
    ],
)
def test_samples_have_the_library_s_distribution(how: dict[str, Any], theirs: dict[str, Any]) -> None:
    from lime.lime_tabular import LimeTabularExplainer

    m = 20_000
    explainer = LimeTabularExplainer(data(), random_state=1, **theirs)
    _, expected = explainer._LimeTabularExplainer__data_inverse(data()[2], m)
    ours = draws_of_ours(case(), how, 2, m)
    assert ours.shape == expected.shape
    assert ours[0] == pytest.approx(data()[2])
    for column in range(D):
        assert stats.ks_2samp(ours[1:, column], expected[1:, column]).pvalue > 1e-4
    correlation = np.corrcoef(ours[1:], rowvar=False)[np.triu_indices(D, 1)]
    assert np.abs(correlation).max() < 0.035


def test_binary_coordinates_say_which_samples_are_as_the_row() -> None:
    from lime.discretize import QuartileDiscretizer

    one = case()
    (near,) = list(table_neighborhoods(one.take(np.array([4])), 3000, "per_row", "quartile", "training", None))
    inputs = draws_of_ours(case(), {"discretizer": "quartile"}, 4, 3000)
    bins = QuartileDiscretizer(data(), [], [str(i) for i in range(D)])
    same = bins.discretize(inputs) == bins.discretize(inputs[:1])
    assert np.array_equal(near.x.T, same.astype(float))
    assert np.array_equal(near.weights, exponential_kernel((~same).sum(axis=1).astype(float), np.sqrt(D) * 0.75))
    assert near.y == pytest.approx(bent(inputs))


def test_the_two_engines_differ_by_noise() -> None:
    """Over all coefficients of six rows, the difference from the library's own run is as large as the errors say."""
    for how in ({"discretizer": "none"}, {"discretizer": "quartile"}):
        fast, library = (lime(case(), draws=4000, engine=engine, **how) for engine in ("fast", "reference"))
        assert fast.error is not None
        assert library.error is None
        z = (fast.values - library.values) / (np.sqrt(2) * fast.error)
        assert 0.7 < np.sqrt((z**2).mean()) < 1.35
        assert library.details["r2"] == pytest.approx(fast.details["r2"], abs=0.08)
        assert library.output == pytest.approx(fast.output)


def test_a_linear_model_gets_its_shapley_values() -> None:
    """Numbers left whole: coefficient x distance from the training mean is the Shapley value of a linear model, to the
    pull of the penalty."""
    slope = np.array([1.0, -2.0, 0.5, 0.0, 3.0, 0.0, -1.0])
    one = lime(case(lambda x: np.asarray(x) @ slope), draws=5000)
    expected = (data()[:6] - data().mean(axis=0)) * slope
    assert one.values[:, :, 0] == pytest.approx(expected, abs=0.01)
    assert (one.details["r2"] > 0.999).all()
    assert one.details["prediction"][:, 0] == pytest.approx(one.output[:, 0], abs=0.02)
    assert np.abs(one.values[:, [3, 5]]).max() < 1e-3


@every_setting
def test_a_row_s_draws_depend_on_its_id_alone(how: dict[str, Any]) -> None:
    whole, again, other = lime(case(), draws=200, **how), lime(case(), draws=200, **how), case(seed=4)
    part = lime(case().take(np.array([4, 1])), draws=200, **how)
    assert np.array_equal(whole.values, again.values)
    assert part.values == pytest.approx(whole.values[[4, 1]], rel=1e-9, abs=1e-12)
    assert not np.allclose(lime(other, draws=200, **how).values, whole.values)


def test_shared_samples_ask_the_model_once_and_say_so() -> None:
    one = case()
    before = one.calls.bill.rows_forward
    shared = lime(one, draws=500, samples="shared", discretizer="quartile")
    assert one.calls.bill.rows_forward - before == 500 + 6
    before = one.calls.bill.rows_forward
    per_row = lime(one, draws=500, discretizer="quartile")
    assert one.calls.bill.rows_forward - before == 6 * 500
    assert any("same draws" in note for note in shared.notes)
    assert not any("same draws" in note for note in per_row.notes)
    assert shared.facts["samples"] == "shared"


def test_shared_errors_go_together_and_per_row_ones_do_not() -> None:
    """Over 60 seeds, with one and the same row under two ids."""
    twice = np.repeat(data()[:1], 2, axis=0)
    apart = {}
    for samples in ("shared", "per_row"):
        told = np.array(
            [
                lime(case_of(bent, twice, data(), seed=seed), draws=100, samples=samples).values[:, :, 0]
                for seed in range(60)
            ]
        )
        apart[samples] = np.corrcoef(told[:, 0, 1], told[:, 1, 1])[0, 1]
    assert apart["shared"] > 0.999
    assert abs(apart["per_row"]) < 0.45


@pytest.mark.parametrize("holes", [False, True])
@every_setting
def test_frames_of_mixed_kinds(holes: bool, how: dict[str, Any]) -> None:
    one = frame_case(holes)
    result = lime(one, draws=300, **how)
    assert result.units == ("income", "visits", "city", "member", "score")
    assert result.values.shape == (8, 5, 2)
    for array in (result.values, result.error, *result.details.values()):
        assert array is not None
        assert np.isfinite(array).all()
    assert result.values[:, :, 0] == pytest.approx(-result.values[:, :, 1], abs=1e-9)  # probabilities of two classes
    assert reference_difference(one, result, draws=300, **how).max() < 1e-9
    assert np.abs(result.values[:, 4]).mean() < np.abs(result.values[:, 0]).mean()


def test_draws_of_a_frame_are_values_that_the_model_may_meet() -> None:
    one, seen = frame_case(holes=True), []
    inner = one.calls.model.forward
    one.calls.model.forward = lambda frame: seen.append(frame.copy()) or inner(frame)  # type: ignore[method-assign,func-returns-value]
    lime(one, draws=4000, discretizer="quartile")
    frame, training = pd.concat(seen), mixed(holes=True)
    assert set(frame["city"].dropna()) == set("abcd")
    assert frame["city"].isna().mean() == pytest.approx(training["city"].isna().mean(), abs=0.01)
    assert frame["income"].isna().mean() == pytest.approx(training["income"].isna().mean(), abs=0.02)
    assert (frame["visits"] == np.rint(frame["visits"])).all()
    assert frame["income"].min() >= training["income"].min()
    assert frame["income"].max() <= training["income"].max()
    assert frame["member"].mean() == pytest.approx(training["member"].mean(), abs=0.02)


def test_encoded_blocks_are_looked_up_as_they_would_be_encoded() -> None:
    """A one-hot encoder: the inputs gathered from encoded levels are those of the rows that the levels stand for."""
    frame = mixed()

    def encode(rows: pd.DataFrame) -> np.ndarray:
        block = np.stack([(rows["city"] == name).to_numpy() for name in "abcd"], axis=1)
        numbers = rows[["income", "visits", "member", "score"]].to_numpy(dtype=float)
        return np.hstack([numbers[:, :2], block, numbers[:, 2:]]).astype(np.float32)

    weight = np.array([0.5, -0.2, 1.0, -1.0, 0.3, 0.0, 2.0, 0.1])
    subject = from_function(
        lambda x: np.asarray(x) @ weight, frame, np.zeros(len(frame)), task="regression", output="values",
        encode=encode, train=(frame, np.zeros(len(frame))),
    )  # fmt: skip
    rows = subject.test.rows
    assert isinstance(rows, Table)
    one = Case(
        calls=Calls(subject), rows=rows.take(np.arange(3)), ids=subject.test.id[:3], background=rows,
        targets=np.zeros(3, dtype=np.int64),
    )  # fmt: skip
    assert one.input_units is not None
    for how in ("none", "quartile"):
        sampler = TableSampler(one, how, "training")
        levels = np.stack(
            [tabular.draw_levels(one.rng("lime", row), (5, 50), sampler.size) for row in range(3)], axis=1
        )
        gathered = sampler._gathered(levels, np.arange(3))
        drawn = sampler._drawn(levels, np.arange(3))
        assert np.array_equal(gathered, np.asarray(drawn))
    result = lime(one, draws=4000)
    city = dict(zip("abcd", weight[2:6], strict=True))
    share = frame["city"].value_counts(normalize=True)
    for row in range(3):
        own = frame["city"][row]
        others = sum(share[name] * city[name] for name in "abcd" if name != own) / (1 - share[own])
        assert result.values[row, result.units.index("city"), 0] == pytest.approx(city[own] - others, abs=0.05)


def test_features_of_one_unit_are_drawn_together() -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"x": rng.normal(size=400), "east": rng.integers(0, 2, 400)})
    frame["west"] = 1 - frame["east"]
    seen: list[np.ndarray] = []

    def model(rows: Any) -> np.ndarray:
        rows = np.asarray(rows, dtype=float)
        seen.append(rows)
        return rows[:, 0] + 3 * rows[:, 1]

    features = {"east": {"unit": "place"}, "west": {"unit": "place"}}
    subject = from_function(
        model, frame, np.zeros(400), task="regression", output="values", features=features,
        train=(frame, np.zeros(400)),
    )  # fmt: skip
    rows = subject.test.rows
    assert rows is not None
    one = Case(
        calls=Calls(subject), rows=rows.take(np.arange(4)), ids=subject.test.id[:4], background=rows,
        targets=np.zeros(4, dtype=np.int64),
    )  # fmt: skip
    seen.clear()
    result = lime(one, draws=2000)
    assert result.units == ("x", "place")
    assert (np.concatenate(seen)[:, 1] + np.concatenate(seen)[:, 2] == 1).all()
    expected = np.where(frame["east"][:4] == 1, 3.0, -3.0)
    assert result.values[:, 1, 0] == pytest.approx(expected, abs=0.05)
    with pytest.raises(NotApplicable, match="units of several features"):
        lime(one, draws=100, engine="reference")


@every_setting
def test_a_model_that_ignores_its_inputs(how: dict[str, Any]) -> None:
    one = lime(case(lambda x: np.full(len(x), 0.1 + 0.2)), draws=100, **how)
    assert np.array_equal(one.values, np.zeros((6, D, 1)))
    assert one.error is not None
    assert not one.error.any()
    assert (one.details["r2"] == 1.0).all()
    assert reference_difference(case(lambda x: np.full(len(x), 0.3)), one, draws=100, **how).max() == 0.0


@every_setting
def test_constant_and_repeated_columns_and_one_background_row(how: dict[str, Any]) -> None:
    X = np.column_stack([data()[:, :2], np.full(600, 7.0), data()[:, 0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one = lime(lambda x: np.asarray(x)[:, 0] * x[:, 2] / 7 + x[:, 3], X[:3], X, draws=400, **how)
        alone = lime(lambda x: np.asarray(x)[:, 0], X[:3], X[:1], draws=100, **how)
    assert one.values[:, 2, 0] == pytest.approx(np.zeros(3), abs=1e-9)
    for result in (one, alone):
        assert result.error is not None
        assert np.isfinite(result.values).all()
        assert np.isfinite(result.error).all()


def test_a_constant_is_asked_for_as_it_is() -> None:
    X = np.column_stack([data()[:, 0], np.full(600, 7.0)])
    for how in SETTINGS:
        seen: list[np.ndarray] = []

        def model(x: Any, seen: list[np.ndarray] = seen) -> np.ndarray:
            seen.append(np.asarray(x).copy())
            return np.asarray(x)[:, 0]

        lime(model, X[:2], X, draws=50, **how)
        assert (np.concatenate(seen)[:, 1] == 7.0).all()


def test_what_does_not_go_together_is_told() -> None:
    for how, words in (
        ({"discretizer": "quartile", "center": "row"}, "discretizer=none"),
        ({"center": "row", "samples": "shared"}, "samples=per_row"),
        ({"engine": "reference", "samples": "shared"}, "per_row"),
        ({"draws": 2}, "10 or more"),
    ):
        with pytest.raises(SettingsError, match=words):
            lime(case(), **{"draws": 100, **how})
    with pytest.raises(NotApplicable, match="at least two classes"):
        lime(case(), draws=100, discretizer="entropy")
    with pytest.raises(NotApplicable, match="missing values"):
        lime(frame_case(holes=True), draws=100, engine="reference")


def test_facts_and_declaration() -> None:
    one = lime(case(), draws=100, num_features=3)
    assert one.facts == {
        "engine": "fast", "draws": 100, "samples": "per_row", "kernel_width": round(np.sqrt(D) * 0.75, 6),
        "features": 3, "selection": "auto", "discretizer": "none", "center": "training", "training_rows": 600,
        "explained": "logits",
    }  # fmt: skip
    assert isinstance(one, Attribution)
    assert METHODS["lime"].kind == "local_model"
    assert METHODS["lime"].drawn
    assert not METHODS["lime"].additive


@pytest.mark.slow
@every_setting
def test_errors_are_the_spread_over_seeds(how: dict[str, Any]) -> None:
    told, errors = [], []
    for seed in range(200):
        one = lime(case(n=3, seed=seed), draws=400, **how)
        told.append(one.values)
        errors.append(one.error)
    spread = np.std(told, axis=0, ddof=1)
    ratio = np.mean(np.array(errors), axis=0) / spread
    assert ratio.mean() == pytest.approx(1.0, abs=0.06)
    assert ratio.min() > 0.75
    assert ratio.max() < 1.3

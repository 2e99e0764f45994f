"""Games of tables against their slow twin, closed forms and the bill."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditnn.core.errors import BudgetSpent
from auditnn.core.rows import Table
from auditnn.kernels.coalitions import all_coalitions, shapley_from_all
from auditnn.methods.attribution import exact_shapley
from auditnn.methods.case import Case
from auditnn.methods.games.tabular import InputGames, RowGames
from auditnn.methods.plain import case_of
from auditnn.subjects.build import from_function
from auditnn.subjects.calls import Calls

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracles"))
from plain_games import plain_table_game

FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def smooth(x: np.ndarray) -> np.ndarray:
    """Two outputs that mix all columns, the same for a row whatever stands beside it."""
    weights = np.linspace(-1, 2, x.shape[1])
    z = (x * weights).sum(axis=1)
    return np.stack([np.tanh(z) + x[:, 0] * x[:, -1], z**2], axis=1)


def drawn(seed: int, n: int, b: int, p: int, dtype: Any = np.float64) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, p)).astype(dtype), rng.normal(size=(b, p)).astype(dtype)


def units_of(seed: int, p: int) -> dict[str, tuple[int, ...]]:
    """The columns shared out at random over at most p units."""
    rng = np.random.default_rng(seed)
    owner = np.unique(rng.integers(0, p, p), return_inverse=True)[1]
    return {f"u{unit}": tuple(np.flatnonzero(owner == unit).tolist()) for unit in range(owner.max() + 1)}


@st.composite
def games(draw: st.DrawFn) -> tuple[Case, np.random.Generator]:
    seed, p = draw(st.integers(0, 10**6)), draw(st.integers(1, 7))
    dtype = draw(st.sampled_from([np.float32, np.float64, np.int64, np.int8]))
    rows, background = drawn(seed, draw(st.integers(1, 4)), draw(st.integers(1, 6)), p)
    case = case_of(smooth, (3 * rows).astype(dtype), (3 * background).astype(dtype))
    case = replace(case, units=units_of(seed, p) if draw(st.booleans()) else None)
    case.calls.batch_rows = draw(st.sampled_from([1, 7, 64, 4096]))
    return case, np.random.default_rng(seed)


def requests_of(case: Case, rng: np.random.Generator) -> list[tuple[int, np.ndarray]]:
    sizes = rng.integers(0, 9, size=2 * len(case))
    return [(i % len(case), rng.random((m, len(case.games.units(0)))) < 0.5) for i, m in enumerate(sizes)]


@FEW
@given(games())
def test_values_are_those_of_the_slow_twin_and_the_bill_counts_each_row(
    drawn: tuple[Case, np.random.Generator],
) -> None:
    case, rng = drawn
    assert isinstance(case.games, InputGames)
    for row in range(len(case)):
        masks = rng.random((5, len(case.games.units(row)))) < 0.5
        before = case.calls.bill.rows_forward
        found = case.games.evaluate(row, masks)
        assert case.calls.bill.rows_forward - before == 5 * len(case.background)
        units = case.input_units
        assert units is not None
        expected = plain_table_game(smooth, case.inputs[row], case.background_inputs, units, masks)
        assert found == pytest.approx(expected, rel=1e-5 if case.inputs.dtype == np.float32 else 1e-12, abs=1e-6)


@FEW
@given(games())
def test_requests_packed_together_are_what_they_are_alone(drawn: tuple[Case, np.random.Generator]) -> None:
    case, rng = drawn
    requests = requests_of(case, rng)
    for (row, masks), found in zip(requests, case.games.evaluate_all(requests), strict=True):
        assert found.shape == (len(masks), 2)
        assert np.allclose(found, case.games.evaluate(row, masks), rtol=1e-12, atol=1e-12)


@FEW
@given(games())
def test_the_ends_are_plain_calls_of_the_model(drawn: tuple[Case, np.random.Generator]) -> None:
    case, _ = drawn
    before = case.calls.bill.rows_forward
    base, full = case.games.ends()
    assert case.calls.bill.rows_forward - before == len(case) + len(case.background)
    d = len(case.games.units(0))
    for row in range(len(case)):
        both = case.games.evaluate(row, np.array([[False] * d, [True] * d]))
        assert both == pytest.approx(np.stack([base[row], full[row]]), rel=1e-6, abs=1e-6)
    exact = case.background_inputs.dtype != np.float32
    close = 1e-12 if exact else 1e-5
    assert full == pytest.approx(smooth(case.inputs), rel=close, abs=close)
    assert base[0] == pytest.approx(smooth(case.background_inputs).mean(axis=0), rel=close, abs=close)


@FEW
@given(st.integers(0, 10**6), st.integers(2, 6))
def test_a_unit_that_the_model_ignores_changes_nothing(seed: int, p: int) -> None:
    rng = np.random.default_rng(seed)
    ignored = int(rng.integers(p))
    rows, background = drawn(seed, 2, 5, p)
    case = case_of(lambda x: smooth(np.delete(x, ignored, axis=1)), rows, background)
    masks = rng.random((8, p)) < 0.5
    hidden = masks.copy()
    hidden[:, ignored] = ~hidden[:, ignored]
    assert np.array_equal(case.games.evaluate(1, masks), case.games.evaluate(1, hidden))


def test_missing_and_signed_values_reach_the_model_as_they_are() -> None:
    seen = []

    def watch(x: np.ndarray) -> np.ndarray:
        seen.append(x.copy())
        return np.zeros(len(x))

    rows = np.array([[np.nan, -0.0, 1e300]])
    case = case_of(watch, rows, np.array([[1.0, 2.0, np.nan]]))
    seen.clear()
    case.games.evaluate(0, np.array([[True, True, True], [False, False, False], [True, False, True]]))
    expected = np.array([[np.nan, -0.0, 1e300], [1.0, 2.0, np.nan], [np.nan, 2.0, 1e300]])
    assert seen[0].tobytes() == expected.tobytes()


def test_a_model_that_writes_into_its_inputs_changes_no_value() -> None:
    def careless(x: np.ndarray) -> np.ndarray:
        total = x.sum(axis=1)
        x[:] = 99.0
        return total

    rows, background = drawn(3, 3, 4, 3)
    case = case_of(careless, rows.copy(), background.copy())
    masks = np.array([[True, False, True]])
    for _ in range(2):
        base, full = case.games.ends()
        assert base[:, 0] == pytest.approx(np.full(3, background.sum(axis=1).mean()))
        assert full[:, 0] == pytest.approx(rows.sum(axis=1))
        expected = rows[1, [0, 2]].sum() + background[:, 1].mean()
        assert case.games.evaluate(1, masks)[0, 0] == pytest.approx(expected)


def test_a_column_without_an_owner_is_never_hidden() -> None:
    rows, background = drawn(5, 2, 6, 3)
    case = replace(case_of(smooth, rows, background), units={"first": (0,)})
    base, full = case.games.ends()
    for row in range(2):
        filled = np.concatenate([background[:, :1], np.repeat(rows[row : row + 1, 1:], 6, axis=0)], axis=1)
        assert base[row] == pytest.approx(smooth(filled).mean(axis=0))
    assert full == pytest.approx(smooth(rows))


def test_the_budget_ends_a_game() -> None:
    rows, background = drawn(7, 1, 10, 3)
    case = case_of(smooth, rows, background)
    case.calls.deadline = time.monotonic() - 1
    with pytest.raises(BudgetSpent):
        case.games.evaluate(0, np.ones((2, 3), dtype=bool))
    with pytest.raises(BudgetSpent):
        case.games.ends()


def test_more_background_rows_than_a_batch_are_cut_into_batches() -> None:
    rows, background = drawn(9, 1, 50, 3)
    case = case_of(smooth, rows, background)
    case.calls.batch_rows = 8
    masks = np.random.default_rng(0).random((3, 3)) < 0.5
    assert case.input_units is not None
    expected = plain_table_game(smooth, rows[0], background, case.input_units, masks)
    assert case.games.evaluate(0, masks) == pytest.approx(expected, rel=1e-12)


def test_a_network_of_floats_has_the_values_of_the_slow_twin() -> None:
    torch.manual_seed(0)
    for dtype, close in ((torch.float32, 1e-5), (torch.float64, 1e-12)):
        network = torch.nn.Sequential(torch.nn.Linear(5, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3)).to(dtype)
        rows, background = drawn(11, 3, 20, 5)
        case = case_of(network, rows, background)
        masks = np.random.default_rng(1).random((30, 5)) < 0.5

        def plain(x: np.ndarray, network: Any = network, dtype: Any = dtype) -> np.ndarray:
            with torch.no_grad():
                return np.asarray(network(torch.as_tensor(x, dtype=dtype)))

        assert case.input_units is not None
        for row in range(3):
            expected = plain_table_game(plain, case.inputs[row], case.background_inputs, case.input_units, masks)
            assert case.games.evaluate(row, masks) == pytest.approx(expected, abs=close)


def frame(n: int, seed: int) -> pd.DataFrame:
    """Every kind of column, each with missing values where its type has them."""
    rng = np.random.default_rng(seed)
    sizes = np.array([1.5, -2.0, np.nan])[rng.integers(0, 3, n)]
    return pd.DataFrame(
        {
            "size": sizes,
            "count": rng.integers(0, 5, n),
            "maybe": pd.array(rng.integers(0, 3, n), dtype="Int64"),
            "flag": rng.random(n) < 0.5,
            "city": np.array(["a", "b", None], dtype=object)[rng.integers(0, 3, n)],
            "grade": pd.Categorical.from_codes(rng.integers(-1, 3, n), ["x", "y", "z"], ordered=True),
        }
    )


def scored(data: pd.DataFrame) -> np.ndarray:
    """One number for each row, from every column and some of their products."""
    city = data["city"].map({"a": 1.0, "b": -2.0}).fillna(0.5).to_numpy(dtype=float)
    grade = data["grade"].cat.codes.to_numpy(dtype=float)
    size = data["size"].fillna(7.0).to_numpy()
    maybe = data["maybe"].astype("float64").fillna(-1).to_numpy()
    return size * city + grade * data["flag"].to_numpy() + maybe * data["count"].to_numpy() + grade


def test_frames_keep_every_kind_and_every_missing_value() -> None:
    rows, background = frame(4, 0), frame(7, 1)
    case = case_of(scored, rows, background)
    assert isinstance(case.games, RowGames)
    assert case.games.units(0) == tuple(rows.columns)
    masks = np.random.default_rng(2).random((12, 6)) < 0.5
    requests = [(row, masks) for row in range(4)]
    for (row, _), found in zip(requests, case.games.evaluate_all(requests), strict=True):
        for mask, value in zip(masks, found[:, 0], strict=True):
            filled = background.copy()
            for shown, name in zip(mask, rows.columns, strict=True):
                if shown:
                    filled[name] = pd.Series([rows[name].iloc[row]] * 7).astype(rows[name].dtype)
            assert value == pytest.approx(scored(filled).mean(), rel=1e-12)
    base, full = case.games.ends()
    assert full[:, 0] == pytest.approx(scored(rows))
    assert base[:, 0] == pytest.approx(np.full(4, scored(background).mean()))
    dtypes: list[Any] = []
    case = case_of(lambda data: dtypes.append(data.dtypes.astype(str).tolist()) or scored(data), rows, background)
    case.games.evaluate(0, masks)
    assert dtypes[-1] == rows.dtypes.astype(str).tolist()


def test_games_of_inputs_and_of_rows_agree() -> None:
    """A one-hot encoder whose columns have owners, once hidden behind its inputs and once behind its rows."""
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"age": rng.normal(size=40), "city": rng.choice(["a", "b", "c"], 40), "pay": rng.random(40)})

    def encode(some: pd.DataFrame) -> Any:
        cities = np.stack([(some["city"] == name).to_numpy(dtype=float) for name in "abc"], axis=1)
        array = np.column_stack([some["age"], cities, some["pay"]])
        return array, {"age": [0], "city": [1, 2, 3], "pay": [4]}

    subject = from_function(smooth, data, rng.integers(0, 2, 40), task="binary", encode=encode)
    calls, test = Calls(subject), subject.test.rows
    assert isinstance(test, Table)
    assert calls.encoder.units == {"age": (0,), "city": (1, 2, 3), "pay": (4,)}
    case = case_of(subject, [0, 1, 2], np.arange(10, 20))
    by_rows = RowGames(calls, test.between(0, 3), test.between(10, 20), {"age": (0,), "city": (1,), "pay": (2,)})
    assert isinstance(case.games, InputGames)
    masks = rng.random((20, 3)) < 0.5
    requests = [(row, masks) for row in (2, 0, 1)]
    for one, other in zip(case.games.evaluate_all(requests), by_rows.evaluate_all(requests), strict=True):
        assert one == pytest.approx(other, rel=1e-12)
    for one, other in zip(case.games.ends(), by_rows.ends(), strict=True):
        assert one == pytest.approx(other, rel=1e-12)
    by_hand = shapley_from_all(by_rows.evaluate(1, all_coalitions(3)))
    assert exact_shapley(case).values[1] == pytest.approx(by_hand, rel=1e-12)


def test_a_feature_of_a_frame_without_an_owner_is_never_hidden() -> None:
    rows, background = frame(2, 5), frame(3, 6)
    case = replace(case_of(scored, rows, background), units={"size": (0,), "city": (4,)})
    base, full = case.games.ends()
    assert full[:, 0] == pytest.approx(scored(rows))
    kept = pd.concat([rows.iloc[[1]]] * 3, ignore_index=True)
    kept[["size", "city"]] = background[["size", "city"]]
    assert base[1, 0] == pytest.approx(scored(kept).mean())

"""Rows: what every modality can do, for tables and images against plain arrays."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from auditnn.core.rows import Feature, Images, Rows, Table

CITY = Feature(name="city", kind="categorical", categories=("a", "b"))
TABLE = Table(
    features=(Feature(name="age", kind="numeric"), CITY),
    columns={"age": np.array([1.0, np.nan, 3.0]), "city": np.array([0, 1, -1], dtype=np.int32)},
    length=3,
)
IMAGES = Images(pixels=np.arange(24, dtype=np.float32).reshape(3, 2, 2, 2) / 24)


def digest(rows: Rows) -> str:
    state = hashlib.sha256()
    rows.update_digest(state)
    return state.hexdigest()


@pytest.mark.parametrize("rows", [TABLE, IMAGES], ids=["table", "images"])
def test_consecutive_rows_are_those_taken_by_position(rows: Table | Images) -> None:
    assert digest(rows.between(1, 3)) == digest(rows.take(np.array([1, 2]))) != digest(rows)
    assert list(rows.between(1, 3).contents()) == list(rows.contents())[1:]


def test_the_size_of_a_row_is_that_of_its_numbers() -> None:
    assert (TABLE.row_bytes, IMAGES.row_bytes) == (2 * 4, 8 * 4)
    assert (TABLE.modality, IMAGES.modality) == ("tabular", "image")
    assert TABLE.described() == "2 features (age, city)"
    assert IMAGES.described() == "images of shape (2, 2, 2)"


def test_stored_arrays_hold_the_users_values_and_leave_redacted_columns_out() -> None:
    stored = {key: (dims, values) for key, dims, values in TABLE.stored_arrays(())}
    assert list(stored) == ["feature/age", "feature/city"]
    assert stored["feature/city"][1].tolist() == ["a", "b", None]
    assert [key for key, _, _ in TABLE.stored_arrays(["age"])] == ["feature/city"]
    [(key, dims, pixels)] = IMAGES.stored_arrays(())
    assert (key, dims) == ("pixels", ("row", "channel", "height", "width"))
    assert pixels is IMAGES.pixels


def test_contents_do_not_tell_zeros_or_gaps_apart() -> None:
    def age(*values: float) -> list[bytes]:
        table = Table(features=(TABLE.features[0],), columns={"age": np.array(values)}, length=len(values))
        return [bytes(row) for row in table.contents()]

    zero, negative, gap, other = age(0.0, -0.0, np.nan, -np.nan)
    assert zero == negative
    assert gap == other != zero
    assert list(Table(features=(), columns={}, length=2).contents()) == [memoryview(b"")] * 2


def test_digests_change_with_values_and_with_what_codes_mean() -> None:
    other = Table(
        features=(TABLE.features[0], Feature(name="city", kind="categorical", categories=("a", "c"))),
        columns=TABLE.columns, length=3,
    )  # fmt: skip
    assert digest(other) != digest(TABLE)
    assert digest(Images(pixels=IMAGES.pixels.reshape(3, 1, 2, 4))) != digest(IMAGES)

"""How a data set is split into training and test rows, and how tables and weights reach a sample's folder."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


def split(rows: int, test_rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the training rows and of the test rows, drawn without replacement, each in ascending order."""
    order = np.random.default_rng(seed).permutation(rows)
    return np.sort(order[test_rows:]), np.sort(order[:test_rows])


def write_table(frame: pd.DataFrame, file: Path) -> None:
    """A parquet file without pandas' own metadata, so that the same rows give the same bytes."""
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    pyarrow.parquet.write_table(table, file, compression="zstd", compression_level=9)


def training_facts(seed: int, **settings: Any) -> dict[str, Any]:
    """The [training] table of a card: the settings, and what must be the same for a rebuild to give the same bits."""
    return {
        "seed": seed,
        **settings,
        "optimizer": "AdamW, cosine rate, one thread, float64",
        "torch": importlib.metadata.version("torch").split("+")[0],
        "rebuild": "same bits with the same torch on the same kind of CPU; elsewhere weights within 1e-4",
    }

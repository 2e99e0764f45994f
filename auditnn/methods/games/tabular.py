"""Games of table rows: a hidden unit takes its values from background rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from auditnn.core.rows import Table
from auditnn.methods.games.game import Games, Piece
from auditnn.subjects import outputs
from auditnn.subjects.calls import Calls

Units = Mapping[str, tuple[int, ...]]


class InputGames(Games):
    """Games in the space of the model's inputs, where every unit owns its input columns alone.

    `inputs` (n, p) of the rows, `background` (b, p), `units` the columns of each unit.
    """

    def __init__(self, calls: Calls, inputs: np.ndarray, background: np.ndarray, units: Units) -> None:
        super().__init__(calls, len(background))
        self.rows, self.background = inputs, background.astype(inputs.dtype, copy=False)
        self._names = tuple(units)
        self.owner = np.empty(inputs.shape[1], dtype=np.intp)
        for unit, columns in enumerate(units.values()):
            self.owner[list(columns)] = unit

    def __len__(self) -> int:
        return len(self.rows)

    def units(self, row: int) -> tuple[str, ...]:
        return self._names

    def inputs(self, pieces: Sequence[Piece]) -> np.ndarray:
        m = sum(len(masks) for _, masks in pieces)
        block = np.empty((self.copies, m, self.rows.shape[1]), dtype=self.rows.dtype)
        done = 0
        for row, masks in pieces:
            part = block[:, done : done + len(masks)]
            part[:] = np.where(masks[:, self.owner], self.rows[row], self.background[:, None])
            done += len(masks)
        return block.reshape(-1, self.rows.shape[1])

    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """As for all games, for n + b model rows: everything hidden is the background, whatever the row."""
        subject = self.calls.subject
        base = outputs.explained(self.calls.forward(self.background).mean(axis=0, keepdims=True), subject)
        full = outputs.explained(self.calls.forward(self.rows), subject)
        return np.repeat(base, len(full), axis=0), full


class RowGames(Games):
    """Games in the space of rows, each coalition encoded anew: for data frames, and encoders that mix features.

    `units` are the positions of each unit's features in the table.
    """

    def __init__(self, calls: Calls, rows: Table, background: Table, units: Units) -> None:
        super().__init__(calls, len(background))
        self.rows, self.background = rows, background
        self._units = dict(units)

    def __len__(self) -> int:
        return len(self.rows)

    def units(self, row: int) -> tuple[str, ...]:
        return tuple(self._units)

    def inputs(self, pieces: Sequence[Piece]) -> object:
        present = np.concatenate([masks for _, masks in pieces])
        row = np.repeat([row for row, _ in pieces], [len(masks) for _, masks in pieces])
        features = self.rows.features
        columns = {}
        for unit, positions in enumerate(self._units.values()):
            for position in positions:
                name = features[position].name
                own, other = self.rows.columns[name][row], self.background.columns[name]
                columns[name] = np.where(present[:, unit], own, other[:, None]).reshape(-1)
        ordered = {feature.name: columns[feature.name] for feature in features}
        return self.calls.encoder(Table(features=features, columns=ordered, length=self.copies * len(present)))

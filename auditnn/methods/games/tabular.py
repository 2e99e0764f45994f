"""Games of table rows: a hidden unit takes its values from background rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from auditnn.core.rows import Table
from auditnn.methods.games.game import Games, Piece
from auditnn.methods.games.select import Selector
from auditnn.subjects import outputs
from auditnn.subjects.calls import ENCODED_ROWS, Calls
from auditnn.subjects.encoding import MatrixEncoder

Units = Mapping[str, tuple[int, ...]]
BLOCK_BYTES, FEWEST_ROWS = 2**20, 512


class InputGames(Games):
    """Games in the space of the model's inputs, where every unit owns its input columns alone.

    `inputs` (n, p) of the rows, `background` (b, p), `units` the columns of each unit. A column that no unit owns is
    never hidden. A block has as many rows as hold 1 MiB of inputs, at least 512, at most a batch: large enough for the
    model to work at full speed, small enough to be in cache when it reads it.
    """

    def __init__(self, calls: Calls, inputs: np.ndarray, background: np.ndarray, units: Units) -> None:
        kind = np.result_type(inputs, background)
        p = inputs.shape[1]
        fit = max(FEWEST_ROWS, BLOCK_BYTES // max(1, p * kind.itemsize))
        super().__init__(calls, len(background), min(calls.batch_rows, fit))
        self.rows = np.ascontiguousarray(inputs, dtype=kind)
        self.background = np.ascontiguousarray(background, dtype=kind)
        self._names = tuple(units)
        owner = np.full(p, -1, dtype=np.intp)
        for unit, columns in enumerate(units.values()):
            owner[list(columns)] = unit
        self.owner = owner
        self._free = np.flatnonzero(owner < 0)
        self._one_to_one = np.array_equal(owner, np.arange(len(units)))
        self._selector = Selector(kind)
        self._tiled = np.empty((len(background), 0, p), dtype=kind)

    def __len__(self) -> int:
        return len(self.rows)

    def units(self, row: int) -> tuple[str, ...]:
        return self._names

    def inputs(self, pieces: Sequence[Piece]) -> np.ndarray:
        shown, own = self._shown([masks for _, masks in pieces]), self._own(pieces)
        m, p = shown.shape
        if m > self._tiled.shape[1]:
            self._tiled = np.repeat(self.background[:, None], m, axis=1)
        block = self._selector.block((self.copies, m, p))
        self._selector.select(shown, own, self._tiled[:, :m], block)
        return block.reshape(-1, p)

    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """As for all games, but for n + b model rows where every column is owned: everything hidden is then the
        background, whatever the row."""
        if len(self._free):
            return super().ends()
        subject = self.calls.subject  # copies, because a model may write into its inputs
        base = outputs.explained(self.calls.forward(self.background.copy()).mean(axis=0, keepdims=True), subject)
        full = outputs.explained(self.calls.forward(self.rows.copy()), subject)
        return np.repeat(base, len(full), axis=0), full

    def _shown(self, masks: Sequence[np.ndarray]) -> np.ndarray:
        """Which input columns (m, p) are present."""
        present = np.ascontiguousarray(masks[0] if len(masks) == 1 else np.concatenate(masks), dtype=bool)
        if self._one_to_one:
            return present
        if not self._names:
            return np.ones((len(present), len(self.owner)), dtype=bool)
        shown = present.take(self.owner, axis=1)
        shown[:, self._free] = True
        return shown

    def _own(self, pieces: Sequence[Piece]) -> np.ndarray:
        """The rows' own inputs for each coalition, (m, p), or (p,) where there is one row."""
        if len(pieces) == 1:
            return self.rows[pieces[0][0]]
        return self.rows[np.repeat([row for row, _ in pieces], [len(masks) for _, masks in pieces])]


class RowGames(Games):
    """Games in the space of rows, each coalition encoded anew: for data frames, and encoders that mix features.

    `units` are the positions of each unit's features in the table; a feature that no unit owns is never hidden. Many
    batches are encoded at once, because an encoder costs something for every call.
    """

    def __init__(self, calls: Calls, rows: Table, background: Table, units: Units) -> None:
        cheap = isinstance(calls.encoder, MatrixEncoder)
        super().__init__(calls, len(background), calls.batch_rows if cheap else ENCODED_ROWS)
        self.rows, self.background = rows, background
        self._units = dict(units)
        owned = {position for positions in units.values() for position in positions}
        self._free = [position for position in range(len(rows.features)) if position not in owned]

    def __len__(self) -> int:
        return len(self.rows)

    def units(self, row: int) -> tuple[str, ...]:
        return tuple(self._units)

    @property
    def positions(self) -> Units:
        """The positions of each unit's features in the table."""
        return self._units

    def inputs(self, pieces: Sequence[Piece]) -> object:
        return self.calls.encoder(self.filled(pieces))

    def filled(self, pieces: Sequence[Piece]) -> Table:
        """The rows of all coalitions of these pieces, copy by copy: (copies x m) rows."""
        present = np.concatenate([masks for _, masks in pieces])
        row = np.repeat([row for row, _ in pieces], [len(masks) for _, masks in pieces])
        whole = (self.copies, len(present))
        features = self.rows.features
        columns = {}
        for unit, positions in enumerate(self._units.values()):
            shown = np.ascontiguousarray(present[:, unit])
            for position in positions:
                name = features[position].name
                own, other = self.rows.columns[name][row], self.background.columns[name]
                columns[name] = np.where(shown, own, other[:, None]).reshape(-1)
        for position in self._free:
            name = features[position].name
            columns[name] = np.broadcast_to(self.rows.columns[name][row], whole).reshape(-1)
        ordered = {feature.name: columns[feature.name] for feature in features}
        return Table(features=features, columns=ordered, length=self.copies * len(present))

    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """As for all games, but for n + b model rows where every feature is owned."""
        if self._free:
            return super().ends()
        subject, n = self.calls.subject, len(self.rows)
        base = outputs.explained(self.calls.outputs(self.background).mean(axis=0, keepdims=True), subject)
        full = outputs.explained(self.calls.outputs(self.rows), subject)
        return np.repeat(base, n, axis=0), full

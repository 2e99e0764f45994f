"""Case: rows to be explained, and everything that a method may need to explain them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from auditnn.core.errors import NotApplicable, SettingsError
from auditnn.core.rows import Images, Rows, Table
from auditnn.core.seeding import stream
from auditnn.methods.games.game import Games
from auditnn.methods.games.tabular import InputGames, RowGames, Units
from auditnn.subjects.calls import Calls
from auditnn.subjects.units import units_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Hiding:
    """How the units of an image are cut and hidden. `auto` cuts square patches below 32 pixels, SLIC superpixels from
    there on; `units` is about how many."""

    segments: Literal["auto", "slic", "patches"] = "auto"
    units: int = 16
    fill: Literal["mean", "blur", "background"] = "mean"


@dataclass(frozen=True, kw_only=True)
class Case:
    """`n` rows of a subject to be explained.

    `ids` name the rows, so that a row's random draws depend on the seed, the method and its id and on nothing else.
    `background` rows stand in for what is hidden (b rows). `targets` (n,) are the classes that methods explain which
    explain one class (gradients); 0 for regression. `units` overrides which input columns (or features, where inputs
    are not an array whose columns have owners) are hidden together.
    """

    calls: Calls
    rows: Rows
    ids: np.ndarray
    background: Rows
    targets: np.ndarray
    seed: int = 0
    hiding: Hiding = field(default_factory=Hiding)
    units: Units | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    def rng(self, method: str, row: int | None = None) -> np.random.Generator:
        """The random stream of a method for one row, or for draws shared by all rows where `row` is None."""
        return stream(self.seed, method, "shared" if row is None else self.ids[row])

    def take(self, index: np.ndarray) -> Case:
        """The case of some of the rows; what is known of them already is not worked out again."""
        index = np.asarray(index)
        taken = replace(self, rows=self.rows.take(index), ids=self.ids[index], targets=self.targets[index])
        known = vars(self)
        if "background_inputs" in known:
            vars(taken)["background_inputs"] = known["background_inputs"]
        if "segments" in known:
            vars(taken)["segments"] = known["segments"][index]
        return taken

    def but(self, *, seed: int | None = None, calls: Calls | None = None) -> Case:
        """The same rows with another seed or other calls; what is known of the rows is not worked out again."""
        made = replace(self, seed=self.seed if seed is None else seed, calls=calls or self.calls)
        known = vars(self)
        vars(made).update({name: known[name] for name in ("inputs", "background_inputs", "segments") if name in known})
        return made

    def ready(self) -> Case:
        """The case itself, with all worked out that its parts have in common."""
        vars(self).setdefault("background_inputs", self.background_inputs)
        if isinstance(self.rows, Images):
            vars(self).setdefault("segments", self.segments)
        return self

    @cached_property
    def inputs(self) -> Any:
        """The rows as the model takes them, (n, ...)."""
        return self.calls.encoder(self.rows)

    @cached_property
    def background_inputs(self) -> Any:
        """The background as the model takes it, (b, ...)."""
        return self.calls.encoder(self.background)

    @cached_property
    def segments(self) -> np.ndarray:
        """The unit of each pixel of images, (n, h, w), codes from 0 on; cut as `hiding` says."""
        from auditnn.methods.games.segments import segments_of

        assert isinstance(self.rows, Images)
        if self.hiding.units < 1:
            raise SettingsError("at least one unit in an image", str(self.hiding.units), "Use units=16, for example.")
        return segments_of(self.rows.pixels, self.hiding.segments, self.hiding.units)

    @cached_property
    def input_units(self) -> Units | None:
        """The input columns of each unit of a table; None where no unit owns its columns alone."""
        own = self.units or self.calls.encoder.units
        if not isinstance(self.rows, Table) or own is None or self.calls.encoder.units is None:
            return None
        return own if isinstance(self.inputs, np.ndarray) and self.inputs.ndim == 2 else None

    @cached_property
    def games(self) -> Games:
        """The games of the rows."""
        if isinstance(self.rows, Images):
            from auditnn.methods.games.image import image_games

            return image_games(self)
        if self.input_units is not None:
            return InputGames(self.calls, self.inputs, self.background_inputs, self.input_units)
        if isinstance(self.rows, Table) and isinstance(self.background, Table):
            units = self.units or units_of(self.rows.features)
            return RowGames(self.calls, self.rows, self.background, units)
        raise NotApplicable(f"{self.rows.modality} rows have no units that could be hidden yet")

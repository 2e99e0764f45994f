"""One seed, many independent streams: each derives from what it is for, never from position or chunk."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np


def stream(seed: int, *names: Any) -> np.random.Generator:
    """The random stream of (seed, names...), for example (0, "trust.stability", row_id).

    >>> bool(stream(0, "a", 1).random() == stream(0, "a", 1).random())
    True
    """
    text = "\x1f".join([str(seed), *map(str, names)])
    digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))

"""The shap library without the seconds that compiling its small loops takes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

LOOPS = ("shap.utils._masked_model", "shap.explainers._exact", "shap.maskers._tabular")


@contextmanager
def uncompiled() -> Iterator[None]:
    """Shap's compiled loops as the plain Python functions that they were made of, for a few rows.

    Compiling them takes 8 s in every process, the rows that are computed again a tenth of a second. Where shap keeps
    them elsewhere, they are compiled as ever.
    """
    changed = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in LOOPS:
            try:
                module = import_module(name)
            except ImportError:
                continue
            for key, one in list(vars(module).items()):
                if hasattr(one, "py_func"):
                    changed.append((module, key, one))
                    setattr(module, key, one.py_func)
    try:
        yield
    finally:
        for module, key, one in changed:
            setattr(module, key, one)

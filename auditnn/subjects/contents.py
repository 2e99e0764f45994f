"""Fingerprints of models and functions by what they hold: weights, settings, and the source of their code."""

from __future__ import annotations

import inspect
import linecache
import pickle
import sys
import sysconfig
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

PLAIN = (bool, int, float, complex, str, bytes, tuple, list, dict, set, frozenset, np.ndarray, type(None))


def contents_digest(value: Any) -> str | None:
    """sha256 of a model, estimator or function; None where something in it cannot be told.

    Objects by their class and state, arrays and tensors by their bytes. Functions and classes of the user by their
    source (else their bytecode), with defaults, closures and the globals that they name, and so on; those of installed
    packages by name. Whether a module is in training mode plays no part. The source stands for the code that runs: a
    file that was edited after it was imported is not noticed.
    """
    hasher = _hasher_class()()
    try:
        hasher.dump(inspect.unwrap(value) if isinstance(value, FunctionType) else value)
        while hasher.named:
            hasher.dump(hasher.named.pop())
        return f"sha256:{hasher.hash(None)}"
    except (pickle.PicklingError, AttributeError, TypeError, ValueError, RuntimeError, OSError):
        return None  # connections, locks, weights that are not there, __getstate__ that refuses


@cache
def _hasher_class() -> Callable[[], Any]:
    from joblib.hashing import NumpyHasher

    class Hasher(NumpyHasher):  # type: ignore[misc]
        """joblib's pickler into a hash, with code by its source and torch's objects by their values.

        `named`: what functions name outside of themselves, still to be hashed (a queue keeps the recursion shallow).
        """

        def __init__(self) -> None:
            super().__init__("sha256")
            self.named: list[Any] = []
            self.met: dict[int, Any] = {}

        def save(self, obj: Any) -> None:
            super().save(self.stand_in(obj))

        def stand_in(self, obj: Any) -> Any:
            """What is hashed in place of functions, classes, modules and tensors; all else as it is."""
            if isinstance(obj, frozenset):
                return ("frozenset", set(obj))
            if type(obj) is np.ndarray and not obj.dtype.hasobject and (obj.ndim != 1 or not obj.flags.c_contiguous):
                return ("array", obj.shape, np.ascontiguousarray(obj).reshape(-1))  # however it lies in memory
            if isinstance(obj, ModuleType):
                return ("package", obj.__name__)
            if isinstance(obj, FunctionType | type):
                if _installed(obj.__module__):
                    return ("installed", obj.__module__, obj.__qualname__)
                return self.once(obj, _function if isinstance(obj, FunctionType) else _class)
            torch = sys.modules.get("torch")
            if torch is None:
                return obj
            if isinstance(obj, torch.nn.Module):
                return self.once(obj, _module)
            if isinstance(obj, torch.Tensor):
                return _tensor(obj)
            return ("torch", repr(obj)) if isinstance(obj, torch.dtype | torch.device | torch.Size) else obj

        def once(self, obj: Any, told: Callable[[Any], Any]) -> Any:
            """What is told of it, and only its name where it was met before."""
            if id(obj) in self.met:
                return ("again", getattr(obj, "__qualname__", type(obj).__qualname__))
            self.met[id(obj)] = obj
            if isinstance(obj, FunctionType):
                self.named.append(_globals(obj))
            return told(obj)

    return Hasher


def _function(function: FunctionType) -> tuple[Any, ...]:
    cells = [cell.cell_contents for cell in function.__closure__ or () if not _is_empty(cell)]
    inside = _source(function.__code__) or _bytecode(function.__code__)
    return ("function", function.__qualname__, inside, function.__defaults__, function.__kwdefaults__, cells)


def _class(kind: type) -> tuple[Any, ...]:
    """Its bases, its functions, and the constants beside them."""
    held: dict[str, Any] = {}
    for name, value in vars(kind).items():
        if isinstance(value, property):
            held[name] = [part for part in (value.fget, value.fset) if part is not None]
        elif isinstance(value, staticmethod | classmethod):
            held[name] = value.__func__
        elif isinstance(value, FunctionType) or (isinstance(value, PLAIN) and not name.startswith("__")):
            held[name] = value
    return ("class", kind.__qualname__, kind.__bases__, held)


def _module(module: Any) -> tuple[Any, ...]:
    """A torch module: class, parameters, buffers and parts in order, hooks, and what it holds beside torch's own."""
    import torch

    if isinstance(module, torch.jit.ScriptModule):
        raise pickle.PicklingError("a compiled module does not show all that it holds")
    own = vars(module)
    parts = [list(own[name].items()) for name in ("_parameters", "_buffers", "_modules")]
    if isinstance(module, torch.fx.GraphModule):
        beside = {name: value for name, value in own.items() if isinstance(value, torch.Tensor)}
        return ("graph", module.code, parts, beside)
    hooks = [list(own[name].values()) for name in ("_forward_pre_hooks", "_forward_hooks")]
    torchs = vars(torch.nn.Module())
    beside = {name: value for name, value in own.items() if name not in torchs}
    return ("module", type(module), parts, hooks, beside)


def _tensor(tensor: Any) -> tuple[Any, ...]:
    import torch

    if tensor.device.type == "meta" or tensor.layout != torch.strided or tensor.is_quantized:
        raise pickle.PicklingError("a tensor without values, or whose bytes alone do not say them")
    raw = tensor.detach().cpu().resolve_conj().resolve_neg().contiguous()
    values = raw.reshape(-1).view(torch.uint8).numpy() if raw.numel() else None
    return ("tensor", str(raw.dtype), tuple(raw.shape), values)


def _globals(function: FunctionType) -> list[tuple[str, Any]]:
    """The global names that a function, or a function within it, may read, with their values."""
    names = sorted(set(_names(function.__code__)) & function.__globals__.keys())
    return [(name, function.__globals__[name]) for name in names if not name.startswith("__")]


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _source(code: CodeType) -> str | None:
    """The lines of a function; None for a lambda, whose line may hold others, and where there is no file."""
    lines = linecache.getlines(code.co_filename)
    if code.co_name == "<lambda>" or len(lines) < code.co_firstlineno:
        return None
    return "".join(inspect.getblock(lines[code.co_firstlineno - 1 :]))


def _bytecode(code: CodeType) -> tuple[Any, ...]:
    """What the interpreter runs; it differs between versions of Python, which is part of it."""
    constants = [_bytecode(one) if isinstance(one, CodeType) else one for one in code.co_consts]
    return (sys.version_info[:2], code.co_code, code.co_names, code.co_varnames, constants)


def _is_empty(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return True
    return False


def _installed(module: str | None) -> bool:
    """Whether a module is Python's, auditnn's or an installed package's rather than the user's own."""
    if module is None or module == "__main__":
        return False
    top = module.partition(".")[0]
    if top == "auditnn" or top in sys.stdlib_module_names:
        return True
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None:  # compiled into another module, or gone from the process after it was read
        return module in sys.modules
    return any(Path(file).is_relative_to(folder) for folder in _package_folders())


@cache
def _package_folders() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    return tuple({paths[name] for name in ("purelib", "platlib", "stdlib", "platstdlib")})

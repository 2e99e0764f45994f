"""Model files: safetensors into a module; formats that can run code only where somebody said so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from auditnn.core.errors import RefusedError, SubjectError
from auditnn.subjects.foreign import Blame, shortened
from auditnn.subjects.labels import shown

PICKLES = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".pt2", ".bin", ".ckpt", ".model", ".sav", ".dill")
WHOLE = {".onnx": "function", ".skops": "sklearn"}  # the kind of model that such a file holds, complete


def check_model_file(path: Path, given: str, kind: str, trust_pickle: bool) -> None:
    """SubjectError or RefusedError unless the file exists and may be loaded."""
    suffix = path.suffix.lower()
    if suffix in WHOLE and kind != WHOLE[suffix]:
        raise SubjectError(
            f"kind = {WHOLE[suffix]!r} for {given!r}", f"kind = {kind!r}", "Leave kind out: the file says it."
        )
    if suffix == ".safetensors" and kind != "torch":
        raise SubjectError(
            f"a factory for a {kind} model", repr(given), "safetensors hold the weights of torch modules."
        )
    if suffix != ".safetensors" and suffix not in WHOLE and suffix not in PICKLES:
        raise SubjectError(
            "a safetensors, ONNX or skops file", repr(given),
            "For torch, save with safetensors.torch.save_file(module.state_dict(), file).",
        )  # fmt: skip
    if not path.is_file():
        raise SubjectError(
            f"a model file {given!r} beside the subject file", "nothing there", "Check file under [model]."
        )
    if suffix in PICKLES and not trust_pickle:
        instead = (
            "safetensors for torch weights" if kind == "torch" else "skops, or a factory that returns the estimator"
        )
        raise RefusedError(
            "a model file that cannot run code", f"{given!r}, which is unpickled when loaded",
            f"Use {instead}; or, if you trust whoever made it, --trust-pickle.",
        )  # fmt: skip


def load_weights(module: Any, path: Path, given: str) -> None:
    """Copy safetensors weights into the module; SubjectError for missing, unexpected or misshapen ones."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        found = load_file(path)
    except (SafetensorError, OSError) as error:
        raise SubjectError(
            f"safetensors weights in {given!r}", shortened(error), "Save them with safetensors.torch.save_file."
        ) from error
    load_state(module, found, given)


def load_state(module: Any, found: dict[str, Any], given: str) -> None:
    """Copy a state dictionary into the module after comparing every name and shape."""
    import torch

    expected = module.state_dict()
    shared = {value.data_ptr() for name, value in expected.items() if name in found and _solid(value)}
    missing = [
        name for name, value in expected.items()
        if name not in found and isinstance(value, torch.Tensor) and not (_solid(value) and value.data_ptr() in shared)
    ]  # fmt: skip
    unexpected = [name for name in found if name not in expected]
    misshapen = [
        f"{name} {tuple(found[name].shape)} instead of {tuple(expected[name].shape)}"
        for name in found
        if name in expected and found[name].shape != expected[name].shape
    ]
    problems = [
        f"{word} {shown(names) if word != 'misshapen' else '; '.join(names[:5])}"
        for word, names in (("missing", missing), ("unexpected", unexpected), ("misshapen", misshapen))
        if names
    ]
    if problems:
        raise SubjectError(
            f"weights in {given!r} that fit the module {type(module).__name__}", "; ".join(problems),
            "Check that the factory builds the architecture that was trained.",
        )  # fmt: skip
    with Blame(f"weights in {given!r} to load into the module", "loading raised", "Check that they belong together."):
        module.load_state_dict(found, strict=False)


def load_pickled(path: Path, given: str, kind: str) -> Any:
    """Unpickle a trusted file: a module or its state dictionary for torch, an estimator or function otherwise."""
    with Blame(f"{given!r} to unpickle", "unpickling raised", "Check the versions of the libraries it was saved with."):
        if path.suffix.lower() == ".pt2":
            import torch

            return torch.export.load(path).module()
        if kind == "torch":
            import torch

            return torch.load(path, map_location="cpu", weights_only=False)
        import joblib

        return joblib.load(path)


def _solid(value: Any) -> bool:
    return getattr(value, "device", None) is not None and value.device.type != "meta" and value.numel() > 0

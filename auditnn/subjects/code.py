"""Code that a subject file names: found only in installed packages and in folders that somebody allowed."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import re
import site
import sys
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from auditnn.core.errors import RefusedError, SubjectError
from auditnn.core.nearest import nearest
from auditnn.subjects.foreign import Blame

NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


class CodeSpace:
    """The modules of allowed folders, kept apart from those of the process and of other subjects.

    They can be imported only while the space is active, and leave `sys.modules` afterwards: two subjects may both
    have a `nets.py`.
    """

    def __init__(self, folders: Sequence[str | Path] = ()) -> None:
        self.folders = tuple(Path(folder) for folder in folders)
        for folder in self.folders:
            if not folder.is_dir():
                raise SubjectError("a folder to allow code from", f"no folder {str(folder)!r}", "Check --allow-code.")
        self._paths = [str(folder.resolve()) for folder in self.folders]
        self._own = frozenset(name for folder in self.folders for name in _importable(folder))
        self._modules: dict[str, ModuleType] = {}
        self._active = False

    @contextmanager
    def active(self) -> Iterator[None]:
        """Imports inside find this space's modules first."""
        if self._active or not self._paths:
            yield
            return
        hidden = self._taken() if any(name in sys.modules for name in self._own) else {}
        sys.modules.update(self._modules)
        size = len(sys.modules)
        sys.path[:0] = self._paths
        self._active = True
        try:
            yield
        finally:
            self._active = False
            for path in self._paths:
                sys.path.remove(path)
            if len(sys.modules) == size:  # nothing new was imported, which is so for all calls but the first few
                for name in self._modules:
                    sys.modules.pop(name, None)
            else:
                self._modules = self._taken()
            sys.modules.update(hidden)

    def resolve(self, name: str, key: str, beside: Path | None = None) -> Callable[..., Any]:
        """The function that "module.path:function" names, wrapped so that it runs with the space active.

        RefusedError where its module is neither installed nor in an allowed folder, with the flag that would allow it.
        """
        if not NAME.fullmatch(name):
            raise SubjectError(f"{key} as 'module.path:function'", repr(name), f'Write {key} = "mypackage.nets:build".')
        importlib.invalidate_caches()
        module_name, _, attribute = name.partition(":")
        top = module_name.partition(".")[0]
        if top not in self._own and not installed(top):
            self._refuse(name, key, top, beside)
        with (
            self.active(),
            Blame(
                f"{key} {name!r} to be importable", f"importing {module_name!r} raised", "Run that import by itself."
            ),
        ):
            target: Any = importlib.import_module(module_name)
        for part in attribute.split("."):
            if not hasattr(target, part):
                names = [one for one in vars(target) if not one.startswith("_")]
                raise SubjectError(
                    f"a function {attribute!r} in {module_name}", "no such name", nearest(part, names[:40])
                )
            target = getattr(target, part)
        if not callable(target) and not hasattr(target, "transform"):
            raise SubjectError(f"{key} {name!r} to be a function", type(target).__name__, "Name a function.")
        return self.scoped(target) if callable(target) else target

    def scoped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, run with the space active, so that imports inside it work too."""
        if not self._paths:
            return function

        @functools.wraps(function, updated=())
        def run(*arguments: Any, **keywords: Any) -> Any:
            with self.active():
                return function(*arguments, **keywords)

        return run

    def _taken(self) -> dict[str, ModuleType]:
        """Take every module whose top name is one of ours out of `sys.modules`."""
        names = [name for name in sys.modules if name.partition(".")[0] in self._own]
        return {name: sys.modules.pop(name) for name in names}

    def _refuse(self, name: str, key: str, top: str, beside: Path | None) -> None:
        there = beside is not None and top in _importable(beside)
        if self.folders and not there:
            searched = ", ".join(map(str, self.folders))
            raise SubjectError(
                f"{key} {name!r} in an installed package or an allowed folder", f"no module {top!r} in {searched}",
                "Allow the folder that holds it with --allow-code DIR.",
            )  # fmt: skip
        place = str(beside) if there else "DIR"
        raise RefusedError(
            f"{key} {name!r} from an installed package or an allowed folder", "code in neither",
            f"If you trust it, allow its folder: --allow-code {place}.",
        )  # fmt: skip


def installed(top: str) -> bool:
    """Whether a top-level module comes from site-packages (editable installs included), not from the folder one
    happens to stand in."""
    if top in sys.stdlib_module_names:
        return False
    try:
        spec = importlib.util.find_spec(top)
    except ValueError:  # a module that was made rather than found
        return False
    if spec is None:
        return False
    if top in _editable():
        return True
    places = [spec.origin] if spec.has_location and spec.origin else list(spec.submodule_search_locations or ())
    return bool(places) and all(any(Path(place).is_relative_to(root) for root in site_folders()) for place in places)


def _editable() -> set[str]:
    """Top-level modules that the import hooks of editable installs know."""
    found: set[str] = set()
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("__editable__"):
            found.update(getattr(module, "MAPPING", ()))
    return found


@functools.cache
def site_folders() -> tuple[Path, ...]:
    """Where packages are installed, and the folders that their .pth files add."""
    paths = sysconfig.get_paths()
    roots = dict.fromkeys([paths["purelib"], paths["platlib"], *site.getsitepackages(), site.getusersitepackages()])
    folders = [Path(root) for root in roots if Path(root).is_dir()]
    for folder in tuple(folders):
        for file in sorted(folder.glob("*.pth")):
            for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
                target = folder / line.strip()
                if line.strip() and not line.startswith(("import ", "import\t", "#")) and target.is_dir():
                    folders.append(target)
    return tuple(folders)


def _importable(folder: Path) -> frozenset[str]:
    """Top-level modules and packages in a folder that are not part of Python, of auditnn, or installed and in use."""
    names = {path.stem for path in folder.glob("*.py")} | {
        path.name for path in folder.iterdir() if path.is_dir() and path.name.isidentifier()
    }
    return frozenset(name for name in names - sys.stdlib_module_names - {"auditnn"} if not _in_use(name))


def _in_use(name: str) -> bool:
    file = getattr(sys.modules.get(name), "__file__", None)
    return file is not None and any(Path(file).is_relative_to(root) for root in site_folders())

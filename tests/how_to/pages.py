"""The code blocks of a page, as a reader would use them: files saved, commands run, in the order of the page.

A block is marked by a comment in the line above its fence: `<!-- file: NAME -->`, `<!-- run -->` (with `: exit N`
where another exit code than 0 is the right one), `<!-- prints -->` for what the last command printed, with `[...]` on a
line of its own for what is left out, or `<!-- shown: WHY -->` for what a test cannot run. Python blocks
without a name run as one script after the other.
"""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"(?:^<!-- (?P<mark>.+?) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
RUNNABLE = ("bash", "console", "python", "sh")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: what it is, what the page says to do with it, and its text."""

    language: str
    mark: str
    text: str

    @property
    def file(self) -> str | None:
        return self.mark.removeprefix("file: ") if self.mark.startswith("file: ") else None

    @property
    def runs(self) -> bool:
        return self.mark == "run" or self.mark.startswith("run: exit ")

    @property
    def exit_code(self) -> int:
        return int(self.mark.removeprefix("run: exit ")) if ":" in self.mark else 0


@dataclass(frozen=True, slots=True)
class Done:
    """What one block printed."""

    block: Block
    stdout: str
    stderr: str


def blocks(page: Path) -> list[Block]:
    return [Block(m["language"], m["mark"] or "", m["text"]) for m in FENCE.finditer(page.read_text(encoding="utf-8"))]


def follow(page: Path, folder: Path) -> list[Done]:
    """Do what the page says, in `folder`; fails with the page's own words where a command ends otherwise."""
    environment = reader_environment(folder.parent / "bin")
    done = []
    for block in blocks(page):
        if block.file:
            target = folder / block.file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
        elif block.runs:
            command = [sys.executable, "-c", block.text] if block.language == "python" else ["bash", "-euc", block.text]
            ended = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
            )
            told = f"{page.name}:\n{block.text}\nexit {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
            assert ended.returncode == block.exit_code, told
            assert not re.search("Traceback|Warning", ended.stderr), told
            done.append(Done(block, ended.stdout, ended.stderr))
        elif block.mark == "prints":
            compare(page, block.text, done[-1].stdout)
    return done


def compare(page: Path, shown: str, printed: str) -> None:
    """Each piece that the page shows was printed, in its order; how lines are wrapped does not count."""
    printed = " ".join(printed.split())
    position = 0
    for piece in re.split(r"^\s*\[\.\.\.\]\s*$", shown, flags=re.MULTILINE):
        words = " ".join(piece.split())
        found = printed.find(words, position)
        assert found >= 0, f"{page.name} shows what was not printed: {words}\nprinted: {printed}"
        position = found + len(words)


def reader_environment(bin_folder: Path) -> dict[str, str]:
    """The environment of a reader who has auditnn installed: `python` and `auditnn` are this interpreter's."""
    bin_folder.mkdir(exist_ok=True)
    commands = {"python": '"$@"', "auditnn": '-c "import sys; from auditnn.cli import main; sys.exit(main())" "$@"'}
    for name, arguments in commands.items():
        script = bin_folder / name
        script.write_text(f"#!/bin/sh\nexec {sys.executable} {arguments}\n", encoding="utf-8")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return os.environ | {
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        "COLUMNS": "120",
    }

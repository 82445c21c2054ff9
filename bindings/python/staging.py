"""Copies of the package to build distributions from, without what lies about in a checkout."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
#: What the C library is made of.
SOURCES = ("Package.swift", "Makefile", "LICENSE", "Sources", "include", "pkgconfig", "abi", "scripts")
#: What builds leave behind.
LEFT = shutil.ignore_patterns("__pycache__", "*.egg-info", "build", ".build", "dist", "_lib")


def copied(root: Path, name: str, target: Path) -> None:
    """Copies a file or a folder of ``root``: in a checkout what of it git knows of, which need not have been
    committed; elsewhere what is there.
    """
    source = root / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if (root / ".git").exists():
        command = ["git", "ls-files", "-z", "--", name]
        listed = subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE).stdout.decode()
        for path in map(root.joinpath, filter(None, listed.split("\0"))):
            if path.is_file():  # and has not been removed since
                copy = target / path.relative_to(source)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, copy)
    elif source.is_dir():
        shutil.copytree(source, target, ignore=LEFT, dirs_exist_ok=True)
    else:
        shutil.copy(source, target)


@contextlib.contextmanager
def staged(native: bool) -> Iterator[Path]:
    """A copy of the package; with the C library's sources in ``native``, or without."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "plait"
        if (ROOT / "Package.swift").is_file() and HERE == ROOT / "bindings" / "python":
            copied(ROOT, "bindings/python", folder)
            for name in SOURCES if native else ():
                copied(ROOT, name, folder / "native" / name)
        else:  # a source distribution that was unpacked
            shutil.copytree(HERE, folder, ignore=LEFT)
            if not native:
                shutil.rmtree(folder / "native", ignore_errors=True)
        yield folder

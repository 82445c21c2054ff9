"""The package on every interpreter that is found; each is named."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parent / "peers" / "everywhere.py"
FIRST, LAST = 9, 15


def interpreters():
    """By version: those in PATH, where pyenv keeps them, and this one; one of each minor version."""
    names = [sys.executable]
    for minor in range(FIRST, LAST + 1):
        names.append(shutil.which(f"python3.{minor}"))
        names += sorted(map(str, Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python")))
    found = {}
    for name in filter(None, names):
        script = "import platform, ctypes; print(platform.python_implementation(), platform.python_version())"
        done = subprocess.run([name, "-c", script], capture_output=True, text=True, timeout=60)
        implementation, _, version = done.stdout.strip().partition(" ")
        # What pyenv has in PATH answers for a version only if it is chosen.
        if done.returncode == 0 and (implementation, version.rpartition(".")[0]) not in found:
            found[implementation, version.rpartition(".")[0]] = (name, f"{implementation} {version}")
    return list(found.values())


FOUND = interpreters()


@pytest.mark.parametrize("name, version", FOUND, ids=[version for _, version in FOUND])
def test_on(name, version, environment, capsys):
    if os.environ.get("LD_PRELOAD") and name != sys.executable:
        pytest.skip("a sanitizer's run is for one interpreter")
    done = subprocess.run(
        [name, PROGRAM], env=environment, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout) == (0, "well\n"), done.stderr
    with capsys.disabled():
        print(f"\n{version} ({name}): well")


def test_this_one_is_among_them():
    assert sys.executable in [name for name, _ in FOUND]

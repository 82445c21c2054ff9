"""The wheel: built, installed elsewhere, and used without anything else."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile

import pytest

import plait
from conftest import ROOT

USE = """
import os, plait._native.library as library
from plait.internet import reactor
from plait.protocols import basic
(where,) = library.candidates()
assert os.path.basename(os.path.dirname(where)) == "_lib", where
reactor.callLater(0, reactor.stop)
reactor.run()
print("used")
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    if not os.environ.get("PLAIT_LIBRARY"):
        pytest.skip("PLAIT_LIBRARY does not name a library")
    output = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, ROOT / "bindings" / "python" / "build_wheel.py", "--no-isolation"]
    subprocess.run([*command, "--output", output], check=True)
    (found,) = output.glob("*.whl")
    return found


def test_its_name(wheel):
    assert wheel.name.startswith(f"plait-{plait.__version__}-py3-none-")
    assert not wheel.name.endswith("any.whl")


def test_its_content(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    package = ROOT / "bindings" / "python" / "plait"
    sources = {str(path.relative_to(package.parent)) for path in package.rglob("*.py")}
    assert sources <= names
    assert "plait/py.typed" in names
    assert any(name.startswith("plait/_lib/libplait") for name in names)


def test_the_library_has_no_search_path(wheel, tmp_path):
    archive = zipfile.ZipFile(wheel)
    (name,) = (name for name in archive.namelist() if name.endswith("libplait.so"))
    library = archive.extract(name, tmp_path)
    command = ["readelf", "-d", library]
    dynamic = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "libuv" in dynamic
    assert "PATH" not in dynamic


def test_it_can_be_used(wheel, tmp_path):
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*command, "--target", tmp_path / "site", wheel], check=True)
    environment = {k: v for k, v in os.environ.items() if k != "PLAIT_LIBRARY"}
    environment["PYTHONPATH"] = str(tmp_path / "site")
    done = subprocess.run(
        [sys.executable, "-c", USE], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout == "used\n", done.stderr

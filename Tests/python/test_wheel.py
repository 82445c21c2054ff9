"""The wheel with a library that takes what it needs from the system: built, installed elsewhere, and used without anything else."""

from __future__ import annotations

import email
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


def in_git(*names, root=ROOT):
    """The files of a checkout that git knows of."""
    there = subprocess.run(["git", "ls-files", *names], cwd=root, capture_output=True, text=True)
    if there.returncode:
        pytest.skip("this is no checkout of git")
    return {name for name in there.stdout.splitlines() if (root / name).is_file()}


def test_its_content(wheel):
    names = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("plait/")}
    package = {name.partition("bindings/python/")[2] for name in in_git("bindings/python/plait")}
    assert package <= names
    (library,) = names - package
    assert library.startswith("plait/_lib/libplait.")
    assert "plait/py.typed" in names


def metadata(wheel):
    """What a wheel says of itself, and the texts of its licences, by name."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (folder,) = {name.partition("/")[0] for name in names if ".dist-info/" in name}
        told = email.message_from_bytes(archive.read(f"{folder}/METADATA"))
        inside = f"{folder}/licenses/"
        texts = {name[len(inside) :]: archive.read(name).decode() for name in names if name.startswith(inside)}
    assert set(told.get_all("License-File", [])) == set(texts)
    assert tuple(map(int, told["Metadata-Version"].split("."))) >= (2, 4)
    return told, texts


def test_its_licence(wheel):
    """Nothing but Plait is inside."""
    told, texts = metadata(wheel)
    assert told["License-Expression"] == "MIT"
    assert texts == {"LICENSE": (ROOT / "LICENSE").read_text()}


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

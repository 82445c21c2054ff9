"""The wheel that needs nothing but libc: in a root tree that has none of the libraries it is made of; and source distributions."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

import test_wheel
from conftest import ROOT

sys.path.insert(0, str(ROOT / "bindings" / "python"))
import backend  # noqa: E402

BUILDER = ROOT / "bindings" / "python" / "build_wheel.py"
#: What a bare system lacks. What the interpreter itself needs of these (Debian's needs expat) it has.
LACKING = ("libuv", "libssl", "libcrypto", "libexpat", "libidn")

USE = """
import os, sys
assert not os.path.exists("/work") and os.path.exists("/site/plait")
from plait._native import library
from plait.internet import endpoints, protocol, reactor, ssl
from plait.protocols import basic

(where,) = library.candidates()
assert where == "/site/plait/_lib/libplait.so", where

class Echo(basic.LineReceiver):
    def lineReceived(self, line):
        self.sendLine(line)

class Client(basic.LineReceiver):
    def connectionMade(self):
        self.sendLine(b"hello")
    def lineReceived(self, line):
        print(line.decode(), self.transport.getPeerCertificate() is not None)
        self.transport.loseConnection()
    def connectionLost(self, reason):
        print(reason.type.__name__)
        reactor.stop()

good = ssl.PrivateCertificate.loadPEM(open("/good.pem", "rb").read())
root = ssl.Certificate.loadPEM(open("/root.pem", "rb").read())
server = protocol.Factory.forProtocol(Echo)
port = reactor.listenSSL(0, server, good.options(), interface="127.0.0.1")
options = ssl.optionsForClientTLS("localhost", trustRoot=root)
wrapped = endpoints.wrapClientTLS(options, endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port))
endpoints.connectProtocol(wrapped, Client()).addErrback(lambda f: (print(f), reactor.stop()))
reactor.callLater(10, reactor.stop)
reactor.run()
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bare")
    built = Path(os.environ["PLAIT_LIBRARY"]).parent
    subprocess.run([ROOT / "scripts" / "build-bundled", built, folder], check=True)
    environment = dict(os.environ, PLAIT_LIBRARY=str(folder / "libplait.so"))
    command = [sys.executable, BUILDER, "--no-isolation", "--output", folder]
    subprocess.run(command, check=True, env=environment)
    (found,) = folder.glob("*.whl")
    return found


def needs(path):
    """The libraries that a file is loaded with, by their paths."""
    told = subprocess.run(["ldd", path], capture_output=True, text=True).stdout
    return {Path(found) for found in re.findall(r"(/\S+) \(0x", told)}


def lacking(paths):
    return {path.name for path in paths if path.name.startswith(LACKING)}


def test_its_name_tells_where_it_runs(wheel, capsys):
    found = re.fullmatch(r"plait-[\d.]+-py3-none-manylinux_(\d+)_(\d+)_(\w+)\.whl", wheel.name)
    assert found and found[3] == sysconfig.get_platform().partition("-")[2].replace("-", "_")
    with capsys.disabled():
        print(f"\n{wheel.name}: {wheel.stat().st_size} bytes, for glibc {found[1]}.{found[2]} and later")
    # Of 2021, as README.md says.
    assert (int(found[1]), int(found[2])) <= (2, 34)


def test_what_is_inside_is_hidden(wheel, tmp_path):
    library = zipfile.ZipFile(wheel).extract("plait/_lib/libplait.so", tmp_path)
    told = subprocess.run(["nm", "-D", library], check=True, capture_output=True, text=True).stdout
    defined = [line.split()[2] for line in told.splitlines() if " U " not in line and line[0] != " "]
    assert defined and all(name.startswith(("plait_", "PLAIT_")) for name in defined)
    assert not lacking(needs(library))


def linked(source, target):
    """A file in the tree: the same one where that can be, or a copy."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
        shutil.copymode(source, target)


@pytest.fixture(scope="module")
def tree(wheel, tmp_path_factory):
    """A root with this interpreter, its standard library, and the wheel."""
    tree = tmp_path_factory.mktemp("root")

    def place(path, as_path=None):
        target = tree / str(as_path or path).lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            linked(path.resolve(), target)

    program = Path(sys.executable).resolve()
    standard = Path(sysconfig.get_path("stdlib"))
    aside = shutil.ignore_patterns(
        "site-packages", "dist-packages", "test", "tests", "idlelib", "tkinter", "ensurepip", "lib2to3",
        "config-*", "__pycache__", "turtledemo", "*.a",
    )
    shutil.copytree(standard, tree / str(standard).lstrip("/"), ignore=aside, copy_function=linked)
    loaded = needs(program)
    for module in (tree / str(standard).lstrip("/") / "lib-dynload").glob("*.so"):
        needed = needs(module)
        if lacking(needed - needs(program)):
            module.unlink()
        else:
            loaded |= needed
    place(program)
    for path in loaded:
        place(path)
    site = tree / "site"
    zipfile.ZipFile(wheel).extractall(site)
    certificates = tmp_path_factory.mktemp("certificates")
    subprocess.run([ROOT / "Tests" / "certificates", certificates], check=True)
    for name in ("good.pem", "root.pem"):
        shutil.copyfile(certificates / name, tree / name)
    here = {path for path in tree.rglob("*.so*")}
    assert lacking(here) <= lacking(needs(program))
    return tree


def test_in_a_bare_root(tree):
    program = str(Path(sys.executable).resolve())
    command = [shutil.which("chroot", path="/usr/sbin:/usr/bin"), str(tree), program, "-S", "-c", USE]
    if os.geteuid():
        command = ["/usr/bin/unshare", "--map-root-user", *command]
    environment = {"PYTHONPATH": "/site", "PYTHONHOME": sys.base_prefix, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout == "hello True\nConnectionDone\n", done.stdout + done.stderr


# Source distributions


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sdist")
    environment = {name: value for name, value in os.environ.items() if name != "PLAIT_LIBRARY"}
    subprocess.run([sys.executable, BUILDER, "--sdist", "--output", folder], check=True, env=environment)
    (found,) = folder.glob("plait-*.tar.gz")
    return found


def built(sdist, output, environment, limit=120):
    """The wheel that pip makes of it."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", output, sdist], check=True, env=environment, timeout=limit)
    (found,) = output.glob("*.whl")
    return found


def test_a_source_distribution_builds(sdist, wheel, tmp_path):
    """With a library that is there: the same wheel as from here."""
    environment = dict(os.environ, PLAIT_LIBRARY=str(wheel.parent / "libplait.so"))
    made = built(sdist, tmp_path, environment)
    assert made.name == wheel.name
    assert set(zipfile.ZipFile(made).namelist()) == set(zipfile.ZipFile(wheel).namelist())


def test_a_source_distribution_without_a_library_or_swift(sdist, tmp_path):
    """It uses the system's."""
    environment = {name: value for name, value in os.environ.items() if name != "PLAIT_LIBRARY"}
    environment["PATH"] = os.pathsep.join(
        folder for folder in environment["PATH"].split(os.pathsep) if shutil.which("swift", path=folder) is None
    )
    made = built(sdist, tmp_path, environment)
    assert made.name.endswith("-py3-none-any.whl")
    assert not any("_lib" in name for name in zipfile.ZipFile(made).namelist())


@pytest.mark.skipif(not os.environ.get("PLAIT_SOAK"), reason="builds the C library: make soak")
def test_a_source_distribution_with_swift(sdist, tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "PLAIT_LIBRARY"}
    made = built(sdist, tmp_path, environment, 1800)
    assert "manylinux" in made.name
    site = tmp_path / "site"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", site, made]
    subprocess.run(command, check=True, env=environment)
    environment["PYTHONPATH"] = str(site)
    command = [sys.executable, "-c", test_wheel.USE]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stdout == "used\n", done.stderr


def test_a_source_distribution_has_all_sources(sdist):
    """What of the repository the C library is made of, and nothing else."""
    command = ["git", "ls-files", *backend.SOURCES]
    there = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if there.returncode:
        pytest.skip("this is no checkout of git")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/native/")[2] for name in archive.getnames() if "/native/" in name}
    # Those that git has not been told of yet are packed, too.
    assert set(there.stdout.splitlines()) <= names
    assert not any(part in name.split("/") for name in names for part in (".build", "build", "Tests"))


def test_a_source_distribution_is_a_package_of_swift(sdist, tmp_path):
    """Every target has its files: what is short of a build, which takes minutes."""
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path)
    (native,) = tmp_path.glob("plait-*/native")
    environment = dict(os.environ, PLAIT_OPENSSL="1", PLAIT_XMPP="1")
    # Of a sanitizer's run.
    environment.pop("LD_PRELOAD", None)
    command = ["swift", "package", "--scratch-path", tmp_path / "build", "describe"]
    told = subprocess.run(command, cwd=native, env=environment, capture_output=True, text=True, timeout=240)
    assert told.returncode == 0, told.stderr
    assert "Name: CAPI\n" in told.stdout and "Tests" not in told.stdout

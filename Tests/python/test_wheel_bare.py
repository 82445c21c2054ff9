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
from packaging.licenses import canonicalize_license_expression

import test_wheel
from conftest import ROOT

sys.path.insert(0, str(ROOT / "bindings" / "python"))
import staging  # noqa: E402

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


# Licences: a text that each of the libraries' has to have.
TEXTS = {
    "libuv": ("Joyent", "Permission is hereby granted, free of charge", "Niels Provos"),
    "openssl": ("The OpenSSL Project Authors", "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION"),
    "expat": ("Thai Open Source Software Center", "Permission is hereby granted, free of charge"),
    "libidn": ("Simon Josefsson", "GNU LESSER GENERAL PUBLIC LICENSE", "GNU GENERAL PUBLIC LICENSE", "END OF TERMS AND CONDITIONS"),
}


def test_it_has_the_licences_of_what_is_inside(wheel):
    told, texts = test_wheel.metadata(wheel)
    command = ["readelf", "-dW", os.environ["PLAIT_LIBRARY"]]
    dynamic = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    needed = set(re.findall(r"\(NEEDED\).*\[lib(uv|ssl|crypto|expat|idn)\.so", dynamic))
    assert needed == {"uv", "ssl", "crypto", "expat", "idn"}
    assert set(texts) == {"LICENSE", "LICENSE-bundled.txt"} | {f"LICENSE-{name}.txt" for name in TEXTS}
    assert texts["LICENSE"] == (ROOT / "LICENSE").read_text()
    for name, parts in TEXTS.items():
        assert all(part in texts[f"LICENSE-{name}.txt"] for part in parts), name
    expression = told["License-Expression"]
    assert canonicalize_license_expression(expression) == expression
    assert expression.startswith("MIT AND ") and "Apache-2.0" in expression and "LGPL-3.0-or-later" in expression
    # What a wheel says may be other than what the source distribution does: that has told so.
    assert "license-expression" in told.get_all("Dynamic")


def test_it_says_how_to_link_it_anew(wheel):
    """As the LGPL asks: that libidn is used, and where all is that another one can be put in with."""
    _, texts = test_wheel.metadata(wheel)
    told = texts["LICENSE-bundled.txt"]
    for name in TEXTS:
        assert f"LICENSE-{name}.txt" in told
    for part in ("libidn is used", "GNU Lesser General Public License", "libidn's source: ", wheel.name.split("-py3")[0] + ".tar.gz",
                 "make bundled", "PLAIT_ARCHIVES", "PLAIT_LIBRARY"):
        assert part in told, part


def test_without_licences_none_is_made(wheel, tmp_path):
    """Of a library with others inside."""
    shutil.copy(wheel.parent / "libplait.so", tmp_path)
    environment = dict(os.environ, PLAIT_LIBRARY=str(tmp_path / "libplait.so"))
    command = [sys.executable, BUILDER, "--no-isolation", "--output", tmp_path]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and "licenses beside it" in done.stdout + done.stderr
    assert not list(tmp_path.glob("*.whl"))


def test_an_archive_of_ones_own_has_its_licence_beside_it(tmp_path):
    script, built = ROOT / "scripts" / "build-bundled", Path(os.environ["PLAIT_LIBRARY"]).parent
    command = ["cc", "-print-file-name=libidn.a"]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    own, out = tmp_path / "own", tmp_path / "out"
    own.mkdir()
    shutil.copy(found, own)
    environment = dict(os.environ, PLAIT_ARCHIVES=str(own))

    done = subprocess.run([script, built, out], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and f"put its licence beside it, into {own / 'libidn.txt'}" in done.stderr
    assert not (out / "libplait.so").exists()

    (own / "libidn.txt").write_text("may be used\n")
    subprocess.run([script, built, out], check=True, env=environment, timeout=60)
    assert (out / "libplait.so").exists()
    assert (out / "licenses" / "LICENSE-libidn.txt").read_text().endswith("\n\nmay be used\n")


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
    told, texts = test_wheel.metadata(made)
    assert told["License-Expression"] == "MIT" and set(texts) == {"LICENSE"}


@pytest.mark.skipif(not os.environ.get("PLAIT_SOAK"), reason="builds the C library: make soak")
def test_a_source_distribution_with_swift(sdist, tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "PLAIT_LIBRARY"}
    made = built(sdist, tmp_path, environment, 1800)
    assert "manylinux" in made.name
    assert "LICENSE-libidn.txt" in test_wheel.metadata(made)[1]
    site = tmp_path / "site"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", site, made]
    subprocess.run(command, check=True, env=environment)
    environment["PYTHONPATH"] = str(site)
    command = [sys.executable, "-c", test_wheel.USE]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stdout == "used\n", done.stderr


def packed(sdist):
    """The names in it, without what setuptools makes, and what it says of itself."""
    made = re.compile(r"PKG-INFO|setup\.cfg|plait\.egg-info/.*")
    with tarfile.open(sdist) as archive:
        files = {file.name.partition("/")[2]: file for file in archive if not file.isdir()}
        # A link would lead out of it.
        assert all(file.isfile() for file in files.values())
        told = archive.extractfile(files["PKG-INFO"]).read().decode()
        licence = archive.extractfile(files["LICENSE"]).read().decode()
    assert licence == (ROOT / "LICENSE").read_text()
    return {name for name in files if not made.fullmatch(name)}, told


def expected(root):
    """What a source distribution of a checkout has: what git knows of, and nothing else."""
    package = {name.partition("bindings/python/")[2] for name in test_wheel.in_git("bindings/python", root=root)}
    return package - {".gitignore"} | {f"native/{name}" for name in test_wheel.in_git(*staging.SOURCES, root=root)}


def test_a_source_distribution_has_all_sources(sdist):
    names, told = packed(sdist)
    assert names == expected(ROOT)
    assert "License-Expression: MIT\n" in told and "License-File: LICENSE\n" in told
    assert "Dynamic: license-expression\n" in told and "Dynamic: license-file\n" in told


def test_a_source_distribution_has_nothing_that_lies_about(tmp_path):
    """In a checkout; one of what has no git has what is there, and so has one of a source distribution."""
    root, strays = tmp_path / "plait", {"include/plait/stray.h", "Sources/Stray/Stray.swift", "bindings/python/plait/stray.py"}
    for name in test_wheel.in_git("bindings/python", *staging.SOURCES):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    for name in strays:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("")
    (root / "Sources" / "CSystem" / "__pycache__").mkdir()

    def made(builder, output):
        command = [sys.executable, builder, "--sdist", "--output", output]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        (found,) = output.glob("plait-*.tar.gz")
        return found

    known = expected(root)
    builder = root / "bindings" / "python" / "build_wheel.py"
    assert packed(made(builder, tmp_path / "known"))[0] == known

    shutil.rmtree(root / ".git")
    there = made(builder, tmp_path / "there")
    assert packed(there)[0] == known | {"native/include/plait/stray.h", "native/Sources/Stray/Stray.swift", "plait/stray.py"}

    with tarfile.open(there) as archive:
        archive.extractall(tmp_path / "unpacked")
    (folder,) = (tmp_path / "unpacked").iterdir()
    again = made(folder / "build_wheel.py", tmp_path / "again")
    assert packed(again)[0] == packed(there)[0]


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

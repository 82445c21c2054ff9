"""Builds wheels and source distributions: what ``pip`` calls, around setuptools.

A wheel has the C library inside, where there is one: the one that the environment variable
``PLAIT_LIBRARY`` names, or one that is made of the sources in ``native``, which source distributions
have, if there is a Swift toolchain. Without either it has none, and uses the system's. Where that library has
others inside, the wheel has their licences, too.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import struct
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from setuptools import build_meta

from staging import HERE, staged

NATIVE = HERE / "native"
#: The libraries that manylinux wheels may take from the system.
SYSTEM = re.compile(r"lib(c|m|pthread|dl|rt|resolv)\.so\.\d+|ld-linux[-.\w]*")

# From the ELF specification: the segment with the loader's entries, and two kinds of those.
_PT_DYNAMIC = 2
_DT_RPATH = 15
_DT_RUNPATH = 29


def without_search_path(image: bytes) -> bytes:
    """Takes the entries that name a search path out of an ELF file of 64 bits."""
    result = bytearray(image)
    order = "<" if image[5] == 1 else ">"
    if image[:5] != b"\x7fELF\x02":
        sys.exit("the library is no ELF file of 64 bits")
    (headers,) = struct.unpack_from(order + "Q", image, 32)
    size, count = struct.unpack_from(order + "HH", image, 54)
    for number in range(count):
        at = headers + number * size
        kind, _, offset, _, _, length = struct.unpack_from(order + "IIQQQQ", image, at)
        if kind != _PT_DYNAMIC:
            continue
        pairs = struct.iter_unpack(order + "qQ", image[offset : offset + length])
        kept = [pair for pair in pairs if pair[0] not in (_DT_RPATH, _DT_RUNPATH)]
        kept += [(0, 0)] * (length // 16 - len(kept))
        result[offset : offset + length] = b"".join(struct.pack(order + "qQ", *p) for p in kept)
    return bytes(result)


def platform_tag(library: Path) -> str:
    """Where a library runs: on every Linux with its glibc if it needs nothing else, or on systems
    like this one.
    """
    own = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    if not own.startswith("linux"):
        return own

    def readelf(what: str) -> str:
        command = ["readelf", what, str(library)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", readelf("-dW"))
    if not all(SYSTEM.fullmatch(name) for name in needed):
        return own
    found = re.findall(r"GLIBC_(\d+)\.(\d+)", readelf("-VW"))
    major, minor = max((int(major), int(minor)) for major, minor in found)
    return f"manylinux_{major}_{minor}_{own.partition('_')[2]}"


def made() -> Path | None:
    """A library that is made of the sources, if they are here, and Swift."""
    if not NATIVE.is_dir() or shutil.which("swift") is None:
        return None
    # What is missing is told, and not installed: this is not who should decide that.
    environment = dict(os.environ, PLAIT_BOOTSTRAP="check")
    make = ["make", "-C", str(NATIVE), "bundled"]
    subprocess.run(make, check=True, env=environment, stdout=sys.stderr)
    return NATIVE / "build" / "bundled" / "libplait.so"


def licences() -> list[Path]:
    """Those that were put here, of what is inside the library."""
    return sorted(HERE.glob("LICENSE-*.txt"))


@contextlib.contextmanager
def bundled() -> Iterator[str | None]:
    """Has the library inside the package meanwhile, and the licences of what is inside that where
    ``setup.py`` looks for them; tells the platform's tag, or None without.
    """
    chosen = os.environ.get("PLAIT_LIBRARY")
    library = Path(chosen) if chosen else made()
    folder = HERE / "plait" / "_lib"
    # What a build that was killed has left.
    shutil.rmtree(folder, ignore_errors=True)
    for text in licences():
        text.unlink()
    if library is None:
        yield None
        return
    if not library.is_file():
        sys.exit("PLAIT_LIBRARY has to name libplait.so")
    folder.mkdir()
    try:
        target = folder / ("libplait.dylib" if sys.platform == "darwin" else "libplait.so")
        # The name that the package looks for, whatever links the original goes through.
        shutil.copyfile(library.resolve(), target)
        target.chmod(0o755)
        if sys.platform == "darwin":
            subprocess.run(["strip", "-x", target], check=True)
        else:
            subprocess.run(["strip", "--strip-unneeded", target], check=True)
            target.write_bytes(without_search_path(target.read_bytes()))
        # scripts/build-bundled puts them beside.
        for text in (library.resolve().parent / "licenses").glob("LICENSE-*.txt"):
            shutil.copyfile(text, HERE / text.name)
        tag = platform_tag(target)
        if tag.startswith("manylinux") and not licences():
            sys.exit("the library has others inside: their licences have to be in a folder licenses beside it")
        yield tag
    finally:
        shutil.rmtree(folder)
        for text in licences():
            text.unlink()


def build_wheel(
    wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None
) -> str:
    """Builds a wheel."""
    settings = dict(config_settings or {})
    # What a build before this one has left would go into the wheel.
    shutil.rmtree(HERE / "build", ignore_errors=True)
    with bundled() as tag:
        if tag is not None:
            settings["--build-option"] = [f"--plat-name={tag}"]
        return build_meta.build_wheel(wheel_directory, settings, metadata_directory)


def build_sdist(sdist_directory: str, config_settings: Any = None) -> str:
    """Builds a source distribution, with the sources of the C library."""
    output = str(Path(sdist_directory).resolve())
    before = Path.cwd()
    with staged(native=True) as folder:
        os.chdir(folder)
        try:
            return build_meta.build_sdist(output, config_settings)
        finally:
            os.chdir(before)


get_requires_for_build_wheel = build_meta.get_requires_for_build_wheel
get_requires_for_build_sdist = build_meta.get_requires_for_build_sdist
# Metadata is not to be had without the wheel: which licences it names depends on what is inside.

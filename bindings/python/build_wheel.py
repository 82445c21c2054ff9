"""Builds a wheel with the C library inside.

    PLAIT_LIBRARY=path/to/libplait.so python build_wheel.py [--output FOLDER] [--no-isolation]

The library is stripped, and its search path taken out. It needs libuv and OpenSSL from the system.
"""

from __future__ import annotations

import argparse
import os
import shutil
import struct
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent

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


def bundle(library: Path, folder: Path) -> None:
    """Copies a library into the package, without what only its builder needs."""
    folder.mkdir()
    target = folder / ("libplait.dylib" if sys.platform == "darwin" else "libplait.so")
    # The name that the package looks for, whatever links the original goes through.
    shutil.copyfile(library.resolve(), target)
    target.chmod(0o755)
    if sys.platform == "darwin":
        subprocess.run(["strip", "-x", target], check=True)
        return
    subprocess.run(["strip", "--strip-unneeded", target], check=True)
    target.write_bytes(without_search_path(target.read_bytes()))


def build(library: Path, output: Path, isolated: bool) -> None:
    """Builds the wheel in a copy of the package."""
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "plait"
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "build", "dist", "_lib")
        shutil.copytree(HERE, copy, ignore=ignored)
        bundle(library, copy / "plait" / "_lib")
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
        command += ["--wheel-dir", str(output), str(copy)]
        command += [f"--config-settings=--build-option=--plat-name={platform}"]
        if not isolated:
            command.append("--no-build-isolation")
        subprocess.run(command, check=True)


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="Builds a wheel with the C library inside.")
    parser.add_argument("--output", type=Path, default=HERE / "dist", help="where the wheel goes")
    parser.add_argument(
        "--no-isolation", action="store_true", help="build with the setuptools that is installed"
    )
    chosen = parser.parse_args()
    library = os.environ.get("PLAIT_LIBRARY")
    if not library or not Path(library).is_file():
        sys.exit("PLAIT_LIBRARY has to name libplait.so")
    build(Path(library), chosen.output.resolve(), not chosen.no_isolation)
    for wheel in sorted(chosen.output.glob("plait-*.whl")):
        print(wheel)


if __name__ == "__main__":
    main()

"""Builds a wheel with the C library inside, or a source distribution.

    PLAIT_LIBRARY=path/to/libplait.so python build_wheel.py [--output FOLDER] [--no-isolation]
    python build_wheel.py --sdist [--output FOLDER]

The library is stripped, and its search path taken out. One that ``make bundled`` has made needs
nothing but libc, and makes a wheel for every Linux with that or a later one; any other needs what it
was linked with from the system. In a checkout both have the files that git knows of, and no others.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from staging import HERE, staged


def wheel(output: Path, isolated: bool) -> None:
    """Builds the wheel in a copy of the package."""
    with staged(native=False) as copy:
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
        command += ["--wheel-dir", str(output), str(copy)]
        if not isolated:
            command.append("--no-build-isolation")
        subprocess.run(command, check=True)


def sdist(output: Path) -> None:
    """Builds the source distribution, with the setuptools that is installed."""
    output.mkdir(parents=True, exist_ok=True)
    script = f"import backend; backend.build_sdist({str(output)!r})"
    subprocess.run([sys.executable, "-c", script], check=True, cwd=HERE, stdout=subprocess.DEVNULL)


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="Builds a wheel with the C library inside.")
    parser.add_argument("--output", type=Path, default=HERE / "dist", help="where it goes")
    parser.add_argument("--sdist", action="store_true", help="build a source distribution")
    parser.add_argument(
        "--no-isolation", action="store_true", help="build with the setuptools that is installed"
    )
    chosen = parser.parse_args()
    output = chosen.output.resolve()
    if chosen.sdist:
        sdist(output)
    else:
        library = os.environ.get("PLAIT_LIBRARY")
        if not library or not Path(library).is_file():
            sys.exit("PLAIT_LIBRARY has to name libplait.so")
        os.environ["PLAIT_LIBRARY"] = str(Path(library).resolve())
        wheel(output, not chosen.no_isolation)
    for built in sorted(output.glob("plait-*.tar.gz" if chosen.sdist else "plait-*.whl")):
        print(built)


if __name__ == "__main__":
    main()

"""What ``pyproject.toml`` cannot say: a wheel is under more licences where its library has others inside."""

from __future__ import annotations

from pathlib import Path

from setuptools import setup

HERE = Path(__file__).resolve().parent
MARK = "SPDX-License-Identifier: "


def expression() -> str:
    """Plait's own licence, and those of what is inside, which are here while a wheel is built."""
    all_of = ["MIT"]
    for text in sorted(HERE.glob("LICENSE-*.txt")):
        for line in text.read_text(encoding="utf-8").splitlines()[:3]:
            if line.startswith(MARK):
                all_of += line[len(MARK) :].split(" AND ")
    return " AND ".join(dict.fromkeys(all_of))


setup(license_expression=expression())

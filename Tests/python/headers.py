"""Reads the C headers: functions, constants, structs and callback types."""

from __future__ import annotations

import re
from pathlib import Path

INCLUDE = Path(__file__).resolve().parents[2] / "include"
_HEADERS = sorted((INCLUDE / "plait").glob("*.h"))


def _text() -> str:
    joined = "\n".join(header.read_text() for header in _HEADERS)
    joined = re.sub(r"/\*.*?\*/", "", joined, flags=re.S)
    return re.sub(r"//.*", "", joined)


TEXT = _text()
_CODE = re.sub(r"^\s*#.*(?:\\\n.*)*", "", TEXT, flags=re.M)


def _type(declaration: str) -> str:
    """The type of a parameter or field, without its name."""
    match = re.match(r"(.*?)(\w+)?\s*(\[\d+\])?$", declaration.strip(), flags=re.S)
    assert match
    kind = " ".join(match.group(1).split())
    return (kind or match.group(2)) + (match.group(3) or "")


def _parameters(text: str) -> list[str]:
    return [] if text.strip() in ("", "void") else [_type(part) for part in text.split(",")]


def functions() -> dict[str, tuple[str, list[str]]]:
    """By name: what it returns, and the types of its parameters."""
    found = {}
    for result, name, parameters in re.findall(
        r"PLAIT_API\s+([\w\s]+?[\s*])(plait_\w+)\(([^;]*)\);", _CODE
    ):
        found[name] = (" ".join(result.split()), _parameters(parameters))
    return found


def callbacks() -> dict[str, tuple[str, list[str]]]:
    """The function types that have a name."""
    return {
        name: (result.strip(), _parameters(parameters))
        for result, name, parameters in re.findall(
            r"typedef\s+([\w\s]+?[\s*]*)\(\*(plait_\w+)\)\(([^;]*)\);", _CODE
        )
    }


def constants() -> list[str]:
    """The names of all constants."""
    enumerated = re.findall(r"^\s*(PLAIT_\w+)\s*=", _CODE, flags=re.M)
    defined = re.findall(r"^#define (PLAIT_\w+) +(?!\{|__)(\S.*)$", TEXT, flags=re.M)
    return enumerated + [name for name, _ in defined if name != "PLAIT_API"]


def structs() -> dict[str, list[tuple[str, object]]]:
    """By name: the fields, each with its type; a callback's is a pair of result and parameters."""
    found: dict[str, list[tuple[str, object]]] = {}
    for body, name in re.findall(r"typedef struct plait_\w+ \{(.*?)\} (plait_\w+);", _CODE, re.S):
        fields: list[tuple[str, object]] = []
        for line in filter(None, (part.strip() for part in body.split(";"))):
            function = re.match(r"([\w\s]+?[\s*]*)\(\*(\w+)\)\((.*)\)$", line, flags=re.S)
            if function:
                fields.append((function[2], (function[1].strip(), _parameters(function[3]))))
            else:
                named = re.search(r"(\w+)\s*(?:\[\d+\])?$", line)
                assert named, line
                fields.append((named[1], _type(line)))
        found[name] = fields
    return found

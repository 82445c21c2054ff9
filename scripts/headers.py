"""Reads the public headers: the functions they declare, with their parameters and comments."""

import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INCLUDE = ROOT / "include" / "plait"

DECLARATION = re.compile(r"^PLAIT_API\s+(?P<type>[\w\s*]+?)\b(?P<name>plait_\w+)\s*\((?P<parameters>[^;]*)\)\s*;", re.M)
COMMENT = re.compile(r"/\*\*(?P<text>(?:[^*]|\*(?!/))*)\*/\s*$")


@dataclass
class Function:
    name: str
    file: str
    line: int
    result: str
    parameters: list[str]
    # (tag, text) in the order of the comment; the tag of what stands before the first one is "".
    sections: list[tuple[str, str]] = field(default_factory=list)

    def section(self, tag):
        return next((text for name, text in self.sections if name == tag), None)


def paths():
    return sorted(INCLUDE.glob("*.h"))


def without_comments(text):
    """The text with its comments blanked, so that offsets and line numbers stay."""
    return re.sub(r"/\*.*?\*/", lambda match: re.sub(r"[^\n]", " ", match.group()), text, flags=re.S)


def sections(comment):
    text = "\n".join(re.sub(r"^\s*\* ?", "", line) for line in comment.split("\n"))
    found = []
    for part in filter(None, re.split(r"^(?=@\w+)", text.strip(), flags=re.M)):
        match = re.match(r"@(\w+)\s*(.*)", part, flags=re.S)
        found.append((match.group(1), match.group(2).strip()) if match else ("", part.strip()))
    return found


def parameter_names(parameters):
    parameters = " ".join(parameters.split())
    if parameters in ("", "void"):
        return []
    return [re.search(r"(\w+)$", parameter.strip()).group(1) for parameter in parameters.split(",")]


def functions_of(path):
    text = path.read_text()
    found = []
    for match in DECLARATION.finditer(without_comments(text)):
        comment = COMMENT.search(text[: match.start()])
        found.append(
            Function(
                name=match["name"],
                file=path.name,
                line=text.count("\n", 0, match.start()) + 1,
                result=match["type"].strip(),
                parameters=parameter_names(match["parameters"]),
                sections=sections(comment["text"]) if comment else [],
            )
        )
    return found


def functions():
    return [function for path in paths() for function in functions_of(path)]

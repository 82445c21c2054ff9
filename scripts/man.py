"""Makes man pages from the headers' comments: scripts/man.py VERSION DIRECTORY

One for each function, and one for each header with what holds for all of it.
"""

import re
import sys
from pathlib import Path

import headers

TITLES = {"return": "RETURN VALUE", "errors": "ERRORS", "thread": "THREAD", "callbacks": "CALLBACKS", "lifetime": "LIFETIME",
          "since": "SINCE", "twisted": "IN TWISTED"}


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)


def inline(text):
    """The little markup that comments have: `code`, **bold**, *emphasis*, #CONSTANT, function()."""
    text = escape(text)
    text = re.sub(r"`([^`]*)`", r"\\fB\1\\fR", text)
    text = re.sub(r"\*\*([^*]+)\*\*", r"\\fB\1\\fR", text)
    text = re.sub(r"(?<![\w*])\*(\w[^*]*)\*(?!\w)", r"\\fI\1\\fR", text)
    text = re.sub(r"#(PLAIT_\w+)", r"\\fB\1\\fR", text)
    return re.sub(r"(?<!\\fB)\b(plait_\w+)\(\)", r"\\fB\1\\fR(3)", text)


def flow(text):
    """Paragraphs, lists and indented blocks."""
    lines = []
    for paragraph in re.split(r"\n\s*\n", text.strip("\n")):
        if all(line.startswith("    ") for line in paragraph.split("\n")):
            lines += [".PP", ".RS 4", ".nf", *(escape(line[4:]) for line in paragraph.split("\n")), ".fi", ".RE"]
            continue
        lines.append(".PP")
        for item in re.split(r"^\s*- ", paragraph, flags=re.M):
            words = " ".join(item.split())
            if not words:
                continue
            if item is not paragraph and paragraph.lstrip().startswith("-"):
                lines.append(".IP \\(bu 2")
            lines.append(inline(words))
    return lines


def page(name, brief, version, body):
    brief = inline(" ".join(brief.split()).rstrip("."))
    return "\n".join([f'.TH "{name}" 3 "" "Plait {version}" "Plait"', ".SH NAME", f"{name} \\- {brief}", *body, ""])


def function_page(function, siblings, declaration, version):
    body = [".SH SYNOPSIS", ".nf", f"\\fB#include <plait/{function.file}>\\fR", "", escape(declaration), ".fi"]
    brief, _, details = function.section("brief").partition("\n\n")
    body += [".SH DESCRIPTION", *flow(brief)] + (flow(details) if details else [])
    parameters = [text for tag, text in function.sections if tag == "param"]
    if parameters:
        body.append(".SH PARAMETERS")
        for text in parameters:
            name, direction, rest = re.match(r"(\w+) \[([\w,]+)\]\s*(.*)", text, flags=re.S).groups()
            body += [".TP", f"\\fI{name}\\fR ({direction})", inline(" ".join(rest.split())) or "\\&"]
    for tag, title in TITLES.items():
        body += [f".SH {title}", *flow(function.section(tag))]
    others = [f"\\fB{header_page(function.file)}\\fR(3)", "\\fBplait_handle\\fR(3)", "\\fBplait_status\\fR(3)"]
    others += [f"\\fB{other.name}\\fR(3)" for other in siblings if other is not function]
    body += [".SH SEE ALSO", ", ".join(others)]
    return page(function.name, brief, version, body)


def header_page(file):
    stem = Path(file).stem
    return "plait" if stem == "plait" else f"plait_{stem}"


def types_of(text):
    """What is left of a header without its functions: types and constants, with their comments, as they stand."""
    text = re.sub(r"\A/\*\*.*?\*/\n", "", text, flags=re.S)
    text = re.sub(r"#ifdef __cplusplus\n.*?#endif\n", "", text, flags=re.S)
    text = re.sub(r"^#(include|ifndef|endif|define PLAIT_\w+_H\b|if defined|else).*\n", "", text, flags=re.M)
    comment = r"/\*\*(?:[^*]|\*(?!/))*\*/\n"
    text = re.sub(rf"(?:{comment})?^PLAIT_API\b[^;]*;\n", "", text, flags=re.M)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")


def overview(path, functions, version):
    comment = re.match(r"/\*\*(.*?)\*/", path.read_text(), flags=re.S).group(1)
    text = next(text for tag, text in headers.sections(comment) if tag == "brief")
    brief, _, details = text.partition("\n\n")
    body = [".SH SYNOPSIS", f"\\fB#include <plait/{path.name}>\\fR", ".SH DESCRIPTION", *flow(brief), *flow(details or "")]
    types = types_of(path.read_text())
    if types:
        body += [".SH TYPES", ".nf", escape(types), ".fi"]
    if functions:
        body.append(".SH FUNCTIONS")
        for function in functions:
            body += [".TP", f"\\fB{function.name}\\fR(3)", inline(" ".join(function.section("brief").split("\n\n")[0].split()))]
    others = [f"\\fB{header_page(other.name)}\\fR(3)" for other in headers.paths() if other != path]
    body += [".SH SEE ALSO", ", ".join(others)]
    return page(header_page(path.name), brief, version, body)


def main(version, directory):
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    for path in headers.paths():
        functions = headers.functions_of(path)
        text = headers.without_comments(path.read_text())
        declarations = {match["name"]: match.group().removeprefix("PLAIT_API ") for match in headers.DECLARATION.finditer(text)}
        for function in functions:
            # The continuation lines were indented for the longer first line.
            declaration = declarations[function.name].replace("\n          ", "\n")
            (directory / f"{function.name}.3").write_text(function_page(function, functions, declaration, version))
        # version.h has one function, and its page's name.
        if all(function.name != header_page(path.name) for function in functions):
            (directory / f"{header_page(path.name)}.3").write_text(overview(path, functions, version))


if __name__ == "__main__":
    main(*sys.argv[1:])

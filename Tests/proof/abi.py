"""The C headers as ctypes: constants, structs, callback types and functions with what their comments promise.

Nothing is written down twice: a function, field or error that is added to a header is known here at once.
"""

import ctypes
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLAIN = {
    "int": ctypes.c_int, "unsigned int": ctypes.c_uint, "size_t": ctypes.c_size_t, "double": ctypes.c_double,
    "uint8_t": ctypes.c_uint8, "uint32_t": ctypes.c_uint32, "int32_t": ctypes.c_int32, "uint64_t": ctypes.c_uint64,
    "int64_t": ctypes.c_int64, "char": ctypes.c_char, "void": None,
}


@dataclass
class Parameter:
    type: str  # as written, without the name and the star
    pointer: bool
    name: str
    about: str = ""  # what the comment says, with its [in] or [out]

    @property
    def is_output(self):
        return "[out]" in self.about

    @property
    def may_be_null(self):
        return bool(re.search(r"\bNULL\b", self.about)) or self.type == "void"


@dataclass
class Function:
    name: str
    result: str
    parameters: list
    sections: dict = field(default_factory=dict)

    def documented_errors(self):
        """The codes of its @errors section; True stands for any of the operating system's."""
        text = self.sections.get("errors", "")
        codes = {CONSTANTS[name] for name in re.findall(r"PLAIT_ERR_\w+", text) if name in CONSTANTS}
        for other in re.findall(r"as those of (plait_\w+)\(\)", text):
            codes |= FUNCTIONS[other].documented_errors()[0]
        if "those of a handle" in text:
            codes |= {CONSTANTS["PLAIT_ERR_" + name] for name in ("STALE", "TYPE", "THREAD", "FORKED")}
        return codes, "operating system" in text

    def writes_on(self, status):
        """Does a comment say that an output is written with this failure? "Written when the answer is #X or #Y"."""
        texts = [part.about.partition("Written when the answer is")[2].partition(",")[0] for part in self.parameters]
        return any(CONSTANTS[name] == status for text in texts for name in re.findall(r"PLAIT_ERR_\w+", text))

    def documents(self, status):
        codes, system = self.documented_errors()
        return status >= 0 or status in codes or (system and status < CONSTANTS["PLAIT_ERR_SYSTEM"])


def _without_comments(text):
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


def _split(parameters):
    """Splits at the commas that are in no parentheses."""
    return [part.strip() for part in re.split(r",(?![^(]*\))", parameters)]


def _parameter(text):
    text = text.replace("const ", "").replace("struct ", "").strip()
    match = re.match(r"(?P<type>[\w ]+?)\s*(?P<stars>\**)\s*(?P<name>\w+)(\[\d+\])?$", text)
    stars = match["stars"]
    if len(stars) == 2:  # only `void **`
        return Parameter("void *", True, match["name"])
    return Parameter(match["type"], bool(stars), match["name"])


def _sections(comment):
    """What stands behind each @tag; those of @param are keyed by the parameter too."""
    text = "\n".join(re.sub(r"^\s*\* ?", "", line) for line in comment.split("\n"))
    found = {}
    for part in re.split(r"^(?=@\w+)", text.strip(), flags=re.M):
        match = re.match(r"@(\w+)\s*(.*)", part, flags=re.S)
        if match and match[1] == "param":
            name, _, about = match[2].partition(" ")
            found["param " + name] = " ".join(about.split())
        elif match:
            found[match[1]] = " ".join(match[2].split())
    return found


_TEXTS = [path.read_text() for path in sorted((ROOT / "include" / "plait").glob("*.h"))]
_CODE = re.sub(r"^[ \t]*#.*$", "", "\n".join(map(_without_comments, _TEXTS)), flags=re.M)

CONSTANTS = {name: int(value) for name, value in re.findall(r"^\s*(PLAIT_\w+)\s*=\s*(-?\d+)", _CODE, flags=re.M)}
CONSTANTS.update((name, int(value)) for name, value in re.findall(r"^#define (PLAIT_\w+) (\d+)$", "\n".join(_TEXTS), re.M))
HANDLES = re.findall(r"typedef struct (plait_\w+) \{ uint64_t id; \}", _CODE)
STRUCTS = {}
CALLBACKS = {}


def name_of(status):
    return next((name for name, value in CONSTANTS.items() if value == status and name.startswith("PLAIT_ERR")), str(status))


def _ctype(type, pointer):
    """Handles are their number: a struct of one uint64_t is passed as one."""
    if type in CALLBACKS and not pointer:
        return CALLBACKS[type]
    if pointer:
        return ctypes.c_char_p if type == "char" else ctypes.c_void_p
    if type in STRUCTS and type not in HANDLES:
        return STRUCTS[type]
    return ctypes.c_uint64 if type in HANDLES else PLAIN[type]


def _prototype(result, parameters):
    parts = [_parameter(part) for part in _split(parameters)] if parameters.strip() not in ("", "void") else []
    # A pointer as a number: ctypes has no way back from a text that a callback returns.
    return ctypes.CFUNCTYPE(ctypes.c_void_p if "*" in result else PLAIN[result.strip()], *[_ctype(part.type, part.pointer) for part in parts])


def _read_structs():
    for name in HANDLES:
        STRUCTS[name] = type(name, (ctypes.Structure,), {"_fields_": [("id", ctypes.c_uint64)]})
    for result, name, parameters in re.findall(r"typedef\s+([\w\s]+?[\s*]*)\(\*(plait_\w+)\)\(([^;]*)\);", _CODE):
        CALLBACKS[name] = _prototype(result, parameters)
    bodies = [(name, body) for name, body in re.findall(r"typedef struct (plait_\w+) \{(.*?)\} \1;", _CODE, flags=re.S)
              if name not in HANDLES]
    # One that is a field of another comes before it; headers are read by their names' order.
    held = lambda found: any(re.search(rf"\b{name}\s+\w+\s*;", found[1]) for name, _ in bodies)
    for name, body in sorted(bodies, key=held):
        fields = []
        for line in filter(None, (part.strip() for part in body.split(";"))):
            function = re.match(r"([\w\s]+?[\s*]*)\(\*(\w+)\)\((.*)\)$", line, flags=re.S)
            size = re.search(r"\[(\d+)\]$", line)
            if function:
                fields.append((function[2], _prototype(function[1], " ".join(function[3].split()))))
                continue
            part = _parameter(line)
            kind = _ctype(part.type, part.pointer)
            fields.append((part.name, kind * int(size[1]) if size else kind))
        STRUCTS[name] = type(name, (ctypes.Structure,), {"_fields_": fields})


def _read_functions():
    found = {}
    for text in _TEXTS:
        for comment, declaration in re.findall(r"/\*\*((?:[^*]|\*(?!/))*)\*/\s*PLAIT_API\s+([^;]*);", text):
            match = re.match(r"(?P<result>[\w\s]+?[\s*]+)(?P<name>plait_\w+)\((?P<list>.*)\)$", " ".join(declaration.split()))
            listed = match["list"]
            function = Function(match["name"], " ".join(match["result"].split()),
                                [] if listed == "void" else [_parameter(part) for part in _split(listed)], _sections(comment))
            for part in function.parameters:
                part.about = function.sections.get("param " + part.name, "")
            found[function.name] = function
    return found


def _spoken():
    """What a conn can speak: each has a factory of its own, with a table of callbacks and around no other factory. The longer
    name comes first, so that the first one that a function's name begins with is its."""
    found = []
    for function in FUNCTIONS.values():
        match = re.match(r"plait_(\w+)_factory_new$", function.name)
        types = [(part.type, part.pointer) for part in function.parameters]
        if match and (f"plait_{match[1]}_handler", True) in types and ("plait_factory", False) not in types:
            found.append(match[1])
    return sorted(found, key=lambda kind: (-len(kind), kind))


_read_structs()
FUNCTIONS = _read_functions()
SPOKEN = _spoken()


def library_path():
    """$PLAIT_LIBRARY, else what `make` has built."""
    return os.environ.get("PLAIT_LIBRARY") or str(ROOT / "build" / "lib" / "libplait.so.0")


def load(path=None):
    """The library, with the types of every function of the headers."""
    library = ctypes.CDLL(path or library_path())
    for function in FUNCTIONS.values():
        symbol = getattr(library, function.name)
        symbol.argtypes = [_ctype(part.type, part.pointer) for part in function.parameters]
        symbol.restype = ctypes.c_char_p if "char" in function.result else PLAIN[function.result]
    return library


def struct(name, **fields):
    """A struct of that name with its struct_size set."""
    made = STRUCTS["plait_" + name]()
    made.struct_size = ctypes.sizeof(made)
    for key, value in fields.items():
        wanted = dict(made._fields_)[key]
        is_function = isinstance(wanted, type) and issubclass(wanted, ctypes._CFuncPtr)
        setattr(made, key, wanted(value) if is_function and not isinstance(value, wanted) else value)
    return made

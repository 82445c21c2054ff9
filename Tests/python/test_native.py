"""The declarations for ctypes say what the C headers say."""

from __future__ import annotations

import ctypes
import importlib
import pkgutil
import re
import subprocess

import pytest

import headers
import plait
from plait import _native
from plait._native import constants, functions, structs

#: All modules of declarations: the common ones, and one for each protocol family.
MODULES = [
    importlib.import_module(f"plait._native.{found.name}")
    for found in pkgutil.iter_modules(_native.__path__)
]
#: Their names, all together.
NAMES = {name: value for module in MODULES for name, value in vars(module).items()}
CONSTANTS = {
    name: value for name, value in NAMES.items() if name.isupper() and type(value) in (int, str)
}

HANDLES = {name for name, fields in headers.structs().items() if fields == [("id", "uint64_t")]}
PLAIN = {
    "void": None,
    "int": ctypes.c_int,
    "unsigned int": ctypes.c_uint,
    "int32_t": ctypes.c_int32,
    "uint32_t": ctypes.c_uint32,
    "int64_t": ctypes.c_int64,
    "uint64_t": ctypes.c_uint64,
    "size_t": ctypes.c_size_t,
    "double": ctypes.c_double,
    "void *": ctypes.c_void_p,
    "const char *": ctypes.c_char_p,
    "const char **": ctypes.POINTER(ctypes.c_char_p),
    # Bytes with NULs in them: an address, to copy from.
    "const uint8_t **": ctypes.POINTER(ctypes.c_void_p),
    "uint8_t": ctypes.c_uint8,
    "char": ctypes.c_char,
}
#: Bytes and tables of numbers: read by C, they are passed as bytes; given by C, they are copied by
#: slicing.
BYTES = {"const uint8_t *", "uint8_t *", "const uint32_t *"}


def camel(name):
    words = re.sub(r"_fn$", "_function", name).split("_")[1:]
    return "".join(word.capitalize() for word in words)


def expected(kind, called_back=False):
    """The ctypes type for a type of C's."""
    if isinstance(kind, tuple):
        # What a callback returns must outlive it: a text is passed as an address.
        result = ctypes.c_void_p if kind[0].endswith("*") else expected(kind[0])
        return ctypes.CFUNCTYPE(result, *(expected(k, True) for k in kind[1]))
    if kind in HANDLES:
        return structs.Handle
    if kind in PLAIN:
        return PLAIN[kind]
    array = re.fullmatch(r"(.*)\[(\d+)\]", kind)
    if array:
        return expected(array[1]) * int(array[2])
    if kind in BYTES:
        return structs.Data if called_back else ctypes.c_char_p
    if kind in headers.callbacks():
        return NAMES[camel(kind)]
    if kind.endswith("*"):
        return ctypes.POINTER(expected(kind.replace("const ", "", 1)[:-1].strip()))
    return NAMES[camel(kind)]


def same(ours, theirs):
    """Whether two types are the same; function types are made anew, and compared by their parts."""
    if ours is theirs:
        return True
    if not (hasattr(ours, "_argtypes_") and hasattr(theirs, "_argtypes_")):
        return False
    pairs = [(ours._restype_, theirs._restype_), *zip(ours._argtypes_, theirs._argtypes_)]
    return len(ours._argtypes_) == len(theirs._argtypes_) and all(same(a, b) for a, b in pairs)


def test_every_function_is_declared():
    declared = [
        f"plait_{name}"
        for module in MODULES
        for name, kind in getattr(module, "__annotations__", {}).items()
        if "Callable" in str(kind)
    ]
    assert sorted(declared) == sorted(headers.functions())


@pytest.mark.parametrize("name", sorted(headers.functions()))
def test_function(name):
    result, parameters = headers.functions()[name]
    function = NAMES[name[len("plait_") :]]
    assert function.restype is expected(result)
    assert len(function.argtypes) == len(parameters)
    for ours, theirs in zip(function.argtypes, parameters):
        assert same(ours, expected(theirs)), theirs


@pytest.mark.parametrize("name", sorted(headers.callbacks()))
def test_callback(name):
    assert same(NAMES[camel(name)], expected(headers.callbacks()[name]))


@pytest.mark.parametrize("name", sorted(set(headers.structs()) - HANDLES))
def test_struct(name):
    fields = headers.structs()[name]
    ours = NAMES[camel(name)]._fields_
    assert [field for field, _ in ours] == [field for field, _ in fields]
    for (field, kind), (_, theirs) in zip(ours, fields):
        wanted = ctypes.c_char_p if theirs == "const uint8_t *" else expected(theirs)
        assert same(kind, wanted), field


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What a C program says of constants, sizes and offsets."""
    folder = tmp_path_factory.mktemp("c")
    lines = ["#include <plait/plait.h>", "#include <stdio.h>", "int main(void) {"]
    for name in headers.constants():
        shape = (
            "%s" if name.endswith(("_STRING", "_SPACE")) else "%llu" if name == "PLAIT_NO_OFFSET" else "%lld"
        )
        cast = "" if shape == "%s" else "(unsigned long long)" if shape == "%llu" else "(long long)"
        lines.append(f'    printf("{name} {shape}\\n", {cast}{name});')
    for name, fields in headers.structs().items():
        lines.append(f'    printf("sizeof({name}) %zu\\n", sizeof({name}));')
        for field, _ in fields:
            lines.append(f'    printf("{name}.{field} %zu\\n", offsetof({name}, {field}));')
    lines += ["    return 0;", "}"]
    source = folder / "told.c"
    source.write_text("\n".join(lines))
    program = folder / "told"
    subprocess.run(["cc", f"-I{headers.INCLUDE}", "-o", program, source], check=True)
    output = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    return dict(line.split(" ", 1) for line in output.splitlines())


def test_constants(told):
    ours = {f"PLAIT_{name}": str(value) for name, value in CONSTANTS.items()}
    assert ours == {name: told[name] for name in headers.constants()}


def test_layout(told):
    for name, fields in headers.structs().items():
        ours = structs.Handle if name in HANDLES else NAMES[camel(name)]
        assert ctypes.sizeof(ours) == int(told[f"sizeof({name})"]), name
        if name not in HANDLES:
            for field, _ in fields:
                assert getattr(ours, field).offset == int(told[f"{name}.{field}"]), (name, field)


def test_handles_pass_as_numbers():
    """A struct around one number is passed, and called back, as the number is."""

    class Struct(ctypes.Structure):
        _fields_ = [("id", ctypes.c_uint64)]

    seen = []
    by_struct = ctypes.CFUNCTYPE(None, ctypes.c_void_p, Struct)(lambda user, s: seen.append(s.id))
    by_number = ctypes.cast(by_struct, structs.ConnFunction)
    by_number(None, 0x0123456789ABCDEF)
    back = ctypes.cast(
        structs.ConnFunction(lambda user, number: seen.append(number)),
        ctypes.CFUNCTYPE(None, ctypes.c_void_p, Struct),
    )
    back(None, Struct(0x0123456789ABCDEF))
    assert seen == [0x0123456789ABCDEF] * 2


def test_version():
    assert plait.__version__ == constants.VERSION_STRING
    numbers = functions.version()
    assert f"{numbers >> 16}.{numbers >> 8 & 255}.{numbers & 255}" == plait.__version__


def test_error_names():
    codes = {name: value for name, value in CONSTANTS.items() if name.startswith("ERR_")}
    for name, value in codes.items():
        # The base of the system's errors is none itself.
        code = value - 1 if name == "ERR_SYSTEM" else value
        assert functions.err_name(code).decode() == f"PLAIT_{name}"

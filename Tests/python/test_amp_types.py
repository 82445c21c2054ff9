"""Types of arguments, beside Twisted's: what they write, and what they read."""

from __future__ import annotations

import datetime
import decimal
import math
import pathlib

import pytest
from twisted.protocols import amp as theirs
from twisted.python.filepath import FilePath

from plait.protocols import amp

D = decimal.Decimal


def zone(sign, hours, minutes):
    """A time zone, as both have it."""
    return datetime.timezone(sign * datetime.timedelta(hours=hours, minutes=minutes))


def made(package, name):
    """A type, by what it is called here."""
    kind, _, inner = name.partition(" of ")
    argument = getattr(package, kind)
    return argument(made(package, inner)) if inner else argument()


MOMENT = datetime.datetime(2012, 1, 23, 12, 34, 56, 54321)

VALUES = {
    "Integer": [0, -1, 2**70, True, 1.9, -(10**100), 12345678901234567890],
    "String": [b"", b"bytes \0\xff"],
    "Unicode": ["", "é\U0001f600", "\0", "\ufeffBOM"],
    "Boolean": [True, False, 1, 0, "x", "", None],
    "Float": [
        0.0,
        -0.0,
        0.1,
        1e-05,
        0.0001,
        1e15,
        1e16,
        1e22,
        5e-324,
        1.7976931348623157e308,
        math.nan,
        math.inf,
        -math.inf,
        1 / 3,
    ],
    "Decimal": [
        D(text)
        for text in (
            "0 -0 1.0 10 1E+2 1E-1 1.5E+2 0.000001 1E-7 0E+3 0E-10 -0.00 100E-2 5E-324 1E+1000 NaN "
            "-NaN NaN123 sNaN -sNaN sNaN5 Infinity -Infinity"
        ).split()
    ],
    "DateTime": [
        MOMENT.replace(tzinfo=datetime.timezone.utc),
        MOMENT.replace(tzinfo=zone(1, 5, 30)),
        MOMENT.replace(tzinfo=zone(-1, 8, 0)),
        MOMENT.replace(tzinfo=amp.utc),
        MOMENT.replace(tzinfo=theirs.utc),
        datetime.datetime(1, 1, 1, tzinfo=zone(-1, 8, 0)),
        datetime.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=zone(1, 0, 1)),
        MOMENT.replace(tzinfo=datetime.timezone(-datetime.timedelta(hours=1, seconds=30))),
        MOMENT.replace(tzinfo=datetime.timezone(datetime.timedelta(seconds=30))),
    ],
    "ListOf of Integer": [[], [1, 20, 500], (7,)],
    "ListOf of Unicode": [["a", "é", ""]],
    "ListOf of ListOf of Integer": [[], [[]], [[1], [2, 3], []]],
    "ListOf of Decimal": [[D("1.50"), D("-0")]],
    "ListOf of DateTime": [[MOMENT.replace(tzinfo=amp.utc)]],
}

REFUSED = {
    "Integer": ["x", None, "1", math.nan, math.inf],
    "Unicode": ["\ud800", 1, None, b"bytes"],
    "Float": [1, "1.0", None, D(1)],
    "Decimal": [1, 1.0, "1", None],
    "DateTime": [MOMENT, None, "now"],
    "ListOf of Integer": [None, ["x"], 3],
}

TEXTS = {
    "Integer": [
        *(b"0", b"-1", b"+7", b" 12 ", b"0012", b"1_000", b"-0", b"12\n", b"9" * 4300),
        *(b"", b"0x10", b"1.5", b"x", b"1__0", b"_1", b"--1", b"\xd9\xa1", b"9" * 4301, b"1 2"),
    ],
    "String": [b"", b"\0\xff"],
    "Unicode": [b"", b"\xc3\xa9", b"\xff", b"\xed\xa0\x80", b"\xc0\xaf", b"\xef\xbb\xbfx", b"\xc3"],
    "Boolean": [b"True", b"False", b"true", b"1", b"", b"TRUE", b"True "],
    "Float": [
        *(b"1", b"1.", b".5", b"1e5", b" 1.5 ", b"NaN", b"INF", b"Infinity", b"+nan", b"1_0.5"),
        *(b"1e400", b"-inf", b"0.1", b"0x1p3", b"1,5", b"", b"e5", b"1e", b"nan(1)", b"1__0"),
    ],
    "Decimal": [
        *(b"inf", b"snan", b"+1", b" 1 ", b"1_0", b".5", b"5.", b"1e5", b"1.00", b"-sNaN5", b"0E-10"),
        *(b"", b"abc", b"\xff", b"1e", b"--1", b"0x1"),
    ],
    "DateTime": [
        *(b"2012-01-23T12:34:56.054321-00:00", b"2012-01-23T12:34:56.054321+00:00"),
        *(b"2012/01/23 12.34.56,054321+05:30", b"2024-02-29T00:00:00.000000+05:30"),
        *(b"0001-01-01T00:00:00.000000-08:00", b"2012-01-23T12:34:56.054321+00:99"),
        *(b"2012-01-23T12:34:60.054321+00:00", b"2012-13-23T12:34:56.054321+00:00"),
        *(b"2012-01-23T12:34:56.054321 00:00", b"2023-02-29T00:00:00.000000+05:30"),
        *(b"", b"2012-01-23T12:34:56.054321+00:0", b"x" * 32, b"\xff" * 32),
        b"0000-01-01T00:00:00.000000-08:00",
    ],
    "ListOf of Integer": [b"", b"\0\0011", b"\0\0011\0\00220\0\003500", b"\0\0011\0", b"\0\5x", b"\0\1x"],
    "ListOf of String": [b"\0\0", b"\0\3abc\0\0", b"\xff\xff" + b"x" * 65535],
    "ListOf of ListOf of Integer": [b"\0\0\0\3\0\0011", b"\0\2\0\1"],
}


def attempt(function, *arguments):
    """What a function returns; or that it raised."""
    try:
        return function(*arguments)
    except Exception:
        return "refused"


def same(one, other):
    """Whether two values are the same, as far as can be seen."""
    if isinstance(one, datetime.datetime):
        return one == other and one.utcoffset() == other.utcoffset()
    return type(one) is type(other) and repr(one) == repr(other)


def cases(table):
    return [
        pytest.param(name, value, id=f"{name}-{index}")
        for name, values in table.items()
        for index, value in enumerate(values)
    ]


@pytest.mark.parametrize(("name", "value"), cases(VALUES))
def test_writing(name, value):
    written = made(amp, name).toString(value)
    assert written == made(theirs, name).toString(value)
    # Nobody can tell from which of the two the bytes are.
    assert repr(made(theirs, name).fromString(written)) is not None
    again = made(amp, name).toString(made(amp, name).fromString(written))
    assert again == written


@pytest.mark.parametrize(("name", "value"), cases(REFUSED))
def test_refusing_to_write(name, value):
    assert attempt(made(theirs, name).toString, value) == "refused"
    with pytest.raises((TypeError, ValueError, OverflowError, AttributeError)):
        made(amp, name).toString(value)


@pytest.mark.parametrize(("name", "text"), cases(TEXTS))
def test_reading(name, text):
    expected = attempt(made(theirs, name).fromString, text)
    assert same(attempt(made(amp, name).fromString, text), expected)


def test_moments():
    written = amp.DateTime().toString(MOMENT.replace(tzinfo=amp.utc))
    assert written == b"2012-01-23T12:34:56.054321-00:00"
    read = amp.DateTime().fromString(written)
    assert read == MOMENT.replace(tzinfo=datetime.timezone.utc)
    assert read.tzinfo.tzname(read) == "-00:00" and read.dst() == datetime.timedelta(0)
    assert "utc" in dir(amp) and amp.utc.utcoffset(None) == datetime.timedelta(0)
    assert repr(read.tzinfo) == "<FixedOffset -00:00>"


def test_lists_of_rows():
    rows = [{"a": 1, "b": b"x"}, {"a": -2, "b": b""}]
    shape = [("a", "Integer"), ("b", "String")]
    ours, other = (
        package.AmpList([(name.encode(), getattr(package, kind)()) for name, kind in shape])
        for package in (amp, theirs)
    )
    written = ours.toStringProto(rows, None)
    assert written == other.toStringProto(rows, None)
    assert written.startswith(b"\0\1a\0\0011\0\1b\0\1x\0\0")
    assert ours.fromStringProto(written, None) == rows
    # A row that is cut off is passed over, and so are keys that are not asked for.
    assert ours.fromStringProto(written[:-1], None) == rows[:1]
    more = amp.Box(a=b"1", b=b"2", c=b"3").serialize()
    assert ours.fromStringProto(more, None) == [{"a": 1, "b": b"2"}]
    with pytest.raises(KeyError):
        ours.fromStringProto(amp.Box(a=b"1").serialize(), None)
    with pytest.raises(TypeError):
        amp.AmpList([("text", amp.Integer())])


def test_an_element_that_is_too_long():
    assert len(amp.ListOf(amp.String()).toString([b"x" * 65535])) == 65537
    with pytest.raises(amp.TooLong):
        amp.ListOf(amp.String()).toString([b"x" * 65536])


def test_paths():
    argument = amp.Path()
    assert argument.toString("/a/../é") == "/é".encode()
    assert argument.toString(pathlib.Path("relative")) == bytes(pathlib.Path.cwd() / "relative")
    assert argument.toString(FilePath("/x/y")) == b"/x/y"
    assert argument.toString(FilePath(b"/x/y")) == b"/x/y"
    assert argument.fromString(b"/a/b/../c") == pathlib.Path("/a/c")
    assert theirs.Path().fromString(argument.toString("/a/b")) == FilePath("/a/b")
    with pytest.raises(UnicodeDecodeError):
        argument.fromString(b"\xff")


class Temperature(amp.Argument):
    """A type of a program's own."""

    def toString(self, inObject):
        return b"%d K" % inObject

    def fromString(self, inString):
        return int(inString[: -len(" K")])


def test_a_type_of_the_programs_own():
    class Warm(amp.Command):
        arguments = [(b"by", Temperature()), (b"list", amp.ListOf(Temperature(), optional=True))]

    box = Warm.makeArguments({"by": 3, "list": [4, 5]}, None)
    assert box == {b"by": b"3 K", b"list": b"\0\0034 K\0\0035 K"}
    assert Warm.parseArguments(box, None) == {"by": 3, "list": [4, 5]}


def test_a_type_that_does_more():
    class Peer(amp.Argument):
        def retrieve(self, d, name, proto):
            return b""

        def fromStringProto(self, inString, proto):
            return proto

        def toBox(self, name, strings, objects, proto):
            pass

    class Who(amp.Command):
        arguments = [(b"from", Peer(optional=True)), (b"x", amp.Integer())]

    assert Who.makeArguments({"x": 1}, None) == {b"x": b"1"}
    assert Who.parseArguments(amp.Box(x=b"1"), "proto") == {"From": "proto", "x": 1}


@pytest.mark.parametrize("package", [theirs, amp])
def test_optional_ones(package):
    class Ask(package.Command):
        arguments = [(b"a", package.Integer(optional=True)), (b"b", package.String())]

    assert Ask.makeArguments({"b": b""}, None) == {b"b": b""}
    assert Ask.makeArguments({"a": None, "b": b""}, None) == {b"b": b""}
    assert Ask.parseArguments(package.Box(b=b"1"), None) == {"a": None, "b": b"1"}
    with pytest.raises(KeyError):
        Ask.parseArguments(package.Box(a=b"1"), None)
    with pytest.raises(ValueError):
        Ask.parseArguments(package.Box(a=b"", b=b""), None)

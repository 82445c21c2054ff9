"""IRC's messages: the public vectors, and Twisted's helpers where they are right."""

from __future__ import annotations

import random

import pytest
from parser_tests import data as vectors
from twisted.words.protocols import irc as theirs

from plait.words.protocols import irc


@pytest.mark.parametrize("case", vectors.msg_split["tests"], ids=lambda case: case["input"])
def test_taking_apart(case):
    atoms = case["atoms"]
    message = irc.parseMessage(case["input"])
    assert message.command == atoms["verb"]
    assert message.params == atoms.get("params", [])
    assert message.source == atoms.get("source")
    assert message.tags == {key: value or "" for key, value in atoms.get("tags", {}).items()}


@pytest.mark.parametrize("case", vectors.msg_join["tests"], ids=lambda case: case["desc"])
def test_putting_together(case):
    atoms = case["atoms"]
    made = irc.makeMessage(
        atoms["verb"], atoms.get("params", []), atoms.get("source"), atoms.get("tags")
    )
    assert made.decode() in case["matches"]


@pytest.mark.parametrize("case", vectors.mask_match["tests"], ids=lambda case: case["mask"])
def test_masks(case):
    for text in case["matches"]:
        assert irc.matchesMask(case["mask"], text)
    for text in case["fails"]:
        assert not irc.matchesMask(case["mask"], text)


@pytest.mark.parametrize("case", vectors.userhost_split["tests"], ids=lambda case: case["source"])
def test_sources(case):
    atoms = case["atoms"]
    assert irc.splitSource(case["source"]) == tuple(
        atoms.get(part, "") for part in ("nick", "user", "host")
    )


@pytest.mark.parametrize("case", vectors.validate_hostname["tests"], ids=lambda case: case["host"])
def test_hosts(case):
    assert irc.isHostName(case["host"]) == case["valid"]


@pytest.mark.parametrize("line", ["", "  ", ":prefixonly", "@tags", "@a :b", "\r\n"])
def test_lines_that_are_no_message(line):
    with pytest.raises(irc.IRCBadMessage):
        irc.parseMessage(line)


@pytest.mark.parametrize(
    ("command", "params", "extra"),
    [
        ("FOO", ["a b", "c"], {}),
        ("FOO", ["", "c"], {}),
        ("FOO", [":a", "c"], {}),
        ("FOO", ["a\r\nQUIT"], {}),
        ("FOO", ["a\0"], {}),
        ("F O", [], {}),
        ("", [], {}),
        ("FOO", ["x" * 507], {}),
        ("FOO", [], {"source": "a b"}),
        ("FOO", [], {"tags": {"a b": "c"}}),
        ("FOO", [], {"tags": {"a": "x" * 8190}}),
        ("FOO", ["x"] * 33, {}),
    ],
)
def test_what_would_not_arrive(command, params, extra):
    with pytest.raises(ValueError):
        irc.makeMessage(command, params, **extra)


def test_any_encoding():
    message = irc.parseMessage(b":n\xefck PRIVMSG #c :caf\xe9")
    assert (message.source, message.params[1]) == ("n\xefck", "caf\xe9")
    assert irc.parseMessage("X :café".encode()).params == ["café"]
    assert irc.makeMessage("X", [b"caf\xe9"]) == b"X caf\xe9"


def test_names():
    assert irc.lower("[Nick]^~") == "{nick}^^"
    assert irc.lower("[Nick]^~", "strict-rfc1459") == "{nick}^~"
    assert irc.lower("[Nick]", "ascii") == "[nick]"


def test_numerics_beside_twisted():
    for digits, name in theirs.numeric_to_symbolic.items():
        assert irc.numeric_to_symbolic[digits] == name
        assert irc.symbolic_to_numeric[name] == digits
    assert irc.symbolic_to_numeric["RPL_LOGGEDIN"] == "900"


WORDS = ["a", "b c", "#chan", "x:y", "\x01ACTION x\x01", "\\", "\\a", "\x10", "é", "  ", "+o", "-v", "\n"]


def test_helpers_beside_twisted():
    rng = random.Random(7)
    for _ in range(2000):
        text = "".join(rng.choice(WORDS) for _ in range(rng.randrange(8)))
        for name in ("lowQuote", "lowDequote", "ctcpQuote", "ctcpExtract", "stripFormatting"):
            if name == "lowDequote" and text.endswith("\x10"):
                continue  # one alone at the end
            assert getattr(irc, name)(text) == getattr(theirs, name)(text), (name, text)
        line = text.replace("\n", "")
        if line.strip(" ") and not line.startswith((":", "@", " ")) and "  " not in line:
            assert irc.parsemsg(f":s!u@h FOO {line}") == theirs.parsemsg(f":s!u@h FOO {line}")


def test_ctcp_stringify_beside_twisted():
    for messages in ([("ACTION", "x y")], [("A", None), ("B", ["c", "d"])], [("X", "a\x01b")], []):
        assert irc.ctcpStringify(messages) == theirs.ctcpStringify(messages)


@pytest.mark.parametrize("modes", ["", "+", "++", "-+", "+-k", "klm", "+k", "+klm", "+bbb", "-b+l"])
@pytest.mark.parametrize("count", range(4))
def test_modes_beside_twisted(modes, count):
    kinds = ("bkl", "bk")
    params = [str(number) for number in range(count)]
    try:
        wanted = theirs.parseModes(modes, list(params), kinds)  # it empties what it is given
    except theirs.IRCBadModes:
        with pytest.raises(irc.IRCBadModes):
            irc.parseModes(modes, params, kinds)
    else:
        assert irc.parseModes(modes, params, kinds) == wanted


def test_splitting():
    for length in (1, 5, 10, 80):
        for text in ("", "one two three", "a\n\nb\n", "averyveryverylongword and more", "  x  y"):
            assert irc.split(text, length) == theirs.split(text, length)
    with pytest.raises(ValueError):
        irc.split("x", 0)
    text = "ein größerer Text 😀😀😀 über Äpfel"
    for room in range(4, 40):
        pieces = irc.splitBytes(text, room)
        assert all(len(piece) <= room and piece.decode() for piece in pieces)
        assert b"".join(pieces).replace(b" ", b"") == text.replace(" ", "").encode()


def test_formatting():
    text = "\x02bold\x1d both\x0f none \x0304,12red\x0399 none \x04FF00FFhex"
    assert irc.parseRuns(text) == [
        irc.Run("bold", bold=True),
        irc.Run(" both", bold=True, italics=True),
        irc.Run(" none "),
        irc.Run("red", foreground=4, background=12),
        irc.Run(" none ", background=12),
        irc.Run("hex", foreground="FF00FF", background=12),
    ]
    assert irc.stripFormatting(text) == "bold both none red none hex"
    runs = [irc.Run("1", foreground=4), irc.Run(",2", strike=True), irc.Run("3", foreground="00FF00")]
    assert irc.parseRuns(irc.makeRuns(runs)) == runs
    with pytest.raises(ValueError):
        irc.makeRuns([irc.Run("x", foreground=99)])


@pytest.mark.parametrize("address", ["1.2.3.4", "16909060", "::1", "0", "4294967295"])
def test_addresses(address):
    if ":" not in address:
        assert irc.dccParseAddress(address) == theirs.dccParseAddress(address)
    else:
        assert irc.dccParseAddress(address) == address


@pytest.mark.parametrize("address", ["", "x", "-1", "4294967296"])
def test_no_addresses(address):
    with pytest.raises(irc.IRCBadMessage):
        irc.dccParseAddress(address)

"""What is sent from inside callbacks leaves in order, as it was meant when it was sent."""

from __future__ import annotations

import pytest

from conftest import until
from pairs import pair, receive
from plait.protocols import basic

__all__ = ["pair"]


class Mixed(basic.LineReceiver):
    """Sends what a line tells it to, in every way there is."""

    def lineReceived(self, line):
        for word in line.split():
            if word == b"semicolon":
                self.delimiter = b";"
            elif word == b"crlf":
                self.delimiter = b"\r\n"
            elif word == b"write":
                self.transport.write(b"(written)")
            elif word == b"array":
                array = bytearray(b"array")
                self.sendLine(array)
                array[:] = b"other"
            elif word == b"many":
                self.sendLines([b"m1", b"m2"])
            else:
                self.sendLine(word)


def test_lines_and_all_else_keep_their_order(reactor, pair):
    made = Mixed()
    peer = pair(made)
    peer.sendall(b"a b write c\r\nd array e many f\r\nwrite g\r\n")
    wanted = b"a\r\nb\r\n(written)c\r\nd\r\narray\r\ne\r\nm1\r\nm2\r\nf\r\n(written)g\r\n"
    assert receive(reactor, peer, len(wanted)) == wanted


def test_a_line_has_the_delimiter_of_its_time(reactor, pair):
    made = Mixed()
    peer = pair(made)
    peer.sendall(b"a semicolon b c\r\n")
    assert receive(reactor, peer, 7) == b"a\r\nb;c;"
    peer.sendall(b"d crlf e;f\r\n")
    assert receive(reactor, peer, 8) == b"d;e\r\nf\r\n"


class Mixin:
    delimiter = b"|"
    MAX_LENGTH = 12


class Inherits(Mixin, Mixed):
    pass


class Computes(Mixed):
    current = b"|"

    @property
    def delimiter(self):
        return self.current

    @delimiter.setter
    def delimiter(self, value):
        self.current = value


class Subclass(Mixed):
    delimiter = b"|"


@pytest.mark.parametrize("kind", [Inherits, Computes, Subclass])
def test_a_class_with_a_delimiter_of_its_own(reactor, pair, kind):
    assert kind.delimiter == b"|" or kind is Computes
    made = kind()
    peer = pair(made)
    peer.sendall(b"a b|semicolon c|d;crlf e;f\r\n")
    wanted = b"a|b|c;d;e\r\nf\r\n"
    assert receive(reactor, peer, len(wanted)) == wanted
    assert made.delimiter == b"\r\n"


def test_what_a_class_says_later():
    class Late(basic.LineReceiver):
        pass

    Late.delimiter = b"/"
    assert Late.delimiter == b"/" and Late().delimiter == b"/"
    assert basic.LineReceiver.delimiter == b"\r\n" and basic.LineReceiver.MAX_LENGTH == 16384
    made = basic.LineReceiver()
    made.delimiter = b"+"
    assert made.delimiter == b"+"
    del made.delimiter
    assert made.delimiter == b"\r\n"


def test_a_limit_of_a_mixin_holds(reactor, pair):
    made = Inherits()
    peer = pair(made)
    peer.sendall(b"123456789012|1234567890123|")
    assert receive(reactor, peer, 13) == b"123456789012|"
    until(reactor, lambda: made.transport.disconnected)


class Strings(basic.Int16StringReceiver):
    def stringReceived(self, string):
        if string == b"write":
            self.transport.write(b"(written)")
        elif string == b"array":
            array = bytearray(b"array")
            self.sendString(array)
            array[:] = b"other"
        elif string == b"large":
            with pytest.raises(basic.StringTooLongError):
                self.sendString(bytes(65536))
        elif string == b"lines":
            lines = Mixed()
            self.transport.protocol = lines
            lines.makeConnection(self.transport)
            lines.sendLine(b"a line")
            self.sendString(b"behind it")
            lines.sendLine(b"another")
        elif string == b"text":
            with pytest.raises(TypeError):
                self.sendString("text")
        else:
            self.sendString(string)


def test_strings_and_all_else_keep_their_order(reactor, pair):
    made = Strings()
    peer = pair(made)
    sent = [b"a", b"large", b"b", b"text", b"write", b"array", b"c", b"", b"lines"]
    peer.sendall(b"".join(made.frame(string) for string in sent))
    wanted = b"\0\1a\0\1b(written)\0\5array\0\1c\0\0a line\r\n\0\x09behind itanother\r\n"
    assert receive(reactor, peer, len(wanted)) == wanted


def test_more_lengths_than_are_kept():
    made = Strings()
    for length in range(3000):
        assert made.frame(bytes(length)) == length.to_bytes(2, "big") + bytes(length)
    with pytest.raises(basic.StringTooLongError):
        made.frame(bytes(65536))

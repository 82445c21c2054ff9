"""Whose connection is it: on transports that a test feeds, and on a reactor's own."""

from __future__ import annotations

import os
import pwd

import pytest

from conftest import run, wants
from plait.internet import endpoints, error
from plait.internet.defer import Deferred
from plait.internet.protocol import Factory
from plait.protocols import ident
from plait.test.proto_helpers import StringTransport


class Server(ident.IdentServer):
    def __init__(self, answer):
        self.answer = answer
        self.asked = []

    def lookup(self, serverAddress, clientAddress):
        self.asked.append((serverAddress[1], clientAddress[1]))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def fed(server, *lines):
    transport = StringTransport()
    server.makeConnection(transport)
    for line in lines:
        server.dataReceived(line)
    return transport


@pytest.mark.parametrize(
    "answer, said",
    [
        (("SYS", "USER"), b"USERID : SYS : USER"),
        (("SYS", "a\r\n1, 2 : USERID : X : root"), b"USERID : SYS : a1, 2 : USERID : X : root"),
        (ident.IdentError(), b"ERROR : UNKNOWN-ERROR"),
        (ident.NoUser(), b"ERROR : NO-USER"),
        (ident.HiddenUser(), b"ERROR : HIDDEN-USER"),
        (ident.InvalidPort(), b"ERROR : INVALID-PORT"),
    ],
)
def test_answers(answer, said):
    server = Server(answer)
    transport = fed(server, b"123, 4", b"56\r\n")
    assert transport.value() == b"123, 456 : " + said + b"\r\n"
    assert server.asked == [(123, 456)]


@pytest.mark.logs_errors
def test_a_lookup_that_breaks():
    assert fed(Server(ValueError("x")), b"1,2\r\n").value() == b"1, 2 : ERROR : UNKNOWN-ERROR\r\n"


def test_later():
    answer = Deferred()
    transport = fed(Server(answer), b"1,2\r\n")
    assert transport.value() == b""
    answer.callback(("UNIX", "late"))
    assert transport.value() == b"1, 2 : USERID : UNIX : late\r\n"


@pytest.mark.parametrize("ports", [b"0, 5", b"65536, 5", b"5, -1"])
def test_ports_that_are_none(ports):
    transport = fed(Server(None), ports + b"\r\n")
    assert transport.value() == ports + b" : ERROR : INVALID-PORT\r\n"


@pytest.mark.parametrize("line", [b"hello", b"1", b"1,2,3", b"a,b", b""])
def test_lines_that_are_no_query(line):
    transport = fed(Server(None), line + b"\r\n")
    assert transport.value() == b"" and transport.disconnecting


def test_nobody_by_default():
    assert fed(ident.IdentServer(), b"1,2\r\n").value() == b"1, 2 : ERROR : UNKNOWN-ERROR\r\n"


class Client(ident.IdentClient):
    timeOut = None


def asked(*lines):
    client = Client()
    transport = StringTransport()
    client.makeConnection(transport)
    heard = []
    for ports in ((1, 9), (2, 9)):
        client.lookup(*ports).addBoth(heard.append)
    assert transport.value() == b"1, 9\r\n2, 9\r\n"
    for line in lines:
        client.dataReceived(line)
    return client, heard


def test_replies_find_their_queries():
    _, heard = asked(b"2,9 : USERID : UNIX : b:c \r\n", b"1 , 9:USERID:OTHER , UTF-8:", b"a\r\n")
    assert heard == [("UNIX", "b:c"), ("OTHER", "a")]


def test_errors():
    client, heard = asked(b"1,9 : ERROR : NO-USER\r\n2,9 : ERROR : X-MINE\r\n5,5:USERID:UNIX:x\r\n???\r\n")
    assert heard[0].check(ident.NoUser)
    assert heard[1].check(ident.IdentError) and "X-MINE" in str(heard[1].value)
    assert client.queries == []
    client.lookup(0, 5).addErrback(lambda failure: heard.append(failure.trap(ident.InvalidPort)))
    assert heard[2:] == [ident.InvalidPort]


def test_the_end():
    client, heard = asked()
    client.connectionLost()
    assert [failure.check(ident.IdentError) for failure in heard] == [ident.IdentError] * 2
    client.lookup(1, 2).addErrback(heard.append)
    assert heard[2].check(ident.IdentError)


# The kernel


class Kernel(ident.ProcServerMixin, ident.IdentServer):
    pass


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_kernel(reactor, host):
    wants(host)
    kind = "tcp6" if ":" in host else "tcp"
    escaped = host.replace(":", "\\:")
    where = endpoints.serverFromString(reactor, f"{kind}:0:interface={escaped}")
    port = run(reactor, where.listen(Factory.forProtocol(Kernel)))
    place = endpoints.clientFromString(reactor, f"tcp:{escaped}:{port.getHost().port}")
    client = run(reactor, place.connect(Factory.forProtocol(ident.IdentClient)))
    here, there = client.transport.getHost(), client.transport.getPeer()
    name = pwd.getpwuid(os.getuid()).pw_name
    assert run(reactor, client.lookup(there.port, here.port)) == ("LINUX", name)
    assert ident.owner((here.host, here.port), (there.host, there.port)) == os.getuid()
    with pytest.raises(ident.NoUser):
        run(reactor, client.lookup(there.port, 1))
    with pytest.raises(ident.NoUser):
        ident.owner((host, 1), (host, 2))


def test_silence(reactor):
    class Never(ident.IdentServer):
        def lookup(self, serverAddress, clientAddress):
            return Deferred()

    class Hasty(ident.IdentClient):
        timeOut = 0.05

    where = endpoints.serverFromString(reactor, "tcp:0:interface=127.0.0.1")
    port = run(reactor, where.listen(Factory.forProtocol(Never)))
    place = endpoints.clientFromString(reactor, f"tcp:127.0.0.1:{port.getHost().port}")
    client = run(reactor, place.connect(Factory.forProtocol(Hasty)))
    with pytest.raises(error.TimeoutError):
        run(reactor, client.lookup(1, 2))
    assert client.queries == []

"""Exceptions that programs make themselves, as they make Twisted's."""

from __future__ import annotations

import copy
import errno
import pickle

import pytest
from twisted.internet import error as twisted

from conftest import reserved_port, until
from plait._native import constants
from plait.error import PlaitError, describe
from plait.internet import address, defer, endpoints, error, protocol, task
from plait.internet._reasons import cannot_listen, connect_failed, connection_lost

CLOSED = [
    "ConnectionAborted",
    "ConnectionClosed",
    "ConnectionDone",
    "ConnectionFdescWentAway",
    "ConnectionLost",
    "FileDescriptorOverrun",
]


@pytest.mark.parametrize("name", [*CLOSED, "NoProtocol", "BindError"])
@pytest.mark.parametrize("args", [("why",), ("why", "indeed"), ("",)])
def test_made_of_texts(name, args):
    made, theirs = getattr(error, name)(*args), getattr(twisted, name)(*args)
    assert made.args == theirs.args == args
    assert made.text == " ".join(args)
    assert " ".join(args) in str(made)
    assert made.status == getattr(error, name).default_status
    assert made.name.startswith("PLAIT_") and made.errno == 0


@pytest.mark.parametrize("name", CLOSED)
def test_made_of_nothing(name):
    made = getattr(error, name)()
    assert made.args == getattr(twisted, name)().args == ()
    assert str(made) == made.summary and made.name.startswith("PLAIT_")


@pytest.mark.parametrize("kind", ["ConnectError", "ConnectionRefusedError", "DNSLookupError", "BindError", "ConnectionLost"])
def test_causes_of_any_kind(kind):
    """Programs give exceptions, too, as they do with Twisted."""
    for cause in (OSError(111, "refused"), 5, b"x", None):
        made = getattr(error, kind)(111, cause)
        assert str(made) and str(copy.copy(made)) == str(made)
        assert str(pickle.loads(pickle.dumps(made))) == str(made)


def test_made_of_a_status():
    made = connection_lost(constants.ERR_SYSTEM - errno.ECONNRESET)
    assert isinstance(made, error.ConnectionLost) and made.errno == errno.ECONNRESET
    for status, text in [(-7, "odd"), (-7, "")]:
        made = error.PeerError(status, text)
        assert (made.status, made.text) == (status, text)
        assert made.args == ((text,) if text else ())
        assert PlaitError(status, text).args == (status, text)
    assert error.SSLError(text="x").args == ("x",) and error.SSLError(None, "x").text == "x"


@pytest.mark.parametrize(
    "made",
    [
        error.ConnectionLost("why"),
        error.ConnectionLost(-7, "odd"),
        error.ConnectionDone(),
        PlaitError(-7, "odd"),
        error.TimeoutError(0.5, "Deferred"),
    ],
)
def test_pickled(made):
    again = pickle.loads(pickle.dumps(made))
    assert (type(again), again.args, again.status, again.text, str(again)) == (
        type(made),
        made.args,
        made.status,
        made.text,
        str(made),
    )


def test_what_a_deferred_waited_for():
    clock, failures = task.Clock(), []
    deferred = defer.Deferred()
    deferred.addTimeout(0.5, clock).addErrback(failures.append)
    clock.advance(1)
    assert failures[0].check(defer.TimeoutError, error.TimeoutError)
    assert failures[0].value.args == (0.5, "Deferred")
    assert str(failures[0].value) == "the time limit passed (0.5 s): Deferred"
    assert failures[0].value.errno == 0 and failures[0].value.name == "PLAIT_ERR_TIMEOUT"
    assert str(error.TimeoutError()) == "the time limit passed"


def test_all_names_are_there():
    names = {
        name
        for name, value in vars(twisted).items()
        if isinstance(value, type) and value.__module__ == twisted.__name__
    }
    assert len(names) > 30 and names <= set(error.__all__)
    for name in names:
        assert issubclass(getattr(error, name), BaseException)


def test_processes():
    assert (error.ProcessDone(0).exitCode, error.ProcessTerminated(3).exitCode) == (0, 3)
    assert isinstance(error.ProcessDone(0), error.ConnectionDone)
    assert "exit code 3" in str(error.ProcessTerminated(3))
    assert "signal 9" in str(error.ProcessTerminated(signal=9))


BUILTIN = {
    "BindError": OSError,
    "CannotListenError": OSError,
    "ConnectError": OSError,
    "ConnectionAborted": ConnectionAbortedError,
    "ConnectionLost": ConnectionError,
    "ConnectionRefusedError": ConnectionRefusedError,
    "DNSLookupError": OSError,
    "SSLError": ConnectionError,
    "TCPTimedOutError": TimeoutError,
    "TimeoutError": TimeoutError,
}


@pytest.mark.parametrize("name", BUILTIN)
def test_of_pythons_kind(name):
    assert issubclass(getattr(error, name), BUILTIN[name])


def test_good_ends_are_no_errors_of_the_system():
    for name in ("ConnectionClosed", "ConnectionDone", "ConnectingCancelledError", "NoProtocol"):
        assert not issubclass(getattr(error, name), OSError)


def test_attributes_of_the_systems_errors():
    refused = connect_failed(constants.ERR_REFUSED, "the connection was refused", errno.ECONNREFUSED)
    assert isinstance(refused, ConnectionRefusedError) and refused.errno == errno.ECONNREFUSED
    assert refused.strerror == str(refused) == "the connection was refused (error 111)"
    assert refused.filename is None and refused.status == constants.ERR_REFUSED
    reset = connection_lost(constants.ERR_SYSTEM - errno.ECONNRESET)
    assert reset.errno == errno.ECONNRESET and "reset" in reset.strerror
    unknown = connect_failed(constants.ERR_NO_NAME, "no such name", 0, "name.invalid:80")
    assert unknown.strerror == str(unknown) and unknown.filename is None and unknown.args == ("no such name",)
    assert error.DNSLookupError("why").args == ("why",) and error.DNSLookupError().errno == 0
    taken = cannot_listen("", 80, constants.ERR_SYSTEM - errno.EADDRINUSE)
    assert taken.errno == errno.EADDRINUSE and error.ConnectionLost("a", "b", "c").args == ("a", "b", "c")
    assert error.CannotListenError("", 80, ValueError("x")).errno == 0
    again = pickle.loads(pickle.dumps(refused))
    assert (type(again), again.args, str(again)) == (type(refused), refused.args, str(refused))


def statuses():
    return [value for name, value in vars(constants).items() if name.startswith("ERR_")]


def test_nothing_is_said_twice():
    """Whatever the library or the system says of itself: a cause that repeats the summary is left out."""
    systems = [constants.ERR_SYSTEM - number for number in errno.errorcode]
    for status in [*statuses(), *systems]:
        text = describe(status)
        for made in (connection_lost(status, text), connect_failed(status, text), cannot_listen("", 80, status, text)):
            pieces = str(made).split(": ")
            assert len({piece.lower() for piece in pieces}) == len(pieces), str(made)
    assert str(connect_failed(constants.ERR_SYSTEM - errno.EHOSTUNREACH)) == "no route to the host (error 113)"
    assert str(error.ConnectionRefusedError(111, "Connection refused")) == "the connection was refused (error 111)"
    assert str(error.ConnectionDone("the connection was closed")) == "the connection was closed cleanly"
    assert str(error.ConnectBindError(98, "Address already in use")) == "could not bind (error 98): Address already in use"


@pytest.mark.parametrize(
    "interface, port, words",
    [
        ("", 80, "port 80"),
        ("127.0.0.1", 80, "127.0.0.1:80"),
        ("::1", 80, "[::1]:80"),
        ("", "/run/x", "/run/x"),
        (None, "", "''"),
        ("", "tcp:80:interface=::1", "tcp:80:interface=::1"),
    ],
)
def test_where_it_cannot_listen(interface, port, words):
    made = error.CannotListenError(interface, port, OSError("taken"))
    assert str(made) == f"cannot listen on {words}: taken"


@pytest.mark.parametrize(
    "where, words",
    [
        (address.IPv4Address("TCP", "127.0.0.1", 80), "127.0.0.1:80"),
        (address.IPv6Address("TCP", "::1", 80), "[::1]:80"),
        (address.HostnameAddress(b"example.org", 80), "example.org:80"),
        (address.UNIXAddress("/run/x"), "/run/x"),
        (address.UNIXAddress(b"\0x"), "@x"),
        ("tcp:host=example.org:port=80", "tcp:host=example.org:port=80"),
        ("socks5:host=x:port=80:user=me:password=se\\:cret:timeout=3", "socks5:host=x:port=80:timeout=3"),
    ],
)
def test_where_it_cannot_connect(where, words):
    for made in (
        connect_failed(constants.ERR_REFUSED, "", errno.ECONNREFUSED, address.place(where)),
        connect_failed(constants.ERR_NO_NAME, "no such name", 0, address.place(where)),
        connect_failed(constants.ERR_TIMEOUT, "", 0, address.place(where)),
        connect_failed(constants.ERR_SYSTEM - errno.ENOENT, "", 0, address.place(where)),
    ):
        assert str(made).startswith(f"could not connect to {words}") and str(made).count("connect to") == 1
        again = pickle.loads(pickle.dumps(made))
        assert (type(again), again.args, again.where, str(again)) == (type(made), made.args, made.where, str(made))


@pytest.mark.parametrize("way", ["connectTCP", "endpoint"])
def test_the_place_is_told(reactor, way):
    with reserved_port() as nobody:
        factory, failures = protocol.ClientFactory.forProtocol(protocol.Protocol), []
        if way == "connectTCP":
            factory.clientConnectionFailed = lambda connector, reason: failures.append(reason)
            reactor.connectTCP("127.0.0.1", nobody, factory)
        else:
            where = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", nobody)
            where.connect(factory).addErrback(failures.append)
        until(reactor, lambda: failures)
    told = f"could not connect to 127.0.0.1:{nobody}: the connection was refused (error 111)"
    assert failures[0].getErrorMessage() == told


def test_time_limits_of_every_kind():
    from plait.words.protocols.jabber import xmlstream

    for kind in (error.TimeoutError, defer.TimeoutError, xmlstream.TimeoutError):
        assert issubclass(kind, TimeoutError)

"""What plait.aio says that it raises, and what it raises."""

from __future__ import annotations

import asyncio
import builtins
import inspect
import socket

import pytest

from conftest import LIMIT, full_listener, reserved_port
from plait import aio
from plait.internet import error, ssl
from plait.protocols import basic
from test_tls import certificates  # noqa: F401


def play(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, LIMIT))


#: What raises nothing, or is called by the package.
QUIET = {
    "abort",
    "close",
    "connectionLost",
    "dataReceived",
    "ended",
    "lengthLimitExceeded",
    "lineLengthExceeded",
    "linesReceived",
    "stringsReceived",
}


def public():
    for name in aio.__all__:
        thing = getattr(aio, name)
        if not inspect.isclass(thing):
            yield name, thing
            continue
        for attribute, method in vars(thing).items():
            if inspect.isfunction(method) and not attribute.startswith("_") and attribute not in QUIET:
                yield f"{name}.{attribute}", method


@pytest.mark.parametrize("name, thing", list(public()))
def test_docstrings_say_what_is_raised(name, thing):
    told = inspect.getdoc(thing)
    assert ":raises " in told, name


class Nobody:
    """A factory that builds none."""

    def doStart(self): ...

    def doStop(self): ...

    def buildProtocol(self, addr):
        return None


def raised(endpoint, factory=aio.Lines, ask=aio.connect):
    with pytest.raises(Exception) as told:
        play(ask(endpoint, factory))
    return told.value


def test_connecting():
    with reserved_port() as nobody:
        refused = raised(f"tcp:127.0.0.1:{nobody}")
    assert type(refused) is error.ConnectionRefusedError
    place = f"could not connect to tcp:127.0.0.1:{nobody}"
    assert str(refused) == f"{place}: the connection was refused (error 111)"
    assert isinstance(refused, builtins.ConnectionRefusedError) and isinstance(refused, OSError)
    nowhere = raised("unix:/no/such/place")
    assert type(nowhere) is error.ConnectError
    assert str(nowhere) == "could not connect to unix:/no/such/place (error 2): No such file or directory"
    unknown = raised("tcp:name.invalid:80")
    assert type(unknown) is error.DNSLookupError and isinstance(unknown, OSError)
    assert str(unknown).startswith("could not connect to tcp:name.invalid:80: the name could not be resolved")
    assert type(raised("tcp:nowhere")) is ValueError
    with full_listener() as port:
        late = raised(f"tcp:127.0.0.1:{port}:timeout=0.01")
    assert type(late) is error.TimeoutError and isinstance(late, builtins.TimeoutError)
    assert str(late) == f"could not connect to tcp:127.0.0.1:{port}:timeout=0.01: the time limit passed"
    with reserved_port() as nobody:
        proxy = f"socks5:proxy=tcp\\:127.0.0.1\\:{nobody}:host=x.invalid:port=80"
        told = str(raised(f"{proxy}:user=me:password=a\\:b"))
        assert told == f"could not connect to {proxy}: the connection was refused (error 111)"


def test_connecting_for_nobody():
    async def main():
        async with aio.listening("tcp:0:interface=127.0.0.1", basic.LineReceiver) as port:
            await aio.connect(f"tcp:127.0.0.1:{port.getHost().port}", Nobody())

    with pytest.raises(error.NoProtocol):
        play(main())


def test_listening():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        where = f"tcp:{taken.getsockname()[1]}:interface=127.0.0.1"
        problem = raised(where, ask=aio.listen)
    assert type(problem) is error.CannotListenError and isinstance(problem, OSError)
    assert type(raised("tcp:many", ask=aio.listen)) is ValueError


def test_tls(certificates):  # noqa: F811
    where = f"ssl:0:interface=127.0.0.1:privateKey={certificates}/good.pem"

    async def main():
        async with aio.serving(where, aio.Lines, aio.Conn.ended) as port:
            await aio.connect(f"tls:localhost:{port.getHost().port}", aio.Lines)

    with pytest.raises(error.VerificationError) as told:
        play(main())
    assert isinstance(told.value, ConnectionError)


UNUSABLE = {
    "a file of nothing": ("privateKey=/dev/null", "certificate=/dev/null:privateKey=/dev/null", ssl.SSLConfigurationError),
    "no file": ("privateKey=/no/such.pem", "certificate=/no/such.pem:privateKey=/dev/null", FileNotFoundError),
    "another's key": (
        "privateKey={0}/good.pem:certKey={0}/other.pem",
        "privateKey={0}/good.pem:certificate={0}/other.pem",
        ssl.SSLConfigurationError,
    ),
    "no such trust": (None, "trustRoots=/no/such.pem", FileNotFoundError),
    "nobody to trust": (None, "trustRoots=/dev/null", ssl.SSLConfigurationError),
    "no key": ("interface=127.0.0.1", None, ValueError),
}


@pytest.mark.parametrize("what", UNUSABLE)
def test_certificates_that_cannot_be_used(certificates, what):  # noqa: F811
    """The same is raised by both sides."""
    listening, connecting, kind = UNUSABLE[what]
    if listening is not None:
        assert type(raised(f"ssl:0:{listening.format(certificates)}", ask=aio.listen)) is kind
    if connecting is not None:
        assert type(raised(f"tls:127.0.0.1:1:{connecting.format(certificates)}")) is kind


def test_without_a_loop():
    for coroutine in (aio.connect("tcp:127.0.0.1:1", aio.Lines), aio.listen("tcp:0", aio.Lines)):
        with pytest.raises(RuntimeError):
            coroutine.send(None)
    with pytest.raises(RuntimeError):
        aio.getReactor()


def test_connections_that_break():
    """As with asyncio's streams: a ConnectionError, and what has come can be read before that."""

    async def handle(conn):
        conn.sendLine(b"last words")
        try:
            await conn.read()
        except ConnectionError:
            return
        linger = b"\1\0\0\0\0\0\0\0"
        conn.transport.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        conn.abort()

    async def main():
        async with aio.serving("tcp:0:interface=127.0.0.1", aio.Lines, handle) as port:
            conn = await aio.connect(f"tcp:127.0.0.1:{port.getHost().port}", aio.Lines)
            assert await conn.read() == b"last words"
            conn.sendLine(b"go")
            with pytest.raises(ConnectionError) as told:
                await conn.read()
            assert type(told.value) is error.ConnectionLost
            with pytest.raises(ConnectionError):
                await conn.drain()
            assert (await conn.ended()).check(error.ConnectionLost)
            await conn.close()
            again = await aio.connect(f"tcp:127.0.0.1:{port.getHost().port}", aio.Lines)
            again.abort()
            with pytest.raises(builtins.ConnectionAbortedError):
                while True:
                    await again.read()

    play(main())



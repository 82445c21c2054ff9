"""Two protocols talk with each other: Twisted's ``twisted.protocols.loopback``.

What these functions give is a Deferred that fires when both protocols have lost their connection;
its attribute ``established`` is one that fires when both are connected. ::

    done = loopback.loopback(server, client)
    client.sendLine(b"hello")
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from typing import Any, Callable

from ..internet import _strings, defer
from ..internet.ports import Port
from ..internet.protocol import Factory
from ..python.failure import Failure
from ._looping import Loop, Queue

__all__ = [
    "LoopbackDeferred",
    "byteAtATimePumpPolicy",
    "collapsingPumpPolicy",
    "delayedPumpPolicy",
    "fixedSizePumpPolicy",
    "identityPumpPolicy",
    "loopback",
    "loopbackAsync",
    "loopbackTCP",
    "loopbackUNIX",
    "randomPumpPolicy",
]

_Policy = Callable[[Any, Any], Any]


class LoopbackDeferred(defer.Deferred[None]):
    """Fires when a loopback is over.

    :ivar established: a Deferred that fires when both protocols are connected.
    """

    def __init__(self, canceller: Any = None) -> None:
        super().__init__(canceller)
        self.established: defer.Deferred[None] = defer.Deferred()


# Policies: each takes what one protocol has written, a piece for each write, to the other


def identityPumpPolicy(queue: Queue, target: Any) -> None:
    """A piece for each write."""
    while queue:
        data = queue.get()
        if data is None:
            break
        target.dataReceived(data)


def collapsingPumpPolicy(queue: Queue, target: Any) -> None:
    """All that was written, in one piece."""
    data = _all(queue)
    if data:
        target.dataReceived(data)


def byteAtATimePumpPolicy(queue: Queue, target: Any) -> None:
    """A piece for each byte."""
    _cut(_all(queue), target, lambda: 1)


def fixedSizePumpPolicy(size: int) -> _Policy:
    """Pieces of a size; the last one may be shorter."""
    if size < 1:
        raise ValueError("pieces have one byte at least")
    return lambda queue, target: _cut(_all(queue), target, lambda: size)


def randomPumpPolicy(seed: int = 1, most: int = 16) -> _Policy:
    """Pieces of random sizes, up to one; the same for the same seed."""
    chance = random.Random(seed)
    return lambda queue, target: _cut(_all(queue), target, lambda: chance.randint(1, most))


def delayedPumpPolicy(seconds: float, policy: _Policy = identityPumpPolicy) -> _Policy:
    """Each write is under way for so many seconds, by the clock of the loopback."""

    def pump(queue: Queue, target: Any) -> None:
        policy(queue, target)

    pump.delay = seconds  # type: ignore[attr-defined]
    return pump


def _all(queue: Queue) -> bytes:
    pieces = []
    while queue:
        data = queue.get()
        if data is None:
            break
        pieces.append(data)
    return b"".join(pieces)


def _cut(data: bytes, target: Any, size: Callable[[], int]) -> None:
    at = 0
    while at < len(data):
        end = at + size()
        target.dataReceived(data[at:end])
        at = end


# Loopbacks


def loopbackAsync(
    server: Any, client: Any, pumpPolicy: _Policy | None = None, clock: Any = None
) -> LoopbackDeferred:
    """Connects two protocols in memory.

    Both are connected before this returns. A write never delivers: what was written is delivered
    in a coming turn of the reactor, first the server's, then the client's. When one of them ends the
    connection what it wrote is delivered, and then first the server hears the end, then the client.

    :param pumpPolicy: how what was written reaches the other; a piece for each write if left out.
    :param clock: where turns come from, if not from the program's reactor: any with ``callLater``
        and ``seconds``.
    """
    made: list[Loop] = []
    done = LoopbackDeferred(lambda _: made[0].abort())
    made.append(Loop(server, client, pumpPolicy or identityPumpPolicy, clock, done))
    made[0].start()
    return done


def loopback(
    server: Any, client: Any, pumpPolicy: _Policy | None = None, clock: Any = None
) -> LoopbackDeferred:
    """Connects two protocols in memory: see :func:`loopbackAsync`."""
    return loopbackAsync(server, client, pumpPolicy, clock)


class _OnePort(Port):
    """A port that lets one connection in, and tells of its beginning and end."""

    def __init__(self, over: _Over, where: str, factory: Any) -> None:
        self._over = over
        super().__init__(over.reactor, where, factory)

    def build(self, transport: Any) -> Any:
        """Builds for the first."""
        self.stopListening()
        return super().build(transport)

    def made(self, protocol: Any) -> None:
        """The server is connected."""
        self._over.made()

    def ended(self, reason: Failure) -> None:
        """The server has lost its connection."""
        self._over.ended()


class _Given(Factory):
    """Builds the protocol that there is already."""

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol

    def buildProtocol(self, addr: Any) -> Any:
        """Gives it."""
        return self._protocol


class _Over:
    """A loopback over sockets."""

    def __init__(self, reactor: Any) -> None:
        from ..internet import reactor as own

        self.reactor = (reactor or own).getReactor()
        self.done = LoopbackDeferred()
        self._made = self._ended = 0

    def begin(self, server: Any, client: Any, where: str, target: Callable[[Any], str]) -> Any:
        """Listens and connects."""
        from .._core.opening import Attempt

        port = _OnePort(self, where, _Given(server))
        factory = _Given(client)
        attempt = Attempt(
            self.reactor,
            factory,
            lambda source, address: source.buildProtocol(address),
            lambda protocol: self.made(),
            lambda status, text, number: self._failed(port, status, text, number),
            lambda reason: self.ended(),
        )
        attempt.start(target(port), 30)
        return self.done

    def _failed(self, port: Port, status: int, text: str, number: int) -> None:
        from ..internet._reasons import connect_failed

        port.stopListening()
        self.done.errback(connect_failed(status, text, number))

    def made(self) -> None:
        """One of the two is connected."""
        self._made += 1
        if self._made == 2:
            self.done.established.callback(None)

    def ended(self) -> None:
        """One of the two has lost its connection."""
        self._ended += 1
        if self._ended == 2 and not self.done.called:
            self.done.callback(None)


def loopbackTCP(
    server: Any, client: Any, port: int = 0, noisy: bool = True, reactor: Any = None
) -> LoopbackDeferred:
    """Connects two protocols over TCP, on this machine.

    :param port: where the server listens meanwhile; 0 for one that the kernel picks.
    :param noisy: has no effect.
    :param reactor: another one than the program's own.
    """
    over = _Over(reactor)
    where = _strings.tcp_server(port, 1024, "127.0.0.1")
    over.begin(
        server, client, where, lambda made: _strings.tcp_client("127.0.0.1", made.getHost().port)
    )
    return over.done


def loopbackUNIX(
    server: Any, client: Any, noisy: bool = True, reactor: Any = None
) -> LoopbackDeferred:
    """Connects two protocols over a UNIX socket, in a directory that goes with it."""
    over = _Over(reactor)
    folder = tempfile.mkdtemp()

    def remove(result: Any) -> Any:
        shutil.rmtree(folder, ignore_errors=True)
        return result

    over.done.addBoth(remove)
    where = _strings.endpoint("unix", os.path.join(folder, "socket"))
    over.begin(server, client, where, lambda made: where)
    return over.done

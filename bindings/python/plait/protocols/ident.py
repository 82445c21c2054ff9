"""Whose connection is it? Twisted's ``twisted.protocols.ident`` (RFC 1413)::

    class Server(ident.ProcServerMixin, ident.IdentServer):
        pass

answers for the connections of this machine what the kernel knows, and
``system, user = await client.lookup(portOnServer, portOnClient)`` asks another machine.
"""

from __future__ import annotations

import logging
import pwd
from collections.abc import Awaitable
from ctypes import byref, c_uint32
from typing import TYPE_CHECKING, Any, ClassVar, cast

from .._native import constants, structs
from .._native import ident as native
from ..internet._reasons import check
from ..internet.defer import Deferred, maybeDeferred
from ..internet.error import TimeoutError
from ..internet.protocol import connectionDone, given_reason
from ..python.failure import Failure
from .basic import LineOnlyReceiver

if TYPE_CHECKING:
    from ..internet.interfaces import IDelayedCall

__all__ = [
    "HiddenUser",
    "IdentClient",
    "IdentError",
    "IdentServer",
    "InvalidPort",
    "NoUser",
    "ProcServerMixin",
    "owner",
]

_log = logging.getLogger("plait")


class IdentError(Exception):
    """It cannot be said who has the connection."""

    identDescription = "UNKNOWN-ERROR"


class NoUser(IdentError):
    """There is no such connection, or nobody has it."""

    identDescription = "NO-USER"


class InvalidPort(IdentError):
    """A port is none."""

    identDescription = "INVALID-PORT"


class HiddenUser(IdentError):
    """The user does not want it to be known."""

    identDescription = "HIDDEN-USER"


_ERRORS: dict[str, type[IdentError]] = {
    kind.identDescription: kind for kind in (IdentError, NoUser, InvalidPort, HiddenUser)
}

_Address = tuple[str, int]


class IdentServer(LineOnlyReceiver):
    """Answers queries; :meth:`lookup` says what.

    :cvar mostOpen: how many queries of a connection may wait for their answers.
    """

    mostOpen: ClassVar[int] = native.IDENT_OPEN_MAX
    MAX_LENGTH = 1000
    _open = 0

    def lineReceived(self, line: bytes) -> None:
        """A line came: a query has two ports with a comma in between."""
        parts = line.split(b",")
        try:
            portOnServer, portOnClient = map(int, parts)
        except ValueError:
            self.invalidQuery()
            return
        if all(0 < port < 65536 for port in (portOnServer, portOnClient)):
            self.validQuery(portOnServer, portOnClient)
        else:
            self._ebLookup(Failure(InvalidPort()), portOnServer, portOnClient)

    def invalidQuery(self) -> None:
        """Something that is no query: the connection ends."""
        self.transport.loseConnection()

    def validQuery(self, portOnServer: int, portOnClient: int) -> None:
        """A query: it is looked up, and answered when that has a result."""
        server = (self.transport.getHost().host, portOnServer)
        client = (self.transport.getPeer().host, portOnClient)
        self._open += 1
        if self._open == self.mostOpen:
            self.transport.pauseProducing()
        looking = maybeDeferred(self.lookup, server, client)
        looking.addCallback(self._cbLookup, portOnServer, portOnClient)
        looking.addErrback(self._ebLookup, portOnServer, portOnClient)
        looking.addBoth(self._answered)

    def _answered(self, _: Any) -> None:
        if self._open == self.mostOpen:
            self.transport.resumeProducing()
        self._open -= 1

    def _cbLookup(self, result: tuple[str, str], sport: int, cport: int) -> None:
        system, user = result
        self._say(sport, cport, f"USERID : {system} : {user}")

    def _ebLookup(self, failure: Failure, sport: int, cport: int) -> None:
        if not failure.check(IdentError):
            _log.error("Unhandled error in an ident lookup", exc_info=failure.value)
        error = failure.value if isinstance(failure.value, IdentError) else IdentError()
        self._say(sport, cport, f"ERROR : {error.identDescription}")

    def _say(self, sport: int, cport: int, what: str) -> None:
        # What a lookup gives must not look like another answer.
        words = "".join(c for c in what if c not in "\r\n\0")
        self.sendLine(f"{sport}, {cport} : {words}".encode("utf-8", "replace"))

    def lookup(
        self, serverAddress: _Address, clientAddress: _Address
    ) -> tuple[str, str] | Awaitable[tuple[str, str]]:
        """Says who has a connection between these: the operating system and the user, or a Deferred of
        them; or raises an :class:`IdentError`. To be overridden.
        """
        raise IdentError()


class ProcServerMixin:
    """A :meth:`IdentServer.lookup` that asks the kernel, for IPv4 and IPv6.

    :cvar SYSTEM_NAME: what the operating system is called.
    """

    SYSTEM_NAME: str = "LINUX"

    def getUsername(self, uid: int) -> str:
        """The name of a user, or the number of one that has none."""
        try:
            return pwd.getpwuid(uid).pw_name
        except KeyError:
            return str(uid)

    def lookup(self, serverAddress: _Address, clientAddress: _Address) -> tuple[str, str]:
        """Asks the kernel."""
        return self.SYSTEM_NAME, self.getUsername(owner(serverAddress, clientAddress))


def owner(local: _Address, remote: _Address) -> int:
    """The number of the user of a connection of this machine's, by its own end and the other one.

    For one that was accepted from this machine itself: ``owner(peer, host)``.

    :raises NoUser: if there is no such connection, or nobody has it any more.
    :raises IdentError: if the kernel does not say.
    """
    uid = c_uint32()
    status = native.ident_get_uid(_native(local), _native(remote), byref(uid))
    if status == constants.ERR_ABSENT:
        raise NoUser()
    if status == constants.ERR_UNSUPPORTED or status <= constants.ERR_SYSTEM:
        raise IdentError()
    check(status)
    return uid.value


def _native(address: _Address) -> Any:
    host, port = address
    family = constants.FAMILY_IPV6 if ":" in host else constants.FAMILY_IPV4
    made = structs.Address(family=family, port=port)
    made.host = host.encode()
    return byref(made)


class IdentClient(LineOnlyReceiver):
    """Asks whose connections are between the server's machine and this one.

    :ivar timeOut: how many seconds an answer may take; None for ever.
    """

    MAX_LENGTH = 1000
    timeOut: float | None = 30

    def __init__(self) -> None:
        #: In the order in which they were asked: the ports and who waits.
        self.queries: list[tuple[tuple[int, int], Deferred[Any], IDelayedCall | None]] = []

    def lookup(self, portOnServer: int, portOnClient: int) -> Deferred[tuple[str, str]]:
        """Asks; the result is the operating system and the user, or it fails with an
        :class:`IdentError`.
        """
        ports = (portOnServer, portOnClient)
        answer: Deferred[tuple[str, str]] = Deferred(lambda _: self._forget(answer))
        if not all(0 < port < 65536 for port in ports):
            answer.errback(InvalidPort())
            return answer
        if self.transport is None or not self.connected:
            answer.errback(IdentError("not connected"))
            return answer
        call = None
        if self.timeOut is not None:
            call = self.transport.reactor.callLater(self.timeOut, self._expire, answer)
        self.queries.append((ports, answer, call))
        self.sendLine(b"%d, %d" % ports)
        return answer

    def _expire(self, answer: Deferred[Any]) -> None:
        self._forget(answer)
        answer.errback(TimeoutError(string="there was no reply in time"))

    def _forget(self, answer: Deferred[Any]) -> None:
        for place, (_, waiting, call) in enumerate(self.queries):
            if waiting is answer:
                del self.queries[place]
                if call is not None and call.active():
                    call.cancel()
                return

    def lineReceived(self, line: bytes) -> None:
        """A reply: it belongs to the first query with its ports. Others are dropped."""
        parts = line.decode("utf-8", "replace").split(":", 3)
        try:
            first, second = map(int, parts[0].split(","))
        except ValueError:
            _log.warning("an ident server said %r", line)
            return
        waiting = next((one for ports, one, _ in self.queries if ports == (first, second)), None)
        if waiting is None:
            _log.warning("an ident server answered what nobody asked: %r", line)
            return
        self._forget(waiting)
        kind = parts[1].strip() if len(parts) > 2 else ""
        if kind == "USERID" and len(parts) == 4:
            system = parts[2].split(",")[0].strip()
            waiting.callback((system, parts[3].strip()))
        elif kind == "ERROR":
            word = ":".join(parts[2:]).strip()
            error = _ERRORS.get(word)
            waiting.errback(IdentError(word) if error is None else error())
        else:
            waiting.errback(IdentError(line))

    @given_reason
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The connection has ended: all queries fail."""
        self.connected = 0
        queries, self.queries = self.queries, []
        for _, waiting, call in queries:
            if call is not None and call.active():
                call.cancel()
            waiting.errback(IdentError(cast(Any, reason)))

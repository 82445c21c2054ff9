"""The transport of a conn: what Twisted's ``transport`` is to a protocol."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from ctypes import c_int, c_uint64
from typing import TYPE_CHECKING, Any

from .._native import constants, functions
from .._native.calls import bare
from ..internet._reasons import check, check_owner, connection_lost
from ..internet.error import ConnectionDone, ConnectionLost
from ..internet.protocol import Protocol
from ..python.failure import Failure
from .addressing import Addressed
from .gathering import NOBODY
from .producing import as_bytes
from .securing import Securing
from .towers import InTower

if TYPE_CHECKING:
    from ..internet.reactors import Reactor

_log = logging.getLogger("plait")
_conn_write = bare("plait_conn_write", c_int)
#: A look into a class takes longer than a name of the module.
_connectionLost = Protocol.connectionLost
#: What a number without a type may be.
_LONG = 0x7FFFFFFF
#: The ends of conns whose peers sent what is not allowed.
_BROKEN = (constants.ERR_PROTOCOL, constants.ERR_TOO_LONG)


class Transport(Addressed, Securing):
    """One connection, as its protocol sees it.

    Twisted's transports have the same methods. What is written is gathered, and handed to the C
    library when the current callback is done: one crossing for any number of writes.

    :ivar connected: whether the conversation is up.
    :ivar disconnecting: whether this side asked for its end.
    :ivar disconnected: whether it has ended.
    """

    # fmt: off
    __slots__ = (
        "_failure", "_protocol", "_readingPaused", "_starting", "connected",
        "disconnected", "disconnecting", "driver", "framer", "isClient", "opener", "send", "wrappers",
    )
    # fmt: on

    if TYPE_CHECKING:
        #: What it was opened for, until its protocol has met it.
        opener: Any
        framer: Any
        _protocol: Any
        _readingPaused: bool
        #: Whether this side connected.
        isClient: bool
        _failure: Failure | None
        wrappers: tuple[Any, ...]

    def __init__(
        self, driver: Reactor, conn: int, opener: Any = None, isClient: bool = False
    ) -> None:
        self.driver, self._conn, self.opener, self.isClient = driver, conn, opener, isClient
        self._handle = c_uint64(conn)
        self._written, self.lines, self.wrappers = [], [], ()
        #: What hands to the C library what was gathered.
        self.send = _conn_write
        self.connected = True
        self.disconnecting = self.disconnected = self._readingPaused = self._starting = (
            self.streamingProducer
        ) = self.producerPaused = self._waitsForDrain = False
        self.framer = self._protocol = self._failure = self._address = self._local = (
            self.gatherer
        ) = self.producer = self.ended = self._drained = None

    def __repr__(self) -> str:
        return f"<Transport of {self._protocol!r} to {self.knownPeer()}>"

    @property
    def reactor(self) -> Reactor:
        """The reactor that the connection lives on."""
        return self.driver

    @property
    def protocol(self) -> Any:
        """The protocol that is spoken. Assigning another one hands the connection over to it, with
        what was received and not delivered; its ``makeConnection`` is the caller's to call.
        """
        return self._protocol

    @protocol.setter
    def protocol(self, protocol: Any) -> None:
        framer = self.framer
        self.bind(protocol)
        if framer is not None:
            # It may be in the middle of a block, whose rest is not for it any more.
            framer._hold()
        if self.connected and (framer is not None or self.framer is not None):
            self.frame()

    # Writing

    def write(self, data: bytes) -> None:
        """Sends bytes. What is written after the end is dropped."""
        if type(data) is not bytes:
            data = as_bytes(data)
        out = self._written
        if self.lines:
            self.foldLines()
        elif not out:
            self.driver.mark(self)
        out.append(data)
        if self.producer is not None:
            self.wrote(len(data))

    def writeAlone(self, data: bytes) -> None:
        """Sends bytes that will have no others beside them, as a rule: to gather them would take longer
        than to hand them over.
        """
        if self._written or self.lines or self.producer is not None or self.send is not _conn_write:
            self.write(data)
            return
        if len(data) > _LONG or _conn_write(self._handle, data, len(data)) == constants.ERR_THREAD:
            self.write(data)

    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        """Sends several pieces, as if they were one."""
        self.write(b"".join(iovec))

    def flush(self) -> None:
        """Hands to the C library what was gathered."""
        gatherer = self.gatherer
        if gatherer is not None:
            gatherer._gatherer = NOBODY
            self.gatherer = None
        # What is written from now on, as by a signal's handler (which Python runs at calls), is for the next time.
        out, lines = self._written, self.lines
        if lines:
            self._written, self.lines = [], []
            out.append(self.joined(lines, gatherer))
        elif out:
            self._written = []
        else:
            return
        data = b"".join(out)  # of one alone that is the same object
        # Failure means that the conn is closing or has ended, and there is nobody to tell; or
        # that these are not the messages that the conn is for.
        length = len(data)
        if length > _LONG:
            functions.conn_write(self._conn, data, length)
        elif self.send(self._handle, data, length) == constants.ERR_INVALID:
            _conn_write(self._handle, data, length)

    # Ending

    def loseConnection(self) -> None:
        """Ends the connection when what was written has left; nothing is delivered meanwhile."""
        if self.disconnecting or not self.connected:
            return
        check_owner(functions.conn_pause(self._conn))
        self.disconnecting = True
        self._halt()
        if not self.delaysClose():
            self.closeBehind()

    def closeBehind(self) -> None:
        """Ends the conversation behind what the present callback still writes, if there is one."""
        if self.driver.inside:
            self.driver.dirty.append(_Ending(self))
        else:
            self.close()

    def close(self) -> None:
        """Has the C library end the conversation in good order."""
        try:
            self.flush()
        finally:
            functions.conn_close(self._conn)

    def abortConnection(self) -> None:
        """Ends the connection at once, and drops what was not sent yet."""
        if not self.connected:
            return
        check_owner(functions.conn_pause(self._conn))
        self.disconnecting = True
        self._halt()
        self.dropWritten()
        functions.conn_abort(self._conn)

    def loseWriteConnection(self) -> None:
        """Tells the peer that nothing more will be sent; reading goes on."""
        if self.disconnecting or not self.connected:
            return
        check_owner(functions.conn_get_counters(self._conn, None))
        self.flush()
        if functions.conn_close_write(self._conn) == 0:
            self.whenDrained(self._writeClosed)

    def _writeClosed(self) -> None:
        told = getattr(self._protocol, "writeConnectionLost", None)
        if told is not None and self.connected:
            self.guarded(told)

    # Reading

    def pauseProducing(self) -> None:
        """Delivers and reads nothing until :meth:`resumeProducing`."""
        if self.connected and not self.disconnecting:
            check_owner(functions.conn_pause(self._conn))
            self._readingPaused = True
            self._halt()

    def resumeProducing(self) -> None:
        """Goes on reading."""
        if self.connected and not self.disconnecting:
            check_owner(functions.conn_resume(self._conn))
            self._readingPaused = False

    def stopProducing(self) -> None:
        """As :meth:`loseConnection`."""
        self.loseConnection()

    def stopConsuming(self) -> None:
        """What a producer calls that has nobody to write for: as :meth:`loseConnection`."""
        self.unregisterProducer()
        self.loseConnection()

    def _halt(self) -> None:
        # The framer may be in the middle of a block.
        if self.framer is not None:
            self.framer._hold()

    @property
    def halted(self) -> bool:
        """Whether nothing may be delivered at the moment."""
        return self._readingPaused or self.disconnecting or self._starting

    # What the callback tables call

    def bind(self, protocol: Any) -> None:
        """Makes a protocol the one that deliveries go to."""
        self._protocol = protocol
        self._framedBy(protocol)

    def nest(self, protocol: Any) -> None:
        """Has what arrives framed as another protocol wants it, which the present one hands it to,
        as all else that happens."""
        self._framedBy(protocol)
        self.frame()

    def _framedBy(self, protocol: Any) -> None:
        if self.send is not _conn_write:
            self.flush()
            self.send = _conn_write
        # The class tells: an object may hand all that it is asked to another one.
        frames = getattr(type(protocol), "_framesNatively", None)
        self.framer = protocol if frames is not None and frames(protocol) else None

    def frame(self) -> None:
        """Has the C library frame what arrives as the protocol wants it."""
        cache = self.driver.cache
        factory = cache.rebound() if self.framer is None else self.framer._nativeFactory(cache)
        check(functions.conn_set_factory(self._conn, factory))

    def meet(self, framer: Any) -> None:
        """Introduces a protocol that the conn frames for already."""
        self._protocol = self.framer = framer
        framer._ours, framer._conn = self, self._conn
        opener, self.opener = self.opener, None
        framer.makeConnection(self)
        if self.isClient:
            opener.made(framer)

    def bound(self, conn: int) -> None:
        """The conn speaks the protocol's framing from now on."""
        if self.framer is not None:
            self.framer._ours = self
            self.framer._bound(conn)
        self.begin()

    def begin(self) -> None:
        """Introduces the protocol to its transport, the first time."""
        opener, self.opener = self.opener, None
        if opener is not None:
            self._protocol.makeConnection(self)
            opener.made(self._protocol)

    def received(self, data: bytes) -> None:
        """Bytes arrived that are not framed."""
        if self.framer is None:
            self._protocol.dataReceived(data)
        else:
            self.framer._rawArrived(data)

    def readClosed(self) -> None:
        """The peer will send no more."""
        told = getattr(self._protocol, "readConnectionLost", None)
        if told is None:
            self.loseConnection()
        else:
            told()

    def lost(self, status: int, text: str) -> None:
        """The conversation has ended."""
        self.connected = False
        self.disconnected = True
        if self._written or self.lines:
            self.dropWritten()
        framer = self.framer
        if status in _BROKEN and framer is not None:
            framer._peerBroke()
        if self.wrappers:
            if self.leave(status) and self._failure is None:
                self._failure = Failure(ConnectionDone(text=text))
            self.wrappers = ()
        if self.producer is not None:
            self.guarded(self.endProducing)
        reason: Failure | None = None
        if self.opener is None:  # without an introduction there would be nothing to take leave of
            told = self._protocol.connectionLost
            if getattr(told, "__func__", None) is not _connectionLost:
                reason = self._reason(status, text)
                try:
                    told(reason)
                except BaseException as error:
                    self.crashed(error)
        ended = self.ended
        # The protocol keeps its transport; without a way back no collector of cycles is needed.
        if framer is not None:
            framer._ours = None
            if framer._rest is not None:
                framer._dropRest()
        self.framer = self._protocol = self.opener = self.ended = None
        if ended is not None:
            ended(reason or self._reason(status, text))

    def _reason(self, status: int, text: str) -> Failure:
        if self._failure is not None:
            return self._failure
        if self.driver.stopping and status in (constants.OK, constants.ERR_ABORTED):
            return Failure(ConnectionLost())
        return Failure(connection_lost(status, text))

    def leave(self, status: int) -> bool:
        """The conn has ended: the policies around it are told. Tells whether that was in good order,
        whatever the status says.
        """
        return False

    def guarded(self, function: Callable[[], None]) -> None:
        """Calls a function of the protocol's from outside of the tables."""
        try:
            function()
        except BaseException as error:
            self.crashed(error)

    def crashed(self, problem: BaseException, factory: Any = None) -> int:
        """The protocol, or the factory that was to build it, raised an exception: the connection ends,
        with that as its reason.
        """
        whose = factory if self._protocol is None else self._protocol
        self.driver.failed(problem, "Unhandled error in", whose)
        if self._failure is None and self.connected:
            self._failure = Failure(problem)
            self.disconnecting = True
            self._halt()
            try:
                self.close()
            except BaseException as error:
                self.dropWritten()
                self.driver.failed(error, "Unhandled error in what was written last")
        return 0


class _Ending:
    """The end of a connection that a callback asks for: it comes when that is done, behind what it
    still writes, as with Twisted.
    """

    __slots__ = ("crashed", "dropWritten", "flush")

    def __init__(self, transport: Transport) -> None:
        self.flush = transport.close
        self.dropWritten, self.crashed = transport.dropWritten, transport.crashed


class TransportInTower(InTower, Transport):
    """The transport of a conn with policies around it that the C library runs. Others do without its
    way of finding attributes, which makes all of them slower.
    """

    __slots__ = ()

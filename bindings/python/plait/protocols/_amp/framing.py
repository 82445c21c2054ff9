"""Boxes on a connection."""

from __future__ import annotations

import logging
from collections.abc import Callable
from ctypes import byref, c_int, c_uint64
from typing import TYPE_CHECKING, Any

from ..._core.tables import memory
from ..._core.using import use_of
from ..._native import amp as native
from ...internet._reasons import check
from ...internet.error import ConnectionClosed, ConnectionLost, PeerVerifyError, SSLError
from ...internet.protocol import connectionDone, given_reason
from ...python.failure import Failure
from .._framed import Framed
from .boxes import AmpBox, fields
from .errors import ProtocolSwitched, TooLong
from .options import AmpOptions

if TYPE_CHECKING:
    from ..._core.attachment import Attachment
    from ..._core.factories import FactoryCache

_log = logging.getLogger("plait")
_memoryview = memoryview


class BinaryBoxProtocol(Framed):
    """A protocol that sends boxes, and gives those that come to a receiver of boxes.

    :ivar boxReceiver: what gets the boxes.
    :ivar innerProtocol: what is spoken now, after a ProtocolSwitchCommand.
    :ivar hostCertificate: what this side showed, once TLS was started.
    :ivar noPeerCertificate: whether :attr:`peerCertificate` is None in any case.
    :cvar ampOptions: limits, and what goes beyond Twisted.
    """

    ampOptions: AmpOptions = AmpOptions()
    boxReceiver: Any = None
    innerProtocol: Any = None
    innerProtocolClientFactory: Any = None
    hostCertificate: Any = None
    noPeerCertificate = False
    #: Whether TLS was started, and nothing has come since: only for others' transports.
    _justStartedTLS = False
    #: Whether somebody else's transport feeds it.
    _feeds = False
    _locked = False
    #: Whether boxes may go to the transport as they are: nothing is locked or held back.
    _direct = True
    _keyLengthLimitExceeded = False
    #: What is held back until TLS is there.
    _startingTLSBuffer: list[bytes | Callable[[], None]] | None = None
    #: Descriptors on a transport of somebody else's: how many were sent, and those that came.
    _descriptorsSent = 0
    _descriptorsReceived = 0

    def __init__(self, boxReceiver: Any) -> None:
        self.boxReceiver = boxReceiver
        self._descriptors: dict[int, int] = {}

    def makeConnection(self, transport: Any) -> None:
        """Connects with a transport: the receiver of boxes hears of it first."""
        self._feeds = False
        self._meet(transport)
        self.connected, self.transport = 1, transport
        self.boxReceiver.startReceivingBoxes(self)
        self.connectionMade()

    def dataReceived(self, data: bytes) -> None:
        """Takes bytes from a transport that does not find the boxes in them."""
        self._justStartedTLS = False
        if self.innerProtocol is not None:
            self.innerProtocol.dataReceived(data)
        else:
            super().dataReceived(data)

    @given_reason
    def connectionLost(self, reason: Any = connectionDone) -> None:
        """The connection has ended: the receiver of boxes hears why, and whoever it was left to."""
        if self.innerProtocol is not None:
            self.innerProtocol.connectionLost(reason)
            if self.innerProtocolClientFactory is not None:
                self.innerProtocolClientFactory.clientConnectionLost(None, reason)
        if self._keyLengthLimitExceeded:
            reason = Failure(TooLong(True, False, None, None))
        elif self._isRefused() and reason.check(ConnectionClosed) and not reason.check(SSLError):
            text = "the connection ended in the midst of the TLS handshake"
            reason = Failure(PeerVerifyError(text=text))
        self.boxReceiver.stopReceivingBoxes(reason)

    # Sending

    def sendBox(self, box: AmpBox) -> None:
        """Sends a box.

        :raises ProtocolSwitched: if another protocol is spoken, or about to be.
        :raises ConnectionLost: if there is no connection.
        """
        self._refuseIfLocked()
        if self.transport is None:
            raise ConnectionLost()
        self._put(box.serialize())

    def _refuseIfLocked(self) -> None:
        if self._locked:
            raise ProtocolSwitched("this connection is left to another protocol")

    def _sendAtOnce(self, box: AmpBox) -> None:
        """Sends a box even where others are held back."""
        held, self._startingTLSBuffer = self._startingTLSBuffer, None
        try:
            self.sendBox(box)
        finally:
            self._startingTLSBuffer = held

    def _put(self, data: bytes) -> None:
        if self._startingTLSBuffer is not None:
            self._startingTLSBuffer.append(data)
        else:
            self.transport.write(data)

    def unhandledError(self, failure: Failure) -> None:
        """Nobody handled what went wrong with a call: it is logged, and the connection ends."""
        _log.error(
            "an error that no errback of the program's handled ends the connection: %s",
            failure.getErrorMessage(),
            exc_info=(failure.type, failure.value, failure.tb),
        )
        if self.transport is not None:
            self.transport.loseConnection()

    # Switching

    def _lockForSwitch(self) -> None:
        self._locked, self._direct = True, False

    def _unlockFromSwitch(self) -> None:
        if self.innerProtocol is not None:
            raise ProtocolSwitched("another protocol is spoken already")
        self._locked, self._direct = False, True

    def _switchTo(self, newProto: Any, clientFactory: Any = None) -> None:
        """Leaves the connection to another protocol, with what was received and is no box."""
        self.innerProtocol, self.innerProtocolClientFactory = newProto, clientFactory
        self._halt = True
        if self._attached is not None:
            self._attached.unframe()
        elif self._conn:
            self.transport.nest(newProto)
        newProto.makeConnection(self.transport)

    def _rawArrived(self, data: bytes) -> None:
        self.innerProtocol.dataReceived(data)

    # TLS

    @property
    def peerCertificate(self) -> Any:
        """The certificate that the peer has shown.

        :raises CertificateError: if it has shown none.
        """
        from ...internet.ssl import Certificate

        return None if self.noPeerCertificate else Certificate.peerFromTransport(self.transport)

    def _canTLS(self) -> bool:
        return hasattr(self.transport, "startTLS")

    def _isRefused(self) -> bool:
        """Whether the end of the connection is that of a handshake."""
        if self._conn and self._attached is None:
            return self.hostCertificate is not None and self.transport.isStartingTLS
        return self._justStartedTLS

    def _holdBack(self) -> None:
        self._startingTLSBuffer, self._direct = [], False

    def _release(self) -> None:
        held, self._startingTLSBuffer = self._startingTLSBuffer, None
        self._direct = True
        for thing in held or ():
            if isinstance(thing, bytes):
                self._put(thing)
            else:
                thing()

    def _startTLS(self, certificate: Any, verifyAuthorities: Any) -> None:
        self.hostCertificate = certificate
        options = certificate.options(*(verifyAuthorities or ()))
        if self._startingTLSBuffer is not None and self._conn and self._attached is None:
            # Who was asked begins right behind its answer, if it is the client of TLS.
            transport = self.transport
            transport.beginTLS(use_of(options, not transport.isClient)._replace(awaits=True))
        else:
            self._justStartedTLS = True
            self.transport.startTLS(options)
        self._release()

    def _defaultStartTLSResponder(self) -> dict[str, Any]:
        """Agrees to TLS."""
        return {}

    # Descriptors

    def _sendFileDescriptor(self, descriptor: int) -> int:
        """Sends a descriptor; tells the number that stands for it in a box."""
        if not self._conn or self._attached is not None:
            self.transport.sendFileDescriptor(descriptor)
            self._descriptorsSent += 1
            return self._descriptorsSent - 1
        number = c_uint64()
        self.transport.flush()
        check(native.amp_send_descriptor(self._conn, descriptor, byref(number)))
        return number.value

    def fileDescriptorReceived(self, descriptor: int) -> None:
        """A descriptor came over a transport of somebody else's."""
        self._descriptors[self._descriptorsReceived] = descriptor
        self._descriptorsReceived += 1

    def _getDescriptor(self, number: int) -> int:
        """The descriptor that came under a number, once."""
        descriptor = c_int()
        if number in self._descriptors:
            return self._descriptors.pop(number)
        if not self._conn or native.amp_take_descriptor(self._conn, number, byref(descriptor)) < 0:
            raise KeyError(f"no descriptor came under the number {number}")
        return descriptor.value

    # Framing

    def _attachment(self) -> Attachment:
        self._feeds = True
        return super()._attachment()

    def _framesNatively(self) -> bool:
        if self.innerProtocol is not None:
            return False
        return getattr(self.dataReceived, "__func__", None) is BinaryBoxProtocol.dataReceived

    def _nativeFactory(self, cache: FactoryCache) -> int:
        from .tables import boxes_factory

        return boxes_factory(cache, self._halfCloseable(), self.ampOptions.maxBox)

    def _bound(self, conn: int) -> None:
        self._conn = conn

    def _settle(self) -> bool:
        return False

    def _peerBroke(self) -> None:
        self._keyLengthLimitExceeded = True

    def _takeBlock(self, address: int, length: int, table: int, count: int) -> int:
        self._halt = False
        data: bytes = memory[address : address + length]
        bounds = iter(_memoryview(memory[table : table + 8 * count]).cast("I").tolist())
        rest: Any = iter(list(zip(bounds, bounds)))
        self._rest, self._count = rest, count
        received = self.boxReceiver.ampBoxReceived
        for start, size in rest:
            received(fields(data, start, start + size))
            if self.innerProtocol is not None or (self._halt and self._mustStop()):
                break
            if self._attached is not None and self._ending():
                break
        self._rest = None
        return count - int(rest.__length_hint__())

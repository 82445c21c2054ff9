"""What can go wrong with AMP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...python.failure import Failure

UNKNOWN_ERROR_CODE = b"UNKNOWN"
UNHANDLED_ERROR_CODE = b"UNHANDLED"
#: What answers a call whose responder was cancelled. Twisted has no such code.
CANCELLED_ERROR_CODE = b"CANCELLED"


class AmpError(Exception):
    """The root of AMP's exceptions."""


class ProtocolSwitched(Exception):
    """Another protocol is spoken on the connection, or about to be: no box can be sent."""


class OnlyOneTLS(AmpError):
    """The connection has TLS already."""


class NoEmptyBoxes(AmpError):
    """A box came that is neither a question nor an answer."""


class InvalidSignature(AmpError):
    """A command was called with other arguments than it has."""


class TooManyCalls(AmpError):
    """So many calls are waiting for their answers that no other is taken on."""


class TooLong(AmpError):
    """A key or a value is longer than a box can hold.

    :ivar isKey: whether it is a key, and not a value.
    :ivar isLocal: whether it was to be sent, and not received.
    :ivar value: what is too long; None if it was received.
    :ivar keyName: the key of a value that is too long.
    """

    def __init__(
        self, isKey: bool, isLocal: bool, value: bytes | None, keyName: bytes | None = None
    ) -> None:
        super().__init__()
        self.isKey, self.isLocal, self.value, self.keyName = isKey, isLocal, value, keyName

    def __repr__(self) -> str:
        what = "key" if self.isKey else f"value of {self.keyName!r}"
        where = "local" if self.isLocal else "remote"
        size = "" if self.value is None else f": {len(self.value)} bytes"
        return f"{where} {what} too long{size}"

    __str__ = __repr__


class BadLocalReturn(AmpError):
    """A responder returned what its command cannot send.

    :ivar message: what was returned, and by whom.
    :ivar enclosed: why it cannot be sent.
    """

    def __init__(self, message: str, enclosed: Failure) -> None:
        super().__init__()
        self.message, self.enclosed = message, enclosed

    def __repr__(self) -> str:
        return f"{self.message} {self.enclosed.getBriefTraceback()}"

    __str__ = __repr__


class RemoteAmpError(AmpError):
    """An error that goes over the wire, or came that way.

    :ivar errorCode: the code, as bytes.
    :ivar description: what is told beside it.
    :ivar fatal: whether it ends the connection.
    :ivar local: the failure behind it, on this side.
    """

    #: Whether it is told even where what is sent is held back.
    _isUrgent = False

    def __init__(
        self,
        errorCode: bytes,
        description: Any,
        fatal: bool = False,
        local: Failure | None = None,
    ) -> None:
        super().__init__(errorCode, description)
        self.errorCode, self.description = errorCode, description
        self.fatal, self.local = fatal, local

    def __str__(self) -> str:
        code = self.errorCode.decode("ascii", "backslashreplace")
        if not self.local:
            return f"Code<{code}>: {self.description}"
        return f"Code<{code}> (local): {self.description}\n{self.local.getBriefTraceback()}"


class TLSCrossed(RemoteAmpError):
    """The peer asks for TLS, and so does this side."""

    _isUrgent = True

    def __init__(self) -> None:
        super().__init__(b"TLS_ERROR", "TLS was asked for by the other side, too")


class UnknownRemoteError(RemoteAmpError):
    """The peer answered with an error that the command does not list."""

    def __init__(self, description: Any) -> None:
        super().__init__(UNKNOWN_ERROR_CODE, description)


class MalformedAmpBox(AmpError):
    """A box cannot be sent, or is not what the peer may send now."""


class UnhandledCommand(AmpError):
    """Nobody answers this command."""


class IncompatibleVersions(AmpError):
    """The two sides have no version of their protocol in common."""


#: By code: the exceptions that belong to AMP itself.
PROTOCOL_ERRORS: dict[bytes, type[AmpError]] = {UNHANDLED_ERROR_CODE: UnhandledCommand}

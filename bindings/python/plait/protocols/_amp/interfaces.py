"""What AMP's parts expect of each other, as typing protocols.

Nothing has to be declared: an object that has the methods will do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ...python.failure import Failure
    from .boxes import AmpBox


class IArgumentType(Protocol):
    """How an argument of a command becomes fields of a box, and the other way."""

    optional: bool

    def fromBox(
        self, name: bytes, strings: AmpBox, objects: dict[str, Any], proto: Any, /
    ) -> None: ...
    def toBox(
        self, name: bytes, strings: AmpBox, objects: dict[str, Any], proto: Any, /
    ) -> None: ...


class IBoxSender(Protocol):
    """What boxes are sent through."""

    def sendBox(self, box: AmpBox, /) -> None: ...
    def unhandledError(self, failure: Failure, /) -> None: ...


class IBoxReceiver(Protocol):
    """What gets the boxes that come."""

    def startReceivingBoxes(self, boxSender: IBoxSender, /) -> None: ...
    def ampBoxReceived(self, box: AmpBox, /) -> None: ...
    def stopReceivingBoxes(self, reason: Failure, /) -> None: ...


class IResponderLocator(Protocol):
    """What finds who answers a command: a function of a box that returns a box, or a Deferred."""

    def locateResponder(self, name: bytes, /) -> Callable[[AmpBox], Any] | None: ...

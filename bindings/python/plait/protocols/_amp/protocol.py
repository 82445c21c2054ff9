"""AMP itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._native import amp as native
from ...internet.defer import Deferred, fail
from ...internet.protocol import connectionDone, given_reason
from ...python.failure import Failure
from .boxes import ASK, COMMAND, AmpBox
from .asking import asking
from .calling import askWithBox
from .dispatching import BoxDispatcher
from .framing import BinaryBoxProtocol
from .locators import CommandLocator, MethodLocator, SimpleStringLocator
from .serving import Served, Serving
from .switching import StartTLS
from .tables import requests_factory

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..._core.factories import FactoryCache
    from .commands import Command

class _MostlySelf:
    """An attribute that is the object itself, unless it is something else.

    An object that refers to itself is garbage only for the collector of cycles.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = f"_{name}IfOther"

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        other = getattr(instance, self._name, None)
        return instance if other is _SELF else other

    def __set__(self, instance: Any, value: Any) -> None:
        setattr(instance, self._name, _SELF if value is instance else value)


_SELF = object()


class AMP(Serving, CommandLocator, SimpleStringLocator, MethodLocator):
    """A conversation in which both sides call commands of the other.

    Commands are answered by methods, which are found in this order: those that were declared by
    :meth:`Command.responder`; those that are named like the command in capitals, behind ``amp_``;
    and those that are named like the command, if they are defined in a class below this one, have
    no name of this one's and no underscore in front, and the class's module declares the command.
    """

    _ampInitialized = False
    #: Whether the C library finds the requests, and keeps the calls.
    _keeps = False
    #: And whether the calls have to come by no method of a subclass's.
    _asks = False
    #: By key: who waits for the answers of calls that it keeps.
    _asked: dict[int, Deferred[Any]] = {}
    #: What asks with a box that is on its way to sendBox.
    _asking: Callable[[AmpBox], None] | None = None
    _served: Served | None = None

    def __init__(self, boxReceiver: Any = None, locator: Any = None) -> None:
        """
        :param boxReceiver: what gets the boxes, in place of the protocol itself.
        :param locator: what finds who answers a command, in its place.
        """
        self._ampInitialized = True
        BoxDispatcher.__init__(self, self if locator is None else locator)
        BinaryBoxProtocol.__init__(self, self if boxReceiver is None else boxReceiver)

    boxReceiver: Any = _MostlySelf()
    boxSender: Any = _MostlySelf()
    locator: Any = _MostlySelf()

    def __repr__(self) -> str:
        inner = "" if self.innerProtocol is None else f" inner {self.innerProtocol!r}"
        return f"<{type(self).__name__}{inner} at {id(self):#x}>"

    def makeConnection(self, transport: Any) -> None:
        """Connects with a transport of any kind."""
        if not self._ampInitialized:
            AMP.__init__(self)
        super().makeConnection(transport)

    @given_reason
    def connectionLost(self, reason: Any = connectionDone) -> None:
        """The connection has ended: all calls fail."""
        super().connectionLost(reason)
        self.transport = None

    # Who answers

    @classmethod
    def _reserved(cls) -> type:
        return AMP

    def locateResponder(self, name: bytes) -> Callable[[AmpBox], Any] | None:
        """A function of a box that has the command answered, or None."""
        found = CommandLocator.locateResponder(self, name)
        if found is None:
            found = SimpleStringLocator.locateResponder(self, name)
        if found is None:
            method = self._locateMethod(name)
            if method is not None:
                found = self._wrapWithSerialization(*method)
        return found

    StartTLS.responder(BinaryBoxProtocol._defaultStartTLSResponder)

    @classmethod
    def _responders(cls) -> Served:
        served = cls.__dict__.get("_served")
        if served is None:
            found = {
                name: (command, getattr(cls, method))
                for name, (command, method) in cls._commandMethods().items()
            }
            found.update(cls._commandDispatch)
            served = cls._served = Served(found)
        return served

    # How much of it is done by the C library

    def _does(self, methods: dict[str, Any]) -> bool:
        """Whether these are what they are in this class."""
        return all(
            getattr(getattr(self, name), "__func__", None) is method
            for name, method in methods.items()
        )

    def _nativeFactory(self, cache: FactoryCache) -> int:
        if not self._ampInitialized:
            AMP.__init__(self)
        self._keeps = not self._feeds and self.boxReceiver is self and self._does(_CARRYING)
        self._asks = self._keeps and self._does(_ASKING)
        if not self._keeps:
            return super()._nativeFactory(cache)
        isOwn = self.locator is self and self._does(_ANSWERING)
        served = self._responders() if isOwn else _NOTHING
        self._plans = served.plans
        options = self.ampOptions.native()
        return requests_factory(cache, self._halfCloseable(), options, served.known)

    def _meet(self, transport: Any) -> None:
        super()._meet(transport)
        if not self._conn:
            self._keeps = self._asks = False

    def _bound(self, conn: int) -> None:
        super()._bound(conn)
        if self._keeps:
            self._asked = {}
            self._ours.send = native.amp_send_boxes

    def sendBox(self, box: AmpBox) -> None:
        """Sends a box."""
        asking, self._asking = self._asking, None
        if asking is None:
            super().sendBox(box)
            return
        box = AmpBox(box)
        box.pop(COMMAND, None)
        box.pop(ASK, None)
        asking(box)

    def callRemote(self, commandType: type[Command], *a: Any, **kw: Any) -> Any:
        """Calls a command of the peer's: see :meth:`BoxDispatcher.callRemote`."""
        if self._asks and self._direct and self._failAllReason is None and not a:
            known: Any = commandType._asking
            if known is None:
                known = commandType._asking = asking(commandType)
            if known:
                try:
                    question = known(self, kw)
                except Exception:
                    return fail(Failure())
                if question is not None:
                    return question
        return super().callRemote(commandType, *a, **kw)

    def _sendBoxCommand(
        self,
        command: bytes,
        box: AmpBox,
        requiresAnswer: bool = True,
        timeout: float | None = None,
    ) -> Deferred[AmpBox] | None:
        if not self._keeps:
            return super()._sendBoxCommand(command, box, requiresAnswer, timeout)
        if self._failAllReason is not None:
            return fail(self._failAllReason) if requiresAnswer else None
        self._refuseIfLocked()
        if self._startingTLSBuffer is not None:
            return self._askLater(command, box, requiresAnswer, timeout)
        if type(box)._sendTo is AmpBox._sendTo:
            return askWithBox(self, command, box, requiresAnswer, timeout)
        # A box of a class of its own has its own way of being sent, which ends in sendBox.
        asked: list[Deferred[AmpBox] | None] = []
        box[COMMAND] = command
        if requiresAnswer:
            box[ASK] = b""
        self._asking = lambda sent: asked.append(
            askWithBox(self, command, sent, requiresAnswer, timeout)
        )
        try:
            box._sendTo(self.boxSender)
        finally:
            self._asking = None
        return asked[0] if asked else None

    def _askLater(
        self, command: bytes, box: AmpBox, requiresAnswer: bool, timeout: float | None
    ) -> Deferred[AmpBox] | None:
        """Has a question wait for what is held back until TLS is there, or refused."""
        asked: list[Deferred[AmpBox] | None] = []

        def cancel(_: Any) -> None:
            if asked and asked[0] is not None:
                asked[0].cancel()

        held: Deferred[AmpBox] = Deferred(cancel)
        key = -len(self._startingTLSBuffer or ()) - 1

        def ask() -> None:
            if requiresAnswer and (self._asked.pop(key, None) is None or held.called):
                # It was given up, or fails with all others.
                return
            try:
                asked.append(self._sendBoxCommand(command, box, requiresAnswer, timeout))
            except Exception:
                held.errback()
                return
            if asked[0] is not None:
                asked[0].addBoth(answered)

        def answered(result: Any) -> None:
            if not held.called:
                held.addErrback(self.unhandledError)
                (held.errback if isinstance(result, Failure) else held.callback)(result)

        assert self._startingTLSBuffer is not None
        self._startingTLSBuffer.append(ask)
        if not requiresAnswer:
            return None
        self._asked[key] = held
        return held

    def failAllOutgoing(self, reason: Any) -> None:
        """Has all calls fail, those of the future included."""
        super().failAllOutgoing(reason)
        asked, self._asked = self._asked, {}
        for question in asked.values():
            if not question.called:
                question.errback(reason)


def _own(*names: str) -> dict[str, Any]:
    return {name: getattr(AMP, name) for name in names}


#: What has to be as it is here for the C library to find requests and keep calls.
_CARRYING = _own("_answerReceived", "_errorReceived", "ampBoxReceived", "sendBox")
#: And what for it to find out whom they are for.
_ANSWERING = _own(
    "_commandReceived", "_safeEmit", "_wrapWithSerialization", "dispatchCommand", "locateResponder"
)
_ASKING = _own("_sendBoxCommand", "unhandledError")
_NOTHING = Served({})

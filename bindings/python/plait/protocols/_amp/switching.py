"""Commands after which the connection is not what it was."""

from __future__ import annotations

from typing import Any

from ...internet.defer import fail
from ...internet.error import ConnectionLost
from ...python.failure import Failure
from .arguments import String
from .boxes import AmpBox
from .commands import Command
from .errors import OnlyOneTLS, RemoteAmpError, TLSCrossed


class _SwitchBox(AmpBox):
    """The last box: what follows it belongs to another protocol."""

    def __init__(self, innerProto: Any, **kw: Any) -> None:
        super().__init__(**kw)
        self.innerProto = innerProto

    def __repr__(self) -> str:
        return f"_SwitchBox({self.innerProto!r}, **{dict.__repr__(self)})"

    def _sendTo(self, proto: Any) -> None:
        super()._sendTo(proto)
        proto._lockForSwitch()
        proto._switchTo(self.innerProto)


class ProtocolSwitchCommand(Command):
    """A command after whose answer the connection speaks another protocol.

    The caller gives a factory in front of the arguments:
    ``callRemote(Switch, factory, name=b"chat")``. It can send no boxes meanwhile. Once the answer
    is there the factory builds the protocol, which goes on with the connection; if it is an error,
    the factory's ``clientConnectionFailed`` is called, and AMP goes on. The responder returns the
    protocol of its side.
    """

    def __init__(self, _protoToSwitchToFactory: Any, **kw: Any) -> None:
        """A call that switches to what this factory builds."""
        self.protoToSwitchToFactory = _protoToSwitchToFactory
        super().__init__(**kw)

    @classmethod
    def makeResponse(  # pyright: ignore[reportIncompatibleMethodOverride]
        cls, innerProto: Any, proto: Any
    ) -> AmpBox:
        """The box that answers, and has this protocol spoken behind it."""
        return _SwitchBox(innerProto)

    def _doCommand(self, proto: Any) -> Any:
        d: Any = super()._doCommand(proto)
        proto._lockForSwitch()
        factory = self.protoToSwitchToFactory

        def switch(answer: Any) -> Any:
            proto._switchTo(factory.buildProtocol(proto.transport.getPeer()), factory)
            return answer

        def stay(failure: Failure) -> Failure:
            proto._unlockFromSwitch()
            factory.clientConnectionFailed(None, Failure(ConnectionLost()))
            return failure

        return d and d.addCallbacks(switch, stay)


class _NoCertificate:
    """What those show who were given no certificate: a server one that it makes up."""

    def options(self, *authorities: Any) -> Any:
        """What TLS is spoken with."""
        from ...internet.ssl import temporary

        return temporary(*authorities)


class _TLSBox(AmpBox):
    """The last box in clear text."""

    __slots__ = ()

    @property
    def certificate(self) -> Any:
        """What this side shows."""
        return self.get(b"tls_localCertificate") or _NoCertificate()

    @property
    def verify(self) -> Any:
        """What the other side's certificate is checked by."""
        return self.get(b"tls_verifyAuthorities")

    def _sendTo(self, proto: Any) -> None:
        clear = AmpBox(self)
        for key in (b"tls_localCertificate", b"tls_verifyAuthorities"):
            clear.pop(key, None)
        clear._sendTo(proto)
        proto._startTLS(self.certificate, self.verify)


class _LocalArgument(String):
    """Something that one side tells itself: nothing of it goes over the wire."""

    def fromBox(self, name: bytes, strings: AmpBox, objects: dict[str, Any], proto: Any) -> None:
        """There is nothing to read."""


_LOCAL = [
    (b"tls_localCertificate", _LocalArgument(optional=True)),
    (b"tls_verifyAuthorities", _LocalArgument(optional=True)),
]


class StartTLS(Command):
    """A command after whose answer the connection goes on under TLS.

    What is sent meanwhile is held back until the answer, and leaves in any case. Both sides may
    give, the caller as arguments and the responder as results, ``tls_localCertificate``, what that
    side shows, and ``tls_verifyAuthorities``, a list of what the other's certificate is checked by.
    Who connected is the client of TLS, whoever asks. A server without a certificate makes one up,
    which nobody can check. The result is there when the peer has agreed; if it then fails a check
    the connection ends, and what was called meanwhile fails, with
    :class:`plait.internet.error.PeerVerifyError`.
    """

    arguments = list(_LOCAL)
    response = list(_LOCAL)
    responseType = _TLSBox

    def __init__(
        self, *, tls_localCertificate: Any = None, tls_verifyAuthorities: Any = None, **kw: Any
    ) -> None:
        """A call that starts TLS."""
        self.certificate = tls_localCertificate or _NoCertificate()
        self.authorities = tls_verifyAuthorities
        super().__init__(**kw)

    @classmethod
    def makeResponse(cls, objects: dict[str, Any], proto: Any) -> Any:
        """The box that answers, and has TLS spoken behind it."""
        if not proto._canTLS():
            return fail(RemoteAmpError(b"TLS_ERROR", "TLS not available"))
        if proto.hostCertificate is not None:
            return fail(RemoteAmpError(b"TLS_ERROR", "TLS is spoken already"))
        if proto._startingTLSBuffer is not None:
            # Neither side can go on before the other has answered.
            return fail(TLSCrossed())
        return super().makeResponse(objects, proto)

    def _doCommand(self, proto: Any) -> Any:
        if not proto._canTLS():
            raise RuntimeError("TLS not available")
        if proto.hostCertificate is not None:
            raise OnlyOneTLS(f"{proto!r} speaks TLS already")
        d: Any = super()._doCommand(proto)
        proto._holdBack()

        def start(answer: Any) -> Any:
            proto._startTLS(self.certificate, self.authorities)
            return answer

        def stay(failure: Failure) -> Failure:
            proto._release()
            return failure

        return d and d.addCallbacks(start, stay)

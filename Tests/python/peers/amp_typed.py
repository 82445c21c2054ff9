"""A program whose types are looked at; it is not run."""

from __future__ import annotations

import asyncio
from typing import Any

from plait import aio
from plait.internet import defer, endpoints, protocol, reactor
from plait.internet.protocol import Factory
from plait.protocols import amp
from plait.python.failure import Failure


class Kelvin(amp.Argument):
    def toString(self, inObject: int) -> bytes:
        return b"%d K" % inObject

    def fromString(self, inString: bytes) -> int:
        return int(inString[:-2])


class Sum(amp.Command):
    commandName = b"sum"
    arguments = [(b"a", amp.Integer()), (b"b", amp.Integer(optional=True))]
    response = [(b"total", amp.ListOf(Kelvin()))]
    errors = {ZeroDivisionError: b"ZERO"}
    fatalErrors = {MemoryError: b"MEMORY"}
    requiresAnswer = True


class Quit(amp.Command):
    responseType = amp.QuitBox


class Server(amp.AMP):
    ampOptions = amp.AmpOptions(keepAlive=30, extension=True)

    @Sum.responder
    def sum(self, a: int, b: int | None) -> dict[str, Any]:
        return {"total": [a + (b or 0)]}

    @Quit.responder
    async def quit(self) -> dict[str, Any]:
        return {}

    def amp_RAW(self, box: amp.AmpBox) -> amp.AmpBox:
        return amp.Box(x=box[b"x"])

    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None:
        super().connectionLost(reason)

    def connectionMade(self) -> None:
        d: defer.Deferred[dict[str, Any]] = self.callRemote(Sum, a=1, b=2)
        d.addCallback(lambda result: print(result["total"]))
        self.callRemoteString(b"RAW", x=b"1")


class Locator(amp.CommandLocator):
    @Sum.responder
    def sum(self, a: int, b: int) -> dict[str, Any]:
        return {}


endpoints.TCP4ServerEndpoint(reactor, 0).listen(protocol.Factory.forProtocol(Server))
proto = amp.AMP(locator=Locator())


async def main() -> None:
    await aio.listen("tcp:0", Factory.forProtocol(Server))
    result = await proto.callRemote(Sum, a=13, b=81)
    print(result)


asyncio.run(main())

"""Plait: an event loop, framers and protocols with Twisted's names, on a small C library.

A program written for Twisted that uses what is here runs with its imports changed::

    from plait.internet import endpoints, protocol, reactor
    from plait.protocols import basic

    class Echo(basic.LineReceiver):
        def lineReceived(self, line: bytes) -> None:
            self.sendLine(line)

    endpoints.TCP4ServerEndpoint(reactor, 8080).listen(protocol.Factory.forProtocol(Echo))
    reactor.run()

Importing this package loads nothing but its version: each part loads what it needs.
"""

from ._version import __version__

__all__ = ["__version__"]

"""A chat server behind five protections, and how it is tested without a socket.

Usage: python guarded_chat.py [PORT]      serves
       python guarded_chat.py test        tests itself
"""

import sys

from plait.internet import endpoints, protocol, reactor
from plait.internet.address import IPv4Address
from plait.internet.task import Clock
from plait.protocols import basic, policies
from plait.test import proto_helpers, splits


class Chat(basic.LineReceiver):
    delimiter = b"\n"
    MAX_LENGTH = 1000

    def connectionMade(self):
        self.sendLine(b"Welcome to chat server!")
        self.factory.clients.append(self)

    def connectionLost(self, reason):
        self.factory.clients.remove(self)

    def lineReceived(self, line):
        for client in self.factory.clients:
            if client is not self:
                client.sendLine(b"User says: " + line)


def chat():
    factory = protocol.Factory.forProtocol(Chat)
    factory.clients = []
    return factory


def guarded(factory, allow=("127.0.0.0/8", "::1/128"), log=None):
    """Five around each other; the last one is asked first."""
    if log is not None:
        factory = policies.TrafficLoggingFactory(factory, logfile=log, lengthLimit=80)
    factory = policies.TimeoutFactory(factory, 300, handshakePeriod=60, absolutePeriod=86400)
    factory = policies.ThrottlingFactory(
        factory, maxConnectionsPerIP=20, maxConnectionCount=1000, readLimit=100_000
    )
    return policies.AccessFactory(factory, allow=allow, acceptRate=100, acceptBurst=200)


def test():
    """On a clock, and with transports that only keep what is written."""
    clock = Clock()
    policies.TimeoutFactory.callLater = lambda self, period, func: clock.callLater(period, func)
    factory = guarded(chat())

    def connect(host):
        made = factory.buildProtocol(IPv4Address("TCP", host, 1))
        if made is not None:
            transport = proto_helpers.StringTransportWithDisconnection()
            transport.protocol = made
            made.makeConnection(transport)
        return made

    assert connect("192.0.2.1") is None
    first, second = connect("127.0.0.1"), connect("127.0.0.1")
    first.dataReceived(b"hello\n")
    assert second.transport.value().endswith(b"User says: hello\n")
    assert sum(connect("127.0.0.1") is not None for _ in range(50)) == 18
    clock.advance(60)
    assert first.transport.connected and not second.transport.connected
    clock.advance(240)
    assert not first.transport.connected

    # However what a client says is cut, the others hear the same.
    heard = []

    def talker():
        within = chat()
        made, other = within.buildProtocol(None), within.buildProtocol(None)
        other.makeConnection(proto_helpers.StringTransport())
        made.heard = lambda: heard.append(other.transport.value()) or heard[-1]
        return made

    splits.assertSameForAllCuts(talker, b"one\ntwo\n\nthree\n", lambda made: made.heard())
    print("all is well:", heard[-1].count(b"\n"), "lines,", len(heard), "ways of cutting")


if __name__ == "__main__":
    if sys.argv[1:] == ["test"]:
        test()
    else:
        endpoint = endpoints.TCP4ServerEndpoint(reactor, int(sys.argv[1]) if sys.argv[1:] else 8080)
        listening = endpoint.listen(guarded(chat(), log="/dev/null"))
        listening.addCallback(
            lambda port: print("listening on port", port.getHost().port, flush=True)
        )
        reactor.run()

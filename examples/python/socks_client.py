"""A page by way of a SOCKS proxy, which looks up the host's name itself.

Usage: python socks_client.py PROXY-PORT HOST PORT
"""

import sys

from plait.internet import reactor
from plait.internet.protocol import Factory, Protocol
from plait.protocols import socks


class Page(Protocol):
    def connectionMade(self):
        self.transport.write(b"GET / HTTP/1.0\r\nHost: %b\r\n\r\n" % sys.argv[2].encode())

    def dataReceived(self, data):
        print(data.decode("utf-8", "replace"), end="", flush=True)

    def connectionLost(self, reason):
        reactor.stop()


def failed(failure):
    print(failure.value, flush=True)
    reactor.stop()


where = f"tcp:127.0.0.1:{sys.argv[1]}"
endpoint = socks.SOCKSClientEndpoint(reactor, where, sys.argv[2], int(sys.argv[3]))
endpoint.connect(Factory.forProtocol(Page)).addErrback(failed)
reactor.run()

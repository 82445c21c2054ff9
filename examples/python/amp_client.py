"""A client for amp_server.py: has two numbers added, and somebody greeted.

Usage: python amp_client.py PORT A B NAME [AUTHORITY]

AUTHORITY is a file with the certificate of somebody who is trusted: then all of it is said under TLS.
"""

import sys

from amp_server import Greeting, Sum

from plait.internet import endpoints, reactor, ssl
from plait.protocols import amp


class Client(amp.AMP):
    authority = None

    def __init__(self, a, b, name):
        super().__init__()
        self.a, self.b, self.name = a, b, name
        self.left = 2
        self.failed = False

    def connectionMade(self):
        if self.authority is None:
            self.ask()
        else:
            secure = self.callRemote(amp.StartTLS, tls_verifyAuthorities=[self.authority])
            secure.addCallbacks(lambda ignored: self.ask(), self.cannotSecure)

    def ask(self):
        # Both are asked at once: answers come in any order.
        total = self.callRemote(Sum, a=self.a, b=self.b, timeout=5)
        total.addCallback(lambda result: print(f"{self.a} + {self.b} = {result['total']}"))
        greeting = self.callRemote(Greeting, name=self.name, timeout=5)
        greeting.addCallback(lambda result: print(result["text"]))
        for call in (total, greeting):
            call.addErrback(self.tell).addCallback(self.ended)

    def cannotSecure(self, failure):
        self.tell(failure)
        self.transport.loseConnection()

    def tell(self, failure):
        print("amp_client:", failure.getErrorMessage(), file=sys.stderr)
        self.failed = True

    def ended(self, ignored):
        self.left -= 1
        if not self.left and self.transport:
            self.transport.loseConnection()

    def connectionLost(self, reason):
        super().connectionLost(reason)
        reactor.stop()


def cannot_connect(failure):
    print("amp_client: cannot connect:", failure.getErrorMessage(), file=sys.stderr)
    client.failed = True
    reactor.stop()


if __name__ == "__main__":
    client = Client(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
    if sys.argv[5:]:
        with open(sys.argv[5], "rb") as file:
            client.authority = ssl.Certificate.loadPEM(file.read())
    endpoint = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", int(sys.argv[1]))
    endpoints.connectProtocol(endpoint, client).addErrback(cannot_connect)
    reactor.run()
    sys.exit(client.failed)

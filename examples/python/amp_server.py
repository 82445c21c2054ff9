"""A server that adds numbers and greets people, by AMP.

Usage: python amp_server.py [PORT [PEM]]

PEM is a file with a certificate and its key: then clients may ask to go on under TLS.
Its clients are amp_client.py, examples/c/amp_client.c, and any program on Twisted's AMP.
"""

import sys

from plait.internet import endpoints, protocol, reactor, ssl
from plait.protocols import amp


class NoName(Exception):
    """There is nobody to greet."""


class Sum(amp.Command):
    arguments = [
        (b"a", amp.Integer()),
        (b"b", amp.Integer()),
    ]
    response = [
        (b"total", amp.Integer()),
    ]


class Greeting(amp.Command):
    arguments = [
        (b"name", amp.Unicode()),
    ]
    response = [
        (b"text", amp.Unicode()),
    ]
    errors = {NoName: b"NO_NAME"}


class Server(amp.AMP):
    certificate = None

    @amp.StartTLS.responder
    def startTLS(self):
        return {"tls_localCertificate": self.certificate}

    @Sum.responder
    def sum(self, a, b):
        return {"total": a + b}

    @Greeting.responder
    def greet(self, name):
        if not name:
            raise NoName("who are you?")
        return {"text": f"Hello, {name}!"}


if __name__ == "__main__":
    number = int(sys.argv[1]) if sys.argv[1:] else 8750
    if sys.argv[2:]:
        with open(sys.argv[2], "rb") as file:
            Server.certificate = ssl.PrivateCertificate.loadPEM(file.read())
    endpoint = endpoints.TCP4ServerEndpoint(reactor, number, interface="127.0.0.1")
    listening = endpoint.listen(protocol.Factory.forProtocol(Server))
    listening.addCallback(lambda port: print("listening on port", port.getHost().port, flush=True))
    reactor.run()

"""A SOCKS proxy that decides for itself who may go where, and a connection by way of it.

Usage: python socks_proxy.py PORT [TARGET-PORT...]

It lets clients reach this machine, at these ports, and says what they do.
"""

import sys

from plait.internet import reactor
from plait.protocols import socks


class Proxy(socks.Proxy):
    ports = [int(word) for word in sys.argv[2:]]

    def authorize(self, request):
        granted = request.port in self.ports
        print(request.host, request.port, "granted" if granted else "denied", flush=True)
        return granted

    def closed(self, tunnel, status, text):
        print("%d bytes there, %d back" % tunnel.bytesPassed(), flush=True)


def listening(port):
    print("listening on port", port.getHost().port, flush=True)


proxy = Proxy(reactor, allow="127.0.0.0/8")
proxy.listen(f"tcp:{sys.argv[1]}:interface=127.0.0.1").addCallback(listening)
reactor.run()

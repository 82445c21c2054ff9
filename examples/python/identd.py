"""An ident server that answers what the kernel knows, but not for everybody.

Usage: python identd.py PORT [HIDDEN-USER...]
"""

import sys

from plait.internet import endpoints, reactor
from plait.internet.protocol import Factory
from plait.protocols import ident


class Server(ident.ProcServerMixin, ident.IdentServer):
    hidden = sys.argv[2:]

    def lookup(self, serverAddress, clientAddress):
        system, user = super().lookup(serverAddress, clientAddress)
        if user in self.hidden:
            raise ident.HiddenUser()
        return system, user


def listening(port):
    print("listening on port", port.getHost().port, flush=True)


endpoint = endpoints.TCP4ServerEndpoint(reactor, int(sys.argv[1]), interface="127.0.0.1")
endpoint.listen(Factory.forProtocol(Server)).addCallback(listening)
reactor.run()

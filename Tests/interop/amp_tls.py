"""StartTLS on Twisted and on Plait: only the imports differ.

    amp_tls.py PACKAGE server HOW DIRECTORY          prints the port it listens on
    amp_tls.py PACKAGE client HOW DIRECTORY PORT     prints what becomes of it

HOW: what is shown, and to whom; who asks; see Settings. DIRECTORY has what Tests/certificates makes.
"""

import importlib
import logging
import sys
from pathlib import Path

package, role, how, directory = sys.argv[1:5]
endpoints, protocol, reactor, ssl, error = (
    importlib.import_module(f"{package}.internet.{name}") for name in ("endpoints", "protocol", "reactor", "ssl", "error")
)
amp = importlib.import_module(f"{package}.protocols.amp")
logging.getLogger("plait").addHandler(logging.NullHandler())


def pem(name):
    return (Path(directory) / f"{name}.pem").read_bytes()


def identity(name):
    return ssl.PrivateCertificate.loadPEM(pem(name))


def authority(name):
    return ssl.Certificate.loadPEM(pem(name))


class Settings:
    """What each side shows and checks."""

    asker = "server" if "server asks" in how else "client"
    refuses = "refused" in how
    server, client = {}, {}
    if "nothing" not in how:
        server["tls_localCertificate"] = identity("good")
        client["tls_verifyAuthorities"] = [authority("stranger" if "stranger" in how else "root")]
    if "mutual" in how:
        client["tls_localCertificate"] = identity("client")
        server["tls_verifyAuthorities"] = [authority("root")]


class Refused(Exception):
    pass


class Start(amp.StartTLS):
    commandName = b"StartTLS"
    errors = {Refused: b"REFUSED"}


class Echo(amp.Command):
    arguments = response = [(b"text", amp.Unicode())]


class Side(amp.AMP):
    def start(self):
        if Settings.refuses:
            raise Refused("not with you")
        return getattr(Settings, role)

    Start.responder(start)

    def echo(self, text):
        return {"text": f"{role} says {text}, {'secure' if secure(self) else 'plain'}"}

    Echo.responder(echo)

    def connectionMade(self):
        amp.AMP.connectionMade(self)
        if Settings.asker == role:
            self.ask()

    def ask(self):
        if package == "twisted":
            # What is read together with the answer it takes for boxes, and a client's first TLS record may be: it gets them byte by byte.
            self.transport.bufferSize = 1
        self.callRemote(Start, **getattr(Settings, role)).addCallbacks(self.started, tell, errbackArgs=("start",))
        # Held back until the peer has agreed.
        self.callRemote(Echo, text="one").addCallbacks(self.told, tell, errbackArgs=("one",))

    def started(self, _):
        print("started", flush=True)
        self.callRemote(Echo, text="two").addCallbacks(self.told, tell, errbackArgs=("two",)).addBoth(self.finish)

    def told(self, answer):
        print(answer["text"], flush=True)

    def finish(self, _):
        if self.transport is None:
            return
        if not Settings.refuses and (role == "client" or "mutual" in how):
            digest = ssl.Certificate.peerFromTransport(self.transport).digest("sha256")
            print("peer", (digest if isinstance(digest, str) else digest.decode())[:11], flush=True)
        self.transport.loseConnection()

    def connectionLost(self, reason):
        amp.AMP.connectionLost(self, reason)
        if Settings.asker == role or role == "client":
            reactor.callLater(0, reactor.stop)


def secure(side):
    """Whether TLS is spoken."""
    return side.transport.TLS


def tell(failure, what):
    # Twisted's is pyOpenSSL's.
    gone = failure.check(error.ConnectionClosed, error.PeerVerifyError) or failure.type.__module__ == "OpenSSL.SSL"
    print(what, "ends with the connection" if gone else f"failed: {failure.type.__name__} {failure.getErrorMessage()}", flush=True)
    if Settings.refuses and what == "one":
        reactor.stop()


class RefusedSide(Side):
    """Goes on in plain."""

    def ask(self):
        Side.ask(self)

    def told(self, answer):
        Side.told(self, answer)
        self.transport.loseConnection()


kind = RefusedSide if Settings.refuses else Side
reactor.callLater(30, reactor.stop)
if role == "server":
    listening = endpoints.serverFromString(reactor, "tcp:0:interface=127.0.0.1").listen(protocol.Factory.forProtocol(kind))
    listening.addCallback(lambda port: print("listening on port", port.getHost().port, flush=True))
else:
    where = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", int(sys.argv[5]))
    endpoints.connectProtocol(where, kind())
reactor.run()
print("end", flush=True)

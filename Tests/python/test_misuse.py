"""What is given in the place of something else is refused where it is given, in words that say what is wanted."""

from __future__ import annotations

import asyncio
import ssl as standard

import pytest

from conftest import LIMIT
from plait import aio
from plait.internet import endpoints, protocol, ssl, task
from plait.protocols import basic, ftp, policies
from plait.test.proto_helpers import MemoryReactorClock
from plait.words.protocols.jabber.client import XMPPClientFactory
from plait.words.protocols.jabber.jid import JID
from test_tls import certificates, good, root  # noqa: F401

# Functions

CALLS = {
    "callLater": lambda reactor, thing: reactor.callLater(0, thing),
    "callFromThread": lambda reactor, thing: reactor.callFromThread(thing),
    "addSystemEventTrigger": lambda reactor, thing: reactor.addSystemEventTrigger(
        "before", "shutdown", thing
    ),
    "clock": lambda reactor, thing: task.Clock().callLater(0, thing),
    "clock's thread": lambda reactor, thing: task.Clock().callFromThread(thing),
    "memory": lambda reactor, thing: MemoryReactorClock().callLater(0, thing),
    "deferLater": lambda reactor, thing: task.deferLater(reactor, 0, thing),
    "LoopingCall": lambda reactor, thing: task.LoopingCall(thing),
    "withCount": lambda reactor, thing: task.LoopingCall.withCount(thing),
}


@pytest.mark.parametrize("way", CALLS)
def test_what_is_no_function(reactor, way):
    with pytest.raises(TypeError, match="not callable: 5"):
        CALLS[way](reactor, 5)
    assert not reactor.getDelayedCalls()


# TLS

OPTIONS = {
    "listenSSL": lambda reactor, tls: reactor.listenSSL(0, Chats(), tls),
    "FTPFactory": lambda reactor, tls: ftp.FTPFactory(tls=tls),
    "FTPClient": lambda reactor, tls: ftp.FTPClient(tls=tls),
    "XMPPClientFactory": lambda reactor, tls: XMPPClientFactory(JID("a@b"), "secret", tls),
}


@pytest.mark.parametrize("way", OPTIONS)
def test_what_are_no_options_of_tls(reactor, way):
    with pytest.raises(TypeError, match="of plait.internet.ssl is wanted, not SSLContext: "):
        OPTIONS[way](reactor, standard.create_default_context())


def test_options_of_the_other_side(good):  # noqa: F811
    with pytest.raises(ssl.SSLConfigurationError, match="a server needs a certificate"):
        ftp.FTPFactory(tls=ssl.CertificateOptions())
    with pytest.raises(ValueError, match="these options are a client's"):
        ftp.FTPFactory(tls=ssl.optionsForClientTLS("localhost"))
    assert ftp.FTPFactory(tls=good.options()) and ftp.FTPClient(tls=ssl.CertificateOptions())


def test_pem_is_bytes_or_text(good, root):  # noqa: F811
    text = good.dumpPEM().decode()
    key = ssl.KeyPair(text)
    for pem in (text, text.encode()):
        made = ssl.CertificateOptions(key, pem, trustRoot=pem, extraCertChain=[pem])
        assert made._use(True) and made._use(False)
        assert ssl.optionsForClientTLS("localhost", pem) and ssl.optionsForClientTLS("localhost", [pem])
        assert ssl.trustRootFromCertificates([root, pem]).pem == root.dumpPEM() + good.dumpPEM()


def test_what_stands_between_the_pieces_of_pem(good):  # noqa: F811
    commented = "# Zertifikat für \u2603\n" + good.dumpPEM().decode()
    assert ssl.PrivateCertificate.loadPEM(commented).options()._use(True)
    assert ssl.PrivateCertificate.loadPEM(commented) == good


PEMS = {
    "loadPEM": ssl.Certificate.loadPEM,
    "Certificate": ssl.Certificate,
    "KeyPair": ssl.KeyPair,
    "key": lambda thing: ssl.CertificateOptions(thing, b""),
    "trustRoot": lambda thing: ssl.CertificateOptions(trustRoot=[thing]),
}


@pytest.mark.parametrize("way", PEMS)
def test_what_is_no_pem(way):
    with pytest.raises(TypeError, match="PEM is wanted, as bytes or text, not int: 5"):
        PEMS[way](5)


# Factories


class Chat(basic.LineReceiver):
    pass


class Chats(protocol.ClientFactory):
    protocol = Chat


class Duck:
    """All that a factory needs to have."""

    def doStart(self): ...

    def doStop(self): ...

    def buildProtocol(self, addr):
        return None


def over_tls(reactor, factory):
    where = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", 1)
    return endpoints.wrapClientTLS(ssl.CertificateOptions(), where).connect(factory)


BUILDERS = {
    "listenTCP": lambda reactor, factory: reactor.listenTCP(0, factory, interface="127.0.0.1"),
    "listenUNIX": lambda reactor, factory: reactor.listenUNIX("\0plait-misuse", factory),
    "TCP4Server": lambda reactor, factory: endpoints.TCP4ServerEndpoint(reactor, 0).listen(factory),
    "TCP4Client": lambda reactor, factory: endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", 1).connect(
        factory
    ),
    "TLS": over_tls,
    "WrappingFactory": lambda reactor, factory: policies.WrappingFactory(factory),
    "TimeoutFactory": lambda reactor, factory: policies.TimeoutFactory(factory, 3),
}


def refusal(reactor, function, *given):
    """What is raised, or what a Deferred fails with at once."""
    with pytest.raises(TypeError) as told:
        result = function(reactor, *given)
        failures = []
        result.addErrback(failures.append)
        failures[0].raiseException()
    assert not reactor.ports and not reactor.connectors and not reactor.attempts
    return str(told.value)


@pytest.mark.parametrize("way", BUILDERS)
def test_what_is_no_factory(reactor, way):
    build = BUILDERS[way]
    assert refusal(reactor, build, Chat).endswith("; Factory.forProtocol(Chat) makes one")
    assert refusal(reactor, build, Chats).endswith("; Chats() makes one")
    assert refusal(reactor, build, None) == "a Factory is wanted, not None"
    assert refusal(reactor, build, 5) == "a Factory is wanted, not 5"
    build(reactor, Duck())


CLIENTS = {
    "connectTCP": lambda reactor, factory: reactor.connectTCP("127.0.0.1", 1, factory),
    "connectUNIX": lambda reactor, factory: reactor.connectUNIX("/no/such/place", factory),
}


@pytest.mark.parametrize("way", CLIENTS)
def test_what_is_no_factory_of_clients(reactor, way):
    build = CLIENTS[way]
    told = refusal(reactor, build, Chat)
    assert told.startswith("a ClientFactory is wanted, not <class")
    assert told.endswith("; ClientFactory.forProtocol(Chat) makes one")
    assert refusal(reactor, build, Chats).endswith("; Chats() makes one")
    assert "a ClientFactory is wanted, not " in refusal(reactor, build, Duck())
    build(reactor, Chats()).stopConnecting()


def test_factories_of_asyncios_programs():
    async def handle(conn): ...

    async def main():
        for thing in (None, 5, handle, Chats):
            for ask in (aio.listen, aio.connect):
                with pytest.raises(TypeError, match="a Factory is wanted, or a class of protocols, not "):
                    await ask("tcp:127.0.0.1:1" if ask is aio.connect else "tcp:0", thing)
            with pytest.raises(TypeError, match="a Factory is wanted, or a class of protocols, not "):
                async with aio.serving("tcp:0", thing, handle):
                    pass
        for thing in (Chat, Duck(), lambda: Chat()):
            async with aio.listening("tcp:0:interface=127.0.0.1", thing):
                pass

    asyncio.run(asyncio.wait_for(main(), LIMIT))

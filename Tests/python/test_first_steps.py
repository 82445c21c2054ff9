"""What newcomers give by mistake is refused at once, in words that say what is wanted."""

from __future__ import annotations

import asyncio
import ssl as standard

import pytest

from plait import aio
from plait.internet import endpoints, protocol, ssl
from plait.protocols import basic
from plait.test.proto_helpers import MemoryReactor
from test_tls import certificates, good  # noqa: F401


@pytest.mark.parametrize(
    "text, words",
    [
        ("127.0.0.1:80", "unknown kind of endpoint at 0; it begins with its kind, as in 'tcp:127.0.0.1:80'"),
        ("localhost", "it begins with its kind"),
        ("", "it begins with its kind"),
        ("tcp:[::1]:80", "colons of an address have a backslash each"),
        ("tcp:::1:80", "colons of an address have a backslash each"),
        ("tcp:localhost", "the port is missing"),
        ("tcp::80", "the value is empty"),
    ],
)
def test_endpoint_strings(reactor, text, words):
    with pytest.raises(ValueError) as told:
        endpoints.clientFromString(reactor, text)
    assert words in str(told.value)


def test_an_address_whose_colons_have_backslashes():
    memory = MemoryReactor()
    endpoints.clientFromString(memory, "tcp:\\:\\:1:80").connect(factory())
    assert memory.tcpClients[0][:2] == ("::1", 80)


@pytest.mark.parametrize("text", [b"tcp:127.0.0.1:80", None, 80])
@pytest.mark.parametrize("function", [endpoints.clientFromString, endpoints.serverFromString])
def test_what_is_no_string(reactor, function, text):
    with pytest.raises(TypeError, match=f"an endpoint string is text, not {type(text).__name__}"):
        function(reactor, text)


def factory():
    return protocol.ClientFactory.forProtocol(basic.LineReceiver)


TLS = {
    "listenSSL": lambda r, o: r.listenSSL(0, factory(), o, interface="127.0.0.1"),
    "connectSSL": lambda r, o: r.connectSSL("127.0.0.1", 1, factory(), o),
    "server endpoint": lambda r, o: endpoints.SSL4ServerEndpoint(r, 0, o),
    "client endpoint": lambda r, o: endpoints.SSL4ClientEndpoint(r, "127.0.0.1", 1, o),
    "wrapped server": lambda r, o: endpoints.wrapServerTLS(o, endpoints.TCP4ServerEndpoint(r, 0)),
    "wrapped client": lambda r, o: endpoints.wrapClientTLS(o, endpoints.TCP4ClientEndpoint(r, "h", 1)),
}


@pytest.mark.parametrize("way", TLS)
@pytest.mark.parametrize("options", [None, standard.create_default_context()])
def test_options_of_others(reactor, way, options):
    with pytest.raises(TypeError, match="of plait.internet.ssl is wanted, not"):
        TLS[way](reactor, options)


def test_pem_is_text_or_bytes(good):  # noqa: F811
    pem = good.dumpPEM().decode()
    for made in (
        ssl.PrivateCertificate.loadPEM(pem).options(),
        ssl.CertificateOptions(pem, pem),
        ssl.CertificateOptions(ssl.KeyPair.load(pem), ssl.Certificate.loadPEM(pem)),
    ):
        assert made._use(True).configuration.handle
    assert ssl.Certificate.loadPEM(pem) == good
    with pytest.raises(TypeError, match="PEM is wanted"):
        ssl.CertificateOptions(object(), pem)


def test_calls_that_cannot_be_made(reactor):
    with pytest.raises(TypeError, match="not callable: None"):
        reactor.callLater(1, None)
    assert not reactor.getDelayedCalls()


async def handle(conn):
    """What serves a connection: not a factory."""


@pytest.mark.parametrize("wrong", [None, 5, "Lines", aio.Lines(), handle])
def test_what_is_no_factory(wrong):
    async def main():
        with pytest.raises(TypeError, match="a Factory is wanted, or a class of protocols, not"):
            await aio.connect("tcp:127.0.0.1:1", wrong)
        with pytest.raises(TypeError, match="a Factory is wanted, or a class of protocols, not"):
            await aio.listen("tcp:0:interface=127.0.0.1", wrong)
        with pytest.raises(TypeError, match="a Factory is wanted, or a class of protocols, not"):
            async with aio.serving("tcp:0:interface=127.0.0.1", wrong, aio.Lines):
                pass

    asyncio.run(main())

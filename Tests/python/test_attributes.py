"""What transports, ports and connectors tell of themselves."""

from __future__ import annotations

from conftest import lost, run, until
from plait.internet import endpoints, error, protocol
from plait.internet.interfaces import IConsumer, ILoggingContext
from test_tcp import EchoLines, Recorder


class Named(Recorder):
    def logPrefix(self):
        return "Named"


class Factory(protocol.ClientFactory):
    """Keeps what it has built."""

    def __init__(self, kind):
        self.protocol, self.made = kind, []

    def buildProtocol(self, addr):
        self.made.append(super().buildProtocol(addr))
        return self.made[-1]


def test_over_tcp(reactor):
    factory, client = Factory(Named), Factory(Recorder)
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    number = port.getHost().port
    assert port.connected is True and port.logPrefix() == "test_attributes.Factory"
    connector = reactor.connectTCP("127.0.0.1", number, client)
    assert (connector.host, connector.port) == ("127.0.0.1", number)
    until(reactor, lambda: client.made and factory.made and factory.made[0].connected)
    here, there = client.made[0].transport, factory.made[0].transport
    assert there.hostname == "127.0.0.1" and there.client == ("127.0.0.1", here.getHost().port)
    assert there.logPrefix() == "Named,127.0.0.1" and here.logPrefix() == "Recorder,client"
    assert IConsumer.providedBy(here) and ILoggingContext.providedBy(here)
    here.stopConsuming()
    assert lost(reactor, client.made[0]).check(error.ConnectionDone)
    run(reactor, port.stopListening())
    assert port.connected is False


def test_over_unix(reactor, tmp_path):
    path = str(tmp_path / "socket")
    factory = Factory(EchoLines)
    reactor.listenUNIX(path, factory)
    connector = reactor.connectUNIX(path, Factory(Recorder))
    assert not hasattr(connector, "host") and not hasattr(connector, "port")
    until(reactor, lambda: factory.made and factory.made[0].connected)
    transport = factory.made[0].transport
    assert (transport.hostname, transport.client) == ("", ("", None))


def test_a_producer_that_has_nobody_to_write_for(reactor):
    factory = Factory(EchoLines)
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    where = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port)
    made = run(reactor, where.connect(Factory(Recorder)))

    class Pull:
        def resumeProducing(self):
            made.transport.stopConsuming()

        def stopProducing(self):
            raise AssertionError("it stopped by itself")

    made.transport.registerProducer(Pull(), False)
    assert lost(reactor, made).check(error.ConnectionDone)
    assert made.transport.producer is None

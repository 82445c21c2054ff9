"""Twisted's interfaces: all of them can be imported, and say who provides them."""

from __future__ import annotations

from twisted.internet import interfaces as twisted
from zope.interface import implementer

from plait.internet import interfaces, protocol
from plait.internet.address import HostnameAddress, IPv4Address, IPv6Address, UNIXAddress
from plait.test.proto_helpers import MemoryReactor, StringTransport

#: What came with a release of Twisted's that not everybody has.
NEW = {"IReactorTCP2"}


def test_all_names_are_there():
    names = {
        name
        for name, value in vars(twisted).items()
        if name.startswith("I") and getattr(value, "__module__", "") == twisted.__name__
    }
    assert len(names) > 60
    assert names - set(interfaces.__all__) - NEW == set()
    for name in names - NEW:
        assert getattr(interfaces, name).__doc__


def test_they_name_what_twisted_s_do():
    for name in ("IReactorFDSet", "IProcessProtocol", "IUDPTransport", "IHostResolution", "IFileDescriptor"):
        ours = set(getattr(interfaces, name)._names())
        assert ours == set(getattr(twisted, name).names(True)), name


def test_addresses():
    for address in (
        IPv4Address("TCP", "10.0.0.1", 1),
        IPv6Address("TCP", "::1", 1),
        UNIXAddress("/x"),
        HostnameAddress(b"h", 1),
    ):
        assert interfaces.IAddress.providedBy(address)
    assert not interfaces.IAddress.providedBy(("10.0.0.1", 1))


def test_nobody_provides_what_is_not_there(reactor):
    for name in interfaces.__all__:
        kind = getattr(interfaces, name)
        if kind.__module__.endswith("_otherinterfaces"):
            assert not kind.providedBy(reactor), name
            assert not kind.providedBy(StringTransport()), name
            assert not kind.providedBy(object()), name
    assert interfaces.IReactorFDSet.providedBy(MemoryReactor())
    assert not interfaces.IReactorUDP.providedBy(MemoryReactor())


def test_programs_declare_them():
    @implementer(interfaces.IAddress, interfaces.IProcessProtocol)
    class Mine(protocol.Protocol):
        def fileDescriptorReceived(self, descriptor):
            pass

    assert interfaces.IFileDescriptorReceiver.providedBy(Mine())
    assert not interfaces.IProcessProtocol.providedBy(Mine())

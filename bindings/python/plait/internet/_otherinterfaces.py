"""Twisted's interfaces of what the package does not have, so that programs can import and declare them.

Nothing of the package's own provides them but for ``IReactorFDSet``, which ``MemoryReactor`` does, and
``IServiceCollection``: ``providedBy`` says so.
"""

from __future__ import annotations

from typing import Any, Protocol

from .interfaces import ILoggingContext, Interface, ITransport, _Kind


class _Nobodys(_Kind):
    """The class of interfaces whose methods others have, too."""

    def providedBy(cls, thing: object) -> bool:
        """Nothing of the package's is meant."""
        return False


class IAcceptableCiphers(Interface, Protocol):
    """Ciphers that are acceptable."""

    selectCiphers: Any


class ICipher(Interface, Protocol):
    """A cipher of TLS."""

    fullName: Any


class IFileDescriptor(ILoggingContext, Protocol):
    """A descriptor that a reactor watches."""

    fileno: Any
    connectionLost: Any


class IReadDescriptor(IFileDescriptor, Protocol):
    """One that is read from."""

    doRead: Any


class IWriteDescriptor(IFileDescriptor, Protocol):
    """One that is written to."""

    doWrite: Any


class IReadWriteDescriptor(IReadDescriptor, IWriteDescriptor, Protocol):
    """One that both is done to."""


class IHalfCloseableDescriptor(Interface, Protocol):
    """One of which one direction can end."""

    writeConnectionLost: Any
    readConnectionLost: Any


class IFileDescriptorReceiver(Interface, Protocol):
    """A protocol that receives descriptors."""

    fileDescriptorReceived: Any


class ISystemHandle(Interface, Protocol):
    """What stands on something of the system's."""

    getHandle: Any


class IUNIXTransport(ITransport, Protocol):
    """A transport that sends descriptors."""

    sendFileDescriptor: Any


class IUDPTransport(Interface, Protocol):
    """A transport of datagrams."""

    write: Any
    connect: Any
    getHost: Any
    stopListening: Any
    setBroadcastAllowed: Any
    getBroadcastAllowed: Any


class IMulticastTransport(IUDPTransport, Protocol):
    """One of datagrams to groups."""

    getOutgoingInterface: Any
    setOutgoingInterface: Any
    getLoopbackMode: Any
    setLoopbackMode: Any
    getTTL: Any
    setTTL: Any
    joinGroup: Any
    leaveGroup: Any


class IUNIXDatagramTransport(Interface, Protocol, metaclass=_Nobodys):
    """A transport of datagrams at paths."""

    write: Any
    getHost: Any


class IUNIXDatagramConnectedTransport(Interface, Protocol, metaclass=_Nobodys):
    """One that has a peer."""

    write: Any
    getHost: Any
    getPeer: Any


class IProcessTransport(ITransport, Protocol):
    """What leads to a process."""

    pid: Any
    closeStdin: Any
    closeStdout: Any
    closeStderr: Any
    closeChildFD: Any
    writeToChild: Any
    signalProcess: Any


class IProcessProtocol(Interface, Protocol):
    """A conversation with a process."""

    makeConnection: Any
    childDataReceived: Any
    childConnectionLost: Any
    processExited: Any
    processEnded: Any


class IReactorProcess(Interface, Protocol):
    """What starts processes."""

    spawnProcess: Any


class IReactorUDP(Interface, Protocol):
    """What has datagrams."""

    listenUDP: Any


class IReactorMulticast(Interface, Protocol):
    """What has datagrams to groups."""

    listenMulticast: Any


class IReactorUNIXDatagram(Interface, Protocol):
    """What has datagrams at paths."""

    connectUNIXDatagram: Any
    listenUNIXDatagram: Any


class IReactorFDSet(Interface, Protocol):
    """What watches descriptors."""

    addReader: Any
    addWriter: Any
    removeReader: Any
    removeWriter: Any
    removeAll: Any
    getReaders: Any
    getWriters: Any


class IReactorSocket(Interface, Protocol):
    """What takes over sockets that others have opened."""

    adoptStreamPort: Any
    adoptStreamConnection: Any
    adoptDatagramPort: Any


class IReactorDaemonize(Interface, Protocol):
    """What has to know when the process becomes a daemon."""

    beforeDaemonize: Any
    afterDaemonize: Any


class IReactorWin32Events(Interface, Protocol):
    """What waits for events of Windows."""

    addEvent: Any
    removeEvent: Any


class IReactorPluggableResolver(Interface, Protocol):
    """What names can be resolved for by something else."""

    installResolver: Any


class IReactorPluggableNameResolver(Interface, Protocol):
    """The same, with several addresses for a name."""

    nameResolver: Any
    installNameResolver: Any


class IResolverSimple(Interface, Protocol):
    """What resolves names."""

    getHostByName: Any


class IResolver(IResolverSimple, Protocol):
    """What asks for records."""

    query: Any
    lookupAddress: Any
    lookupIPV6Address: Any
    lookupMailExchange: Any
    lookupNameservers: Any
    lookupPointer: Any
    lookupService: Any
    lookupText: Any
    lookupZone: Any


class IHostnameResolver(Interface, Protocol):
    """What resolves names to several addresses."""

    resolveHostName: Any


class IHostResolution(Interface, Protocol):
    """A name that is being resolved."""

    name: Any
    cancel: Any


class IResolutionReceiver(Interface, Protocol):
    """Who is told of addresses."""

    resolutionBegan: Any
    addressResolved: Any
    resolutionComplete: Any


class IOpenSSLContextFactory(Interface, Protocol):
    """What makes contexts of pyOpenSSL's."""

    getContext: Any


class IOpenSSLClientConnectionCreator(Interface, Protocol):
    """What makes connections of pyOpenSSL's, for clients."""

    clientConnectionForTLS: Any


class IOpenSSLServerConnectionCreator(Interface, Protocol):
    """What makes connections of pyOpenSSL's, for servers."""

    serverConnectionForTLS: Any


class IProtocolNegotiationFactory(Interface, Protocol):
    """A factory that says which protocols may be agreed on."""

    acceptableProtocols: Any


class IServiceCollection(Interface, Protocol):
    """Services together."""

    getServiceNamed: Any
    addService: Any
    removeService: Any


class IStreamServerEndpointStringParser(Interface, Protocol):
    """A plugin for a kind of endpoint strings."""

    prefix: Any
    parseStreamServer: Any


class IStreamClientEndpointStringParserWithReactor(Interface, Protocol):
    """A plugin for a kind of endpoint strings."""

    prefix: Any
    parseStreamClient: Any

"""What is started and stopped: Twisted's ``twisted.application.service``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..internet.defer import Deferred, DeferredList, maybeDeferred
from .interfaces import IService, IServiceCollection

__all__ = ["IService", "IServiceCollection", "MultiService", "Service"]


class Service:
    """What can be started and stopped; to be subclassed.

    :ivar name: what its parent may find it by, or None.
    :ivar running: whether it was started, and not stopped.
    :ivar parent: the :class:`MultiService` it is part of, or None.
    """

    name: str | None = None
    running = 0
    parent: Any = None

    def setName(self, name: str) -> None:
        """Names it; only before it has a parent."""
        if self.parent is not None:
            raise RuntimeError("a service that has a parent cannot be named")
        self.name = name

    def setServiceParent(self, parent: Any) -> None:
        """Makes it part of another one."""
        if self.parent is not None:
            self.disownServiceParent()
        self.parent = parent
        parent.addService(self)

    def disownServiceParent(self) -> Deferred[Any] | None:
        """Takes it out of the one it is part of, and stops it."""
        left: Deferred[Any] | None = self.parent.removeService(self)
        self.parent = None
        return left

    def privilegedStartService(self) -> None:
        """Comes before :meth:`startService`, while the program may do more than later."""

    def startService(self) -> None:
        """Starts it. To be extended."""
        self.running = 1

    def stopService(self) -> Deferred[Any] | None:
        """Stops it; a Deferred says when that is done. To be extended."""
        self.running = 0
        return None


class MultiService(Service):
    """Services that are started and stopped together.

    :ivar services: those that there are.
    :ivar namedServices: those with a name, by it.
    """

    def __init__(self) -> None:
        self.services: list[Any] = []
        self.namedServices: dict[str, Any] = {}

    def privilegedStartService(self) -> None:
        """Has all of them do what comes first."""
        for service in self:
            service.privilegedStartService()

    def startService(self) -> None:
        """Starts all of them."""
        super().startService()
        for service in self:
            service.startService()

    def stopService(self) -> Deferred[Any]:
        """Stops all of them, the last one first; the Deferred has their results."""
        super().stopService()
        return DeferredList([maybeDeferred(s.stopService) for s in reversed(self.services)])

    def getServiceNamed(self, name: str) -> Any:
        """The one of this name."""
        return self.namedServices[name]

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self.services))

    def addService(self, service: Any) -> None:
        """Adds one, and starts it if this is running. ``setServiceParent`` does so."""
        if service.name is not None:
            if service.name in self.namedServices:
                raise RuntimeError(f"there is a service named {service.name!r} already")
            self.namedServices[service.name] = service
        self.services.append(service)
        if self.running:
            service.privilegedStartService()
            service.startService()

    def removeService(self, service: Any) -> Deferred[Any] | None:
        """Takes one out, and stops it if this is running. ``disownServiceParent`` does so."""
        if service.name:
            del self.namedServices[service.name]
        self.services.remove(service)
        return maybeDeferred(service.stopService) if self.running else None

"""What is expected of services, as typing protocols."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

from ..internet.interfaces import Interface

if TYPE_CHECKING:
    from ..internet.defer import Deferred

__all__ = ["IService", "IServiceCollection"]


class IService(Interface, Protocol):
    """What can be started and stopped."""

    name: str | None
    running: int
    parent: Any

    def setName(self, name: str, /) -> None: ...
    def setServiceParent(self, parent: Any, /) -> None: ...
    def disownServiceParent(self) -> Deferred[None] | None: ...
    def privilegedStartService(self) -> None: ...
    def startService(self) -> None: ...
    def stopService(self) -> Deferred[Any] | None: ...


class IServiceCollection(Interface, Protocol):
    """What has services."""

    def addService(self, service: Any, /) -> None: ...
    def removeService(self, service: Any, /) -> Deferred[Any] | None: ...
    def getServiceNamed(self, name: str, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...

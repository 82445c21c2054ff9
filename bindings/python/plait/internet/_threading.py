"""The reactor's methods about its events, and about threads that work for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from .._core.events import SystemEvents, Trigger
    from ..python.threadpool import ThreadPool
    from .defer import Deferred


class Threading:
    """``addSystemEventTrigger`` and its like, ``callInThread`` and its like."""

    if TYPE_CHECKING:
        events: SystemEvents
        handle: int
        _key: int
        inside: bool
        running: bool

        def callFromThread(self, callable: Callable[..., Any], *args: Any, **kw: Any) -> None: ...

        def stop(self) -> None: ...

    threadpool: ThreadPool | None = None

    def addSystemEventTrigger(
        self, phase: str, eventType: str, callable: Callable[..., Any], *args: Any, **kw: Any
    ) -> Trigger:
        """Has a function called when the reactor starts or ends, once.

        :param phase: ``"before"``, ``"during"`` or ``"after"``. What is to be done before is waited
            for, if it gives a Deferred; ports and connections are closed during a shutdown.
        :param eventType: ``"startup"``, ``"shutdown"``, or the program's own.
        :return: what :meth:`removeSystemEventTrigger` takes.
        """
        return self.events.add(phase, eventType, callable, args, kw)

    def removeSystemEventTrigger(self, triggerID: Trigger) -> None:
        """Has a function not be called.

        :raises ValueError: if it was called or removed already.
        """
        self.events.remove(triggerID)

    def fireSystemEvent(self, eventType: str) -> None:
        """Has the functions for an event called; a shutdown is :meth:`stop`."""
        if eventType == "shutdown":
            self.stop()
        else:
            self.events.fire(eventType)

    def callWhenRunning(
        self, callable: Callable[..., Any], *args: Any, **kw: Any
    ) -> Trigger | None:
        """Calls a function when the reactor starts, or now, if it runs."""
        if self.running:
            callable(*args, **kw)
            return None
        return self.addSystemEventTrigger("after", "startup", callable, *args, **kw)

    def getThreadPool(self) -> ThreadPool:
        """The threads for :meth:`callInThread`: none at first, ten at most. They work while the
        reactor runs, which waits for them when it ends.
        """
        pool = self.threadpool
        if pool is None:
            from ..python.threadpool import ThreadPool

            pool = self.threadpool = ThreadPool(0, 10, "reactor")
            self.callWhenRunning(pool.start)
            self.addSystemEventTrigger("during", "shutdown", self.stopThreadPool)
        return pool

    def stopThreadPool(self) -> None:
        """Waits for the threads, and ends them. Ctrl-C ends the wait: those that still work are
        daemons, and the program's end is theirs.
        """
        pool, self.threadpool = self.threadpool, None
        if pool is None:
            return
        # As in a callback: Ctrl-C raises its exception at once.
        before, self.inside = self.inside, True
        try:
            pool.stop()
        finally:
            self.inside = before

    def suggestThreadPoolSize(self, size: int) -> None:
        """Sets how many threads there are at most."""
        self.getThreadPool().adjustPoolsize(maxthreads=size)

    def callInThread(self, callable: Callable[..., Any], *args: Any, **kw: Any) -> None:
        """Calls a function in another thread; what it raises is logged. From any thread."""
        self.getThreadPool().callInThread(callable, *args, **kw)

    def resolve(self, name: str, timeout: Any = None) -> Deferred[str]:
        """Looks an IPv4 address up by its name. What connects does so by itself."""
        import socket

        from .error import DNSLookupError
        from .threads import deferToThreadPool

        def failed(failure: Any) -> None:
            failure.trap(OSError)
            raise DNSLookupError(f"address {name!r} not found: {failure.value}")

        pool = self.getThreadPool()
        return deferToThreadPool(self, pool, socket.gethostbyname, name).addErrback(failed)

    #: What :meth:`setServiceLookup` was given.
    serviceLookup: Callable[..., Any] | None = None

    def setServiceLookup(self, lookup: Callable[..., Any] | None) -> None:
        """Has a function asked where services are, for endpoints with ``srv=``, before the system is.

        :param lookup: gets a service, as ``"xmpp-client"``, and a domain. It gives the service's
            hosts, each as ``(host, port)``, ``(host, port, priority)`` or ``(host, port, priority,
            weight)``, or a Deferred or a coroutine of that; none: it is at the domain itself, and
            the host ``"."``: nowhere. None has the system asked. What it raises, or gives and is no
            such list, is logged, and counts as none. And None in its place: nobody is.
        """
        from .._native import service
        from ._reasons import check
        from ._services import asked

        self.serviceLookup = lookup
        function = asked if lookup is not None else service.ServiceFunction()
        check(service.reactor_set_service_lookup(self.handle, function, self._key))

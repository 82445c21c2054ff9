"""Many servers as one."""

from __future__ import annotations

import enum
import itertools
import logging
from collections.abc import Iterable
from ctypes import byref, c_uint32
from typing import TYPE_CHECKING, Any

from ..._core.registry import conns, drop, entry, hold, objects
from ..._native import constants, functions, structs
from ..._native import memcache as native
from ...internet._current import current
from ...internet._reasons import check, connection_lost
from ...internet.defer import Deferred
from ...python.failure import Failure
from .protocol import MemCacheProtocol
from .questions import memcache_factory
from .results import milliseconds

if TYPE_CHECKING:
    from ...internet.reactors import Reactor

_log = logging.getLogger("plait")
_counts = itertools.count(1)


class Distribution(enum.IntEnum):
    """How keys find their servers."""

    #: As libmemcached's ketama.
    KETAMA = native.MEMCACHE_KETAMA
    #: The same with weights.
    KETAMA_WEIGHTED = native.MEMCACHE_KETAMA_WEIGHTED
    #: As pymemcache's HashClient, for keys that are text.
    RENDEZVOUS = native.MEMCACHE_RENDEZVOUS


@entry(native.MemcacheServerFunction)
def _server(user: int, conn: int, index: int, up: int, reason: Any) -> None:
    pool = objects.get(user)
    if pool is None:
        return
    driver = pool._reactor
    driver.inside = True
    try:
        about = reason.contents
        words = (about.text or b"").decode("utf-8", "replace")
        if up:
            pool.serverUp(index)
        else:
            pool.serverDown(index, Failure(connection_lost(about.status, words)))
    except BaseException as error:
        driver.failed(error, "Unhandled error in a pool of servers")
    finally:
        driver.leave()


class _PoolConn:
    """What the conn of a pool calls."""

    disconnecting = False
    connected = True

    def __init__(self, pool: MemCachePool, driver: Reactor) -> None:
        self.driver, self.framer = driver, pool

    def loseConnection(self) -> None:
        """Ends the pool."""
        self.disconnecting = True
        functions.conn_close(self.framer._conn)

    def bound(self, conn: int) -> None:
        """All servers were tried."""
        pool = self.framer
        pool.connected, pool.transport = 1, self
        pool._opened.callback(pool)

    def lost(self, status: int, text: str) -> None:
        """The pool has ended."""
        self.connected = False
        self.framer._ended(Failure(connection_lost(status, text)))

    def crashed(self, problem: BaseException) -> int:
        """A program's callback raised: that is logged, and the pool goes on."""
        self.driver.failed(problem, "Unhandled error in", self.framer)
        return 0

    def readClosed(self) -> None:
        """Never comes: a pool reads nothing itself."""

    writePaused = writeResumed = readClosed


class MemCachePool(MemCacheProtocol):
    """Asks many servers, each for the keys that belong to it, as one protocol would be asked.

    ``await pool.open()``, or a callback of that Deferred, comes when all servers were tried once.
    What belongs to a server that is not there fails with ConnectionLost, until it is back: it is connected to
    again and again. The arguments are the options of C's ``plait/memcache_pool.h``, with times in
    seconds.

    :ivar servers: the endpoints, as they were given.
    """

    _opened: Deferred[Any]

    def __init__(
        self,
        servers: Iterable[str | tuple[str, int]],
        distribution: Distribution = Distribution.KETAMA,
        reactor: Any = None,
        ejectAfter: int = 0,
        retryDelay: float = 1,
        maxRetryDelay: float = 60,
        connectTimeout: float = 30,
        timeOut: float | None = 60,
    ) -> None:
        """
        :param servers: endpoints, such as ``tcp:10.0.0.1:11211``; or pairs of one and its weight.
        """
        super().__init__(timeOut)
        self._reactor: Any = (reactor or current()).getReactor()
        pairs = [(one, 1) if isinstance(one, str) else one for one in servers]
        self.servers = [endpoint for endpoint, _ in pairs]
        self._weights = [weight for _, weight in pairs]
        self._key = 0
        self._options = native.MemcachePoolOptions(
            distribution=int(distribution),
            eject_after=ejectAfter,
            initial_ms=milliseconds(retryDelay),
            maximum_ms=milliseconds(max(retryDelay, maxRetryDelay)),
            timeout_ms=milliseconds(connectTimeout),
            server=_server,
        )

    def open(self) -> Deferred[Any]:
        """Connects to all servers; the result is the pool."""
        listed = (native.MemcacheServer * max(1, len(self.servers)))()
        for place, endpoint, weight in zip(listed, self.servers, self._weights):
            place.struct_size = native.MemcacheServer().struct_size
            place.endpoint, place.weight = endpoint.encode(), weight
        driver = self._reactor
        factory = memcache_factory(driver.cache, False, self.memCacheOptions, self.persistentTimeOut)
        self._opened = Deferred(lambda _: self.close())
        self._key = hold(self)
        self._options.user = self._key
        out = structs.Handle()
        try:
            check(
                native.memcache_pool_open(
                    driver.handle,
                    factory,
                    listed,
                    len(self.servers),
                    byref(self._options),
                    byref(out),
                )
            )
        except BaseException:
            drop(self._key)
            raise
        self._bound(out.value)
        conns[self._conn] = _PoolConn(self, driver)
        return self._opened

    def close(self) -> None:
        """Ends all connections; what waits fails."""
        if self._conn:
            functions.conn_close(self._conn)

    def serverFor(self, key: bytes) -> int | None:
        """The place, in :attr:`servers`, of the one that a key belongs to now; or None."""
        index = c_uint32()
        status = native.memcache_pool_get_server(self._conn, key, len(key), byref(index))
        return None if status == constants.ERR_ABSENT else (check(status), index.value)[1]

    def placedBy(self, hashKey: bytes) -> MemCacheProtocol:
        """What asks this pool as it is asked itself, but that the server is the one that this key belongs
        to, whatever the keys: so what belongs together is kept on one. Use it while the pool is open::

            user = pool.placedBy(b"user:17")
            await user.set(b"user:17:name", b"Zoe")
        """
        made = MemCacheProtocol(None)
        made.memCacheOptions, made.transport = self.memCacheOptions, self.transport
        made._bound(self._conn)
        # They share what waits; so that it can, each counts from another number on.
        made._asked, made._last, made._hashKey = self._asked, next(_counts) << 32, hashKey
        made._isPlain = False
        return made

    def serverUp(self, index: int) -> None:
        """A server is there. To be overridden."""

    def serverDown(self, index: int, reason: Failure) -> None:
        """A server is not there, for this reason, and is tried again. To be overridden."""

    def _ended(self, reason: Failure) -> None:
        drop(self._key)
        self.connectionLost(reason)
        if not self._opened.called:
            self._opened.errback(reason)

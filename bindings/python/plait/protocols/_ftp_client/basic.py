"""The control connection."""

from __future__ import annotations

from ctypes import byref
from typing import TYPE_CHECKING, Any, Callable

from ..._core.registry import conns
from ..._native import ftp_client as native
from ...internet._current import current
from ...internet._reasons import check
from ...internet.defer import Deferred
from ...internet.protocol import connectionDone, given_reason
from ...python.failure import Failure
from .._framed import Framed
from .calls import Call, handlers
from .results import ConnectionLost, Reply, encoded

if TYPE_CHECKING:
    from ..._core.factories import FactoryCache
    from .client import FTPClient


class FTPCommand:
    """A line for :meth:`FTPClientBasic.queueCommand`, and a Deferred of its reply."""

    def __init__(self, text: str | None = None, public: int = 0) -> None:
        self.text, self.public = text, public
        self.deferred: Deferred[Any] = Deferred()

    def fail(self, failure: Any) -> None:
        """It has failed."""
        if not self.deferred.called:
            self.deferred.errback(failure)


class FTPClientBasic(Framed):
    """A control connection on which lines are said, one after the other, and their replies awaited.

    By itself it says nothing; :meth:`connectTo` gives a client that has logged in.

    :ivar greeting: the lines of the server's greeting, once it has come.
    """

    debug = False
    greeting: list[str] | None = None
    #: What is spoken without the login.
    _flags = native.FTP_CLIENT_WITHOUT_LOGIN
    _account: str | None = None
    _tls: Any = None
    #: In seconds: up to the login, for a reply, for a data connection, for a transfer on which nothing moves; None:
    #: the library's 30, 60, 30 and 120.
    loginTimeout: float | None = None
    replyTimeout: float | None = None
    dataTimeout: float | None = None
    stallTimeout: float | None = None
    #: After so many seconds of silence a NOOP goes out.
    keepAlive: float | None = None

    def __init__(self, username: str = "", password: str = "") -> None:
        self.username, self.password = username, password
        #: Before there is a connection: what is to be asked.
        self.actionQueue: list[Call] = []
        self._asked: list[Call] = []
        self._isOver = False
        #: How the login has ended: this, or a Failure; and who waits for that.
        self._loggedIn: Any = None
        self._waiting: list[Deferred[Any]] = []

    def connectTo(
        self, host: str, port: int = 21, reactor: Any = None, timeout: float = 30, **options: Any
    ) -> Deferred[FTPClient]:
        """Connects, and logs in with the name and the password: a :class:`FTPClient` that is ready."""
        from ...internet import endpoints
        from .client import FTPClient

        if reactor is None:
            reactor = current()
        client = FTPClient(
            self.username or "anonymous",
            self.password if self.username else self.password or "anonymous@",
            **options,
        )
        endpoint = endpoints.HostnameEndpoint(reactor, host, port, timeout)
        made = endpoints.connectProtocol(endpoint, client)
        made.addCallback(lambda connected: connected.whenReady())
        return made

    # Lines

    def queueStringCommand(self, command: str, public: int = 1) -> Deferred[Any]:
        """Says a line, after those before it: its :class:`Reply`."""
        return self._begin(self._ask(native.FTP_COMMAND, command))

    command = queueStringCommand

    def queueCommand(self, ftpCommand: Any) -> None:
        """The same for an :class:`FTPCommand`."""
        call = self._begin(self._ask(native.FTP_COMMAND, ftpCommand.text))
        call.addCallbacks(ftpCommand.deferred.callback, ftpCommand.fail)

    def queueLogin(self, username: str, password: str | None) -> list[Deferred[Any]]:
        """Says who this is, where that is not done by itself."""
        user = self.queueStringCommand("USER " + username, public=0)
        said: list[Deferred[Any]] = [user]
        if password is not None:
            result: Deferred[Any] = Deferred()

            def ask(reply: Reply) -> Reply:
                if reply.code == 230:
                    result.callback(reply)
                else:
                    self.queueStringCommand(f"PASS {password}", public=0).chainDeferred(result)
                return reply

            def refused(reason: Failure) -> Failure:
                result.errback(reason)
                return reason

            user.addCallbacks(ask, refused)
            said.append(result)
        for deferred in said:
            deferred.addErrback(self.fail)
        return said

    def abort(self) -> Deferred[Any]:
        """Ends the call that is under way; the session goes on. The Deferred fires when it does."""
        if self._asked:
            self._asked[0].cancel()
        return self._begin(self._ask(native.FTP_NOOP))

    def fail(self, error: Any) -> None:
        """Something failed that the session cannot do without."""
        if self.transport is not None:
            self.transport.loseConnection()

    def whenReady(self) -> Deferred[Any]:
        """A Deferred of this protocol, once it has logged in; or of why it has not."""
        ready: Deferred[Any] = Deferred()
        self._waiting.append(ready)
        if self._loggedIn is not None:
            self._tellReady(self._loggedIn)
        return ready

    def _tellReady(self, outcome: Any) -> None:
        if self._loggedIn is None:
            self._loggedIn = outcome
        waiting, self._waiting = self._waiting, []
        for ready in waiting:
            if isinstance(self._loggedIn, Failure):
                ready.errback(self._loggedIn)
            else:
                ready.callback(self)

    # Asking

    def _ask(
        self,
        command: int,
        path: str | bytes = b"",
        other: str | bytes | None = None,
        make: Callable[[Reply, Any], Any] | None = None,
        timeout: float | None = None,
        **fields: Any,
    ) -> Call:
        """A call that has not begun."""
        request = native.FtpClientRequest(command=command, descriptor=-1, **fields)
        if timeout is not None:
            request.limit_ms = max(1, int(timeout * 1000))
        call = Call(request, make)
        call.put("path", encoded(path))
        if other is not None:
            call.put("other", encoded(other))
        return call

    def _begin(self, call: Call) -> Call:
        """Asks, or keeps that in mind until there is a connection."""
        if self._isOver:
            call.errback(ConnectionLost("FTP connection lost", connectionDone))
        elif self._conn:
            self._asked.append(call)
            call.addBoth(self._forget, call)
            call.begin(self)
        else:
            self.actionQueue.append(call)
        return call

    def _forget(self, result: Any, call: Call) -> Any:
        if call in self._asked:
            self._asked.remove(call)
        return result

    # A transport that is none of our own

    _feeder: Any = None

    def makeConnection(self, transport: Any) -> None:
        """Connects with a transport of any kind; data connections need one of a reactor's own."""
        self._meet(transport)
        self._feeder = None
        self.connected, self.transport = 1, transport
        if not self._conn:
            self._feeder = self._attachment()
            self._feeder.send = transport.write
            self._feeder.feed(b"")
        self.connectionMade()
        self._beginQueued()

    def _beginQueued(self) -> None:
        waiting, self.actionQueue = self.actionQueue, []
        for call in waiting:
            if not call.called:
                self._begin(call)

    def _drive(self) -> None:
        if self._feeder is not None:
            self._feeder.feed(b"")

    def _driver(self) -> Any:
        conn = conns.get(self._conn)
        return None if conn is None else conn.driver

    def _isLost(self) -> bool:
        return self._isOver or self._conn not in conns

    def dataReceived(self, data: bytes) -> None:
        """Takes bytes from a transport that does not read replies."""
        if self._feeder is None:
            raise RuntimeError("the connection finds the replies by itself")
        self._feeder.feed(bytes(data))

    def _framesNatively(self) -> bool:
        return getattr(self.dataReceived, "__func__", None) is FTPClientBasic.dataReceived

    @given_reason
    def connectionLost(self, reason: Any = connectionDone) -> None:
        """The connection has ended: all calls fail."""
        self._isOver = True
        if self._feeder is not None:
            self._feeder.discard()
            self._feeder = self._attached = None
        self._conn = 0
        lost = Failure(ConnectionLost("FTP connection lost", reason))
        for call in [*self._asked, *self.actionQueue]:
            if not call.called:
                call.errback(lost)
        self._asked, self.actionQueue = [], []
        if self._loggedIn is None:
            self._tellReady(lost)

    # What the conn calls

    def _greeted(self, lines: list[str]) -> None:
        self.greeting = lines
        self._tellReady(self)

    def _nativeFactory(self, cache: FactoryCache) -> int:
        use = self._tls
        times = (
            self.loginTimeout,
            self.replyTimeout,
            self.dataTimeout,
            self.stallTimeout,
            self.keepAlive,
        )
        texts = (self.username, self.password, self._account)

        def make(out: Any) -> None:
            made = native.FtpClientOptions(flags=self._flags)
            words = [None if text is None else encoded(text) for text in texts]
            made.username, made.password, made.account = words
            made.username = made.username or None
            if use is not None:
                made.tls, made.tls_name = use.configuration.handle, use.server_name
            milliseconds = [0 if time is None else max(1, int(time * 1000)) for time in times]
            made.login_ms, made.reply_ms, made.data_ms, made.stall_ms, made.keep_alive_ms = milliseconds
            half = self._halfCloseable()
            check(native.ftp_client_factory_new(byref(out), byref(made), byref(handlers[half]), None))

        secure = None if use is None else (use.configuration.handle, use.server_name)
        key = ("ftp client", self._halfCloseable(), self._flags, texts, secure, times)
        return cache.of(key, make)

    def _bound(self, conn: int) -> None:
        self._conn = conn

    def _settle(self) -> bool:
        return False

    def _peerBroke(self) -> None:
        """The reason of the end says what the server did."""

    def _crashed(self) -> int:
        return 0

"""The server: sessions, and the factory that makes them."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from ctypes import byref
from typing import TYPE_CHECKING, Any, ClassVar, Optional

from ..._core.registry import conns, entry
from ..._core.tables import _bound, _table
from ..._native import ftp as native
from ..._native import structs
from ...cred import credentials
from ...cred import error as cred_error
from ...cred._asking import ask
from ...internet._reasons import check
from ...internet.protocol import connectionDone, given_reason
from .._framed import Framed
from .asking import Answering, Question, segments
from .commands import PASSED, Commands
from .errors import CmdNotImplementedError
from .interfaces import IFTPShell
from .replies import (
    REQ_ACTN_NOT_TAKEN,
    RESPONSE,
    SYNTAX_ERR,
)
from .shells import FTPAnonymousShell, FTPShell, place_of

if TYPE_CHECKING:
    from ..._core.factories import FactoryCache

_log = logging.getLogger("plait")

#: Those that may be given before the login.
_PUBLIC = set("USER PASS ACCT REIN QUIT SYST FEAT OPTS HELP NOOP CLNT AUTH PBSZ PROT".split())

class FTP(Commands, Framed):
    """A session.

    The library answers the commands by itself. A subclass with a method ``ftp_NAME`` answers that command
    instead, or one of its own: what stands behind the command is its argument, if anything does. It gives a
    reply's key and what belongs into its text, or None if it has called :meth:`reply` by itself; or a Deferred of
    that; or raises. The method of the base has the library do what it would have done::

        class Logging(ftp.FTP):
            def ftp_RETR(self, path):
                print("asked for", path)
                return super().ftp_RETR(path)

            def ftp_TIME(self):
                return ftp.CMD_OK

    :ivar shell: the user's files, once somebody has logged in.
    :ivar portal: what lets people in; the factory's.
    :ivar factory: of the session.
    """

    UNAUTH, INAUTH, AUTHED, RENAMING = range(4)

    shell: Any = None
    portal: Any = None
    factory: Any = None
    logout: Optional[Callable[[], Any]] = None
    disconnected = False
    #: How long a data connection may take to come about, in seconds.
    dtpTimeout: float = 10
    timeOut: Optional[float] = 600
    passivePortRange: Any = range(0, 1)
    userAnonymous = "anonymous"
    allowAnonymous = True
    welcomeMessage: Any = "Welcome to FTP server"
    #: More commands that may be given before the login.
    PUBLIC_COMMANDS: ClassVar[Iterable[str]] = ("FEAT", "QUIT")

    _request = 0
    _answering: Optional[Answering] = None

    # What a session is, for those who look

    def _session(self) -> Any:
        out = native.FtpSession()
        return out if native.ftp_server_get_session(self._conn, byref(out)) == 0 else None

    @property
    def workingDirectory(self) -> Optional[list[str]]:
        """The names of the directory that the user is in; None before the login."""
        session = self._session()
        if session is None or not session.flags & native.FTP_SESSION_OPEN:
            return None
        return segments(session.directory.read())

    @property
    def state(self) -> int:
        """UNAUTH or AUTHED."""
        session = self._session()
        opened = session is not None and session.flags & native.FTP_SESSION_OPEN
        return self.AUTHED if opened else self.UNAUTH

    @property
    def binary(self) -> bool:
        """Whether files go over as they are: TYPE I."""
        session = self._session()
        return session is None or not session.flags & native.FTP_SESSION_ASCII

    # Replying

    def reply(self, key: str, *args: Any) -> None:
        """Sends a reply by its key."""
        self.sendLine(RESPONSE[key] % args)

    def sendLine(self, line: Any) -> None:
        """Sends a line of a reply."""
        data = os.fsencode(line)
        self.transport.write(data.replace(b"\n", b"\r\n") + b"\r\n")

    # Commands

    def _pass(self, name: str, params: Any) -> Any:
        """Has the library do what a command means."""
        request, self._request = self._request, 0
        data = os.fsencode(params)
        if not request or native.ftp_request_pass(request, data, len(data)) < 0:
            self.reply(REQ_ACTN_NOT_TAKEN, "internal server error")
            if request:
                native.ftp_request_finish(request, 0)
        return PASSED

    def processCommand(self, cmd: str, *params: str) -> Any:
        """Runs a command's method."""
        method = getattr(self, "ftp_" + cmd.upper(), None)
        if method is None:
            raise CmdNotImplementedError(cmd)
        return method(*params)

    def _commanded(self, request: int, name: str, params: bytes) -> None:
        self._request = request
        given = (os.fsdecode(params),) if params else ()
        done = ask(self.processCommand, name, *given)
        done.addCallbacks(self._processed, self._notProcessed, errbackArgs=(name,))
        done.addBoth(self._finished, request)

    def _processed(self, result: Any) -> None:
        if result is PASSED or result is None:
            return
        if isinstance(result, tuple):
            self.reply(*result)
        else:
            self.reply(result)

    def _notProcessed(self, problem: Any, name: str) -> None:
        error = problem.value
        if hasattr(error, "response"):
            self.sendLine(error.response())
        elif isinstance(error, TypeError) and "required positional argument" in str(error):
            self.reply(SYNTAX_ERR, f"{name} requires an argument.")
        else:
            _log.error("Unexpected FTP error", exc_info=error)
            self.reply(REQ_ACTN_NOT_TAKEN, "internal server error")

    def _finished(self, problem: Any, request: int) -> None:
        # One that was passed on is stale, which is no matter.
        native.ftp_request_finish(request, 0)
        if self._request == request:
            self._request = 0
        if problem is not None:
            _log.error("Unhandled error in a reply", exc_info=problem.value)

    # Logging in

    def _loginAsked(self, request: int, name: bytes, password: bytes, flags: int) -> None:
        anonymous = flags & native.FTP_LOGIN_ANONYMOUS and self._settings("allowAnonymous")
        shown: Any = (
            credentials.Anonymous()
            if anonymous
            else credentials.UsernamePassword(os.fsdecode(name), os.fsdecode(password))
        )
        portal = self.portal or getattr(self.factory, "portal", None)
        if portal is None:
            native.ftp_request_refuse(request)
            return
        from .foreign import as_known

        shown, interfaces = as_known(portal, shown)
        done = ask(portal.login, shown, None, *interfaces)
        done.addCallback(self._loggedIn, request)
        done.addErrback(self._notLoggedIn, request)

    def _loggedIn(self, result: Any, request: int) -> None:
        _, shell, logout = result
        avatar = native.FtpAvatar()
        answering = None
        if type(shell) in (FTPShell, FTPAnonymousShell):
            root = os.fsencode(place_of(shell.filesystemRoot))
            avatar.root.data, avatar.root.len = root, len(root)
            avatar.flags = native.FTP_READ_ONLY if shell.readOnly else 0
        else:
            answering = Answering(shell)
            avatar.flags = native.FTP_SHELL
        if native.ftp_request_accept(request, byref(avatar)) < 0:
            native.ftp_request_refuse(request)
            logout()
            return
        self._leave()
        self.shell, self.logout, self._answering = shell, logout, answering

    def _notLoggedIn(self, problem: Any, request: int) -> None:
        expected = (cred_error.LoginFailed.__name__, cred_error.UnhandledCredentials.__name__)
        names = {kind.__name__ for kind in type(problem.value).__mro__}
        if not names & {*expected, "UnauthorizedLogin", "Unauthorized"}:
            _log.error("Unexpected error during an FTP login", exc_info=problem.value)
        native.ftp_request_refuse(request)

    def _asked(self, request: int, question: Question) -> None:
        if self._answering is not None:
            self._answering.asked(request, question)
        elif request:
            native.ftp_request_finish(request, -1000 - 5)

    def _leave(self) -> None:
        logout, self.logout = self.logout, None
        self.shell = None
        answering, self._answering = self._answering, None
        if answering is not None:
            answering.end()
        if logout is not None:
            logout()

    # The connection

    def connectionMade(self) -> None:
        """Somebody has come. The library greets."""

    @given_reason
    def connectionLost(self, reason: Any = connectionDone) -> None:
        """The session has ended."""
        self.disconnected = True
        self._conn = 0
        self._leave()

    def makeConnection(self, transport: Any) -> None:
        """Connects with a transport. One that is none of a reactor's here has no data connections."""
        self._meet(transport)
        self.connected, self.transport = 1, transport
        if not self._conn:
            attachment = self._attachment()
            attachment.send = transport.write
            attachment.feed(b"")
        self.connectionMade()

    def _framesNatively(self) -> bool:
        return getattr(self.dataReceived, "__func__", None) is Framed.dataReceived

    def _settings(self, name: str) -> Any:
        return getattr(self.factory, name, getattr(self, name))

    def _hooks(self) -> tuple[tuple[bytes, bool], ...]:
        """The commands that the program answers, and whether they are for everybody."""
        found = {}
        for kind in type(self).__mro__:
            if kind is FTP:
                break
            for name in vars(kind):
                word = name[4:]
                if name.startswith("ftp_") and word.isascii() and word.isalpha() and len(word) <= 16:
                    public = word.upper() in _PUBLIC or word in self.PUBLIC_COMMANDS
                    found[word.upper().encode()] = public
        return tuple(sorted(found.items()))

    def _nativeFactory(self, cache: FactoryCache) -> int:
        ports = self._settings("passivePortRange")
        welcome = os.fsencode(self._settings("welcomeMessage"))
        anonymous = os.fsencode(self._settings("userAnonymous"))
        address = os.fsencode(getattr(self.factory, "passiveAddress", None) or "")
        use = getattr(self.factory, "_tls", None)
        times = tuple(
            0 if time is None else max(1, round(time * 1000))
            for time in (self._settings("timeOut"), self.dtpTimeout)
        )
        first, last = (min(ports), max(ports)) if len(ports) else (0, 0)
        flags: int = getattr(self.factory, "_flags", 0)
        delay = getattr(self.factory, "loginDelay", 1.0)
        key = ("ftp", welcome, anonymous, address, use, times, first, last, flags, delay, self._hooks())

        def make(out: Any) -> None:
            options = native.FtpServerOptions(
                flags=flags,
                passive_first=first,
                passive_last=last,
                idle_ms=times[0] or 1 << 50,
                data_ms=times[1],
                delay_ms=max(1, round(delay * 1000)),
                tls=use.configuration.handle if use is not None else 0,
            )
            for place, text in (
                (options.welcome, welcome),
                (options.anonymous, anonymous),
                (options.passive_address, address),
            ):
                place.data, place.len = text, len(text)
            check(native.ftp_server_factory_new(byref(out), byref(options), byref(_handler), None))
            for name, public in self._hooks():
                wanted = native.FTP_COMMAND_PUBLIC if public else 0
                check(native.ftp_server_factory_add_command(out.value, name, wanted, _command))

        return cache.of(key, make)

    def _bound(self, conn: int) -> None:
        self._conn = conn

    def _settle(self) -> bool:
        return False

    def _peerBroke(self) -> None:
        """The library has told the client."""

    def _crashed(self) -> int:
        return 0


# What the C library calls


def _tell(conn: int, what: str, *arguments: Any) -> None:
    self = conns.get(conn)
    if self is None or self.framer is None:
        return
    driver = self.driver
    driver.inside = True
    try:
        getattr(self.framer, what)(*arguments)
    except BaseException as error:
        self.crashed(error)
    finally:
        driver.leave()


@entry(native.FtpLoginFunction)
def _login(user: int, conn: int, request: int, login: Any) -> None:
    who = login.contents
    _tell(conn, "_loginAsked", request, bytes(who.name), bytes(who.password), who.flags)


@entry(native.FtpAskFunction)
def _ask(user: int, conn: int, request: int, question: Any) -> None:
    _tell(conn, "_asked", request, Question(question.contents))


@entry(native.FtpCommandFunction)
def _command(user: int, conn: int, request: int, name: bytes, params: Any, length: int) -> None:
    _tell(conn, "_commanded", request, name.decode(), params[:length] if length else b"")


_handler = _table(native.FtpServerHandler, connected=_bound, login=_login, ask=_ask)

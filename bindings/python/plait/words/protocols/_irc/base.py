"""An IRC client's connection: how it begins, what it is told, and how lines leave."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from struct import Struct
from typing import TYPE_CHECKING, Any, Optional

from ...._core.transport import Transport
from ...._native import constants
from ...._native import irc as native
from ....error import PlaitError
from ....internet.error import ConnectionDone
from ....internet.protocol import connectionDone, given_reason
from ....protocols._framed import Framed
from ....python.failure import Failure
from .plain import plain
from .asking import NEVER, closed
from .features import ServerSupportedFeatures
from .messages import FALLBACK, IRCBadMessage, Message, parseMessage, partsOf
from .texts import numeric_to_symbolic

if TYPE_CHECKING:
    from ...._core.factories import FactoryCache

_log = logging.getLogger("plait")
#: Of a row: its kind; where the source, the target and the text are, and how long; and the line.
_ROW = Struct("@I12x6I8x2I4x")
_send_line = native.irc_send_line
_PRIVMSG, _TOO_LONG = native.IRC_ON_PRIVMSG, native.IRC_ON_TOO_LONG
_MECHANISMS = {
    "SCRAM-SHA-256-PLUS": native.IRC_SCRAM_SHA_256_PLUS,
    "SCRAM-SHA-256": native.IRC_SCRAM_SHA_256,
    "SCRAM-SHA-1-PLUS": native.IRC_SCRAM_SHA_1_PLUS,
    "SCRAM-SHA-1": native.IRC_SCRAM_SHA_1,
    "EXTERNAL": native.IRC_EXTERNAL,
    "PLAIN": native.IRC_PLAIN,
}
_IN_THE_CLEAR = ("SCRAM-SHA-256",)


def _milliseconds(seconds: Optional[float]) -> int:
    return NEVER if seconds is None else max(1, round(seconds * 1000))


class Base(Framed):
    """What :class:`IRCClient` is built on: see there."""

    nickname = "irc"
    password: Optional[str] = None
    realname: Optional[str] = None
    username: Optional[str] = None
    hostname: Optional[str] = None
    motd: Optional[list[str]] = None
    performLogin: Any = 1
    lineRate: Optional[float] = None
    lineBurst = 1
    heartbeatInterval: Optional[float] = 120
    pongTimeout: Optional[float] = 60
    registrationTimeout: Optional[float] = 60
    queryTimeout: Optional[float] = 60
    erroneousNickFallback = "defaultnick"
    encoding = "utf-8"
    fallbackEncoding = FALLBACK
    MAX_LENGTH = 16384
    delimiter = b"\n"
    useCapabilities = True
    capabilities: Iterable[str] = ()
    saslName: Optional[str] = None
    saslPassword: Optional[str] = None
    saslAuthority: Optional[str] = None
    saslMechanisms: Optional[Iterable[str]] = None
    saslOptional = False
    rejoin = False
    regainNick = False
    botMode = False
    #: What the server supports; another one for each connection.
    supported = ServerSupportedFeatures()

    _started = _registered = False
    _attemptedNick = ""
    _hostmask = ""
    #: What was sent before the C library speaks; None: it is not to.
    _early: Any = None
    _asked: Any = ()
    _batches: Any = None
    #: Of strict transport security: the port of this connection, and for how long it is good.
    strictEndpoint: Any = None
    _strictPolicy: Any = (0, 0)
    _held: Any = ()
    #: What is being delivered: a block, and where its line begins.
    _block = b""
    _at = 0

    # Beginning

    def makeConnection(self, transport: Any) -> None:
        """Connects with a transport of any kind."""
        self._meet(transport)
        self._started = self._registered = False
        self._early, self._asked, self._held, self._batches = [], [], [], {}
        self._hostmask, self._attemptedNick = "", self.nickname
        self.supported = ServerSupportedFeatures()
        self.connected, self.transport = 1, transport
        self.connectionMade()
        if not self._started:
            self._start(False)

    def connectionMade(self) -> None:
        """The connection is up: this side registers, unless ``performLogin`` is false."""
        if self.performLogin:
            self.register(self.nickname)

    def register(self, nickname: str, hostname: str = "foo", servername: str = "bar") -> None:
        """
        Says who this side is. Servers make nothing of the last two.

        The C library does it, with capabilities and SASL; it is called by :meth:`connectionMade`, or
        by whoever has turned ``performLogin`` off.
        """
        self._attemptedNick = nickname
        if not self._started:
            self._start(True)
            return
        if self.password is not None:
            self.sendLine(f"PASS {self.password}")
        self.setNick(nickname)
        self.sendLine(f"USER {self.username or self.nickname} 0 * :{self.realname or self.nickname}")

    def setNick(self, nickname: str) -> None:
        """Asks for another nick."""
        self._attemptedNick = nickname
        self.sendLine(f"NICK {nickname}")

    def _start(self, logsIn: bool) -> None:
        """Has the C library speak IRC from now on."""
        self._logsIn, self._started = logsIn, True
        if isinstance(self.transport, Transport) and self._isPlain("dataReceived"):
            self.transport.bind(self)
            self.transport.frame()
            return
        attached = self._attachment()
        attached.send = self.transport.write
        attached.feed(b"")
        self._sendEarly()

    def _isPlain(self, name: str) -> bool:
        """Whether nobody has another method in the place of this one."""
        return getattr(getattr(self, name), "__func__", None) is plain(name)

    def _framesNatively(self) -> bool:
        return self._started and self._attached is None

    def _nativeFactory(self, cache: FactoryCache) -> int:
        from .tables import client_factory

        isFed = not isinstance(self.transport, Transport) or not self._isPlain("dataReceived")
        flags = native.IRC_NO_OTHER_NICK
        mechanisms = self._mechanisms()
        flags |= native.IRC_SASL_OPTIONAL if self.saslOptional else 0
        flags |= native.IRC_REJOIN if self.rejoin else 0
        flags |= native.IRC_REGAIN if self.regainNick else 0
        flags |= native.IRC_BOT if self.botMode else 0
        flags |= 0 if self.useCapabilities else native.IRC_NO_CAPABILITIES
        if not self._logsIn:
            flags, mechanisms = flags | native.IRC_NO_LOGIN, 0
        texts = {
            "nick": self._attemptedNick,
            "user": self.username,
            "real_name": self.realname,
            "password": self.password,
            "capabilities": " ".join(self.capabilities),
            "sasl_name": self.saslName,
            "sasl_password": self.saslPassword,
            "sasl_authority": self.saslAuthority,
        }
        fields: dict[str, Any] = {n: self._encoded(t) for n, t in texts.items() if t}
        # Where nobody drives the C library but what arrives, it has no time.
        fields.update(
            flags=flags,
            mechanisms=mechanisms,
            burst=(1 << 20) if self.lineRate is None or isFed else max(1, self.lineBurst),
            interval_ms=1 if self.lineRate is None else _milliseconds(self.lineRate),
            ping_ms=NEVER if isFed else _milliseconds(self.heartbeatInterval),
            pong_ms=_milliseconds(self.pongTimeout),
            registration_ms=NEVER if isFed else _milliseconds(self.registrationTimeout),
            max_line=self.MAX_LENGTH,
        )
        return client_factory(cache, tuple(fields.items()), self.factory if self.rejoin else None)

    def _mechanisms(self) -> int:
        names = self.saslMechanisms
        if names is None:
            if self.saslName is None:
                return 0
            # A password is told to whoever listens, unless it is encrypted.
            names = _IN_THE_CLEAR
            if getattr(self.transport, "TLS", False):
                names = ("SCRAM-SHA-256-PLUS", *_IN_THE_CLEAR, "PLAIN")
        return sum(_MECHANISMS[name] for name in set(names))

    def _bound(self, conn: int) -> None:
        self._conn = conn
        if self._ours is not None and self._early:
            # Behind what the C library has to say first.
            self._ours.driver.callLater(0, self._sendEarly)

    def _sendEarly(self) -> None:
        early, self._early = self._early, []
        for line in early or ():
            self.sendLine(line)

    def _settle(self) -> bool:
        return False

    def _peerBroke(self) -> None:
        """The reason of the end says what the server did."""

    def _crashed(self) -> int:
        return 0

    def dataReceived(self, data: bytes) -> None:
        """Takes bytes from a transport that is not a reactor's."""
        if self._started:
            self._attachment().feed(bytes(data))

    @given_reason
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The connection has ended: what was asked and not answered fails."""
        if self._attached is not None:
            self._attached.discard()
            self._attached = None
        self._conn, self._ours, self._early = 0, None, None
        why = reason.value if isinstance(reason, Failure) else ConnectionDone()
        closed(self._asked, lambda: why)
        if self.strictEndpoint is not None and self._strictPolicy[1]:
            self.strictEndpoint.keep(self)

    def resumeProducing(self) -> None:
        """Goes on, with what was held first."""
        super().resumeProducing()
        held, self._held = self._held, []
        for data, rows in held:
            self._takeEvents(data, rows)

    # What comes

    def _decoded(self, data: bytes) -> str:
        try:
            return data.decode(self.encoding)
        except UnicodeDecodeError:
            return data.decode(self.fallbackEncoding, "replace")

    def _takeEvents(self, data: bytes, rows: bytes) -> None:
        """A block of lines, and what each of them is: see plait/irc.h."""
        quick = all(map(self._isPlain, ("lineReceived", "handleCommand", "irc_PRIVMSG")))
        # Offsets are the same in a text whose characters have a byte each.
        text = data.decode("ascii") if quick and data.isascii() else None
        # The kind that goes the shortest way.
        short = _PRIVMSG if quick else -1
        isFed, told = self._attached is not None, self.privmsg
        self._block, self._halt = data, False
        left = _ROW.iter_unpack(rows)
        while True:
            try:
                for kind, user, userLength, target, targetLength, said, length, at, lineLength in left:
                    self._at = at
                    if kind != short or not length or data[said] == 1:
                        line = data[at : at + lineLength]
                        if kind == _TOO_LONG:
                            self.lineLengthExceeded(line)
                        else:
                            self.lineReceived(line.rstrip(b"\r"))
                    elif text is not None:
                        told(
                            text[user : user + userLength],
                            text[target : target + targetLength],
                            text[said : said + length],
                        )
                    else:
                        told(
                            self._decoded(data[user : user + userLength]),
                            self._decoded(data[target : target + targetLength]),
                            self._decoded(data[said : said + length]),
                        )
                    if self._halt or (isFed and self._ending()):
                        break
                else:
                    break
            except Exception:
                self._failed()
            if self._mustStop():
                if self.paused:
                    self._held.append((data, b"".join(_ROW.pack(*row) for row in left)))
                break
        self._block = b""

    def _ending(self) -> bool:
        return not self._conn or super()._ending()

    def _failed(self) -> None:
        """A method of the program's raised: that is logged, and the connection goes on."""
        _log.error("Unhandled error in %r", self, exc_info=sys.exc_info())

    @property
    def message(self) -> Message:
        """What is being delivered, taken apart, tags and all."""
        return parseMessage(self._block[self._at :].partition(b"\n")[0])

    def lineReceived(self, line: bytes | str) -> None:
        """A line has come. Those by which the C library registers, and PINGs, are not shown."""
        text = line if isinstance(line, str) else self._decoded(line)
        try:
            prefix, command, params = partsOf(text)
            self.handleCommand(numeric_to_symbolic.get(command, command), prefix, params)
        except IRCBadMessage:
            self.badMessage(line, *sys.exc_info())

    def handleCommand(self, command: str, prefix: str, params: list[str]) -> None:
        """Calls ``irc_COMMAND``, or :meth:`irc_unknown` where there is none. What it raises is logged."""
        method = getattr(self, f"irc_{command}", None)
        try:
            if method is not None:
                method(prefix, params)
            else:
                self.irc_unknown(prefix, command, params)
        except IRCBadMessage:
            raise
        except Exception:
            self._failed()

    def irc_unknown(self, prefix: str, command: str, params: list[str]) -> None:
        """A command that nothing here knows. To be overridden."""

    def privmsg(self, user: str, channel: str, message: str) -> None:
        """A message: to a channel, or to this side. To be overridden."""

    def lineLengthExceeded(self, line: bytes) -> None:
        """A line was dropped that is longer than ``MAX_LENGTH``: so much of it. To be overridden."""

    def badMessage(self, line: Any, excType: Any, excValue: Any, tb: Any) -> None:
        """A message that nothing can be made of. It is logged."""
        _log.warning("bad message: %r: %s", line, excValue)

    def quirkyMessage(self, s: str) -> None:
        """A message that is odd. It is logged."""
        _log.info("%s", s)

    # What leaves

    def _encoded(self, text: str | bytes) -> bytes:
        if isinstance(text, bytes):
            return text
        try:
            return text.encode(self.encoding)
        except UnicodeEncodeError:
            return text.encode("utf-8", "surrogateescape")

    def sendLine(self, line: str | bytes) -> None:
        """
        Sends a line, when its turn has come. After the end it is dropped.

        :raises ValueError: it would not arrive as one message, or is too long.
        """
        data = line if isinstance(line, bytes) else self._encoded(line)
        if not self._conn:
            if self._early is not None:
                self._early.append(data)
            return
        if self._ours is not None and self._ours._written:
            self._ours.flush()
        urgent = native.IRC_URGENT if data.startswith((b"QUIT", b"PONG")) else native.IRC_QUEUED
        status = _send_line(self._conn, data, len(data), urgent)
        if status < 0:
            self._refused(status, line)
        if self._attached is not None:
            self._attached.feed(b"")

    def _refused(self, status: int, line: Any) -> None:
        if status in (constants.ERR_CLOSED, constants.ERR_STALE, constants.ERR_TYPE):
            return
        if status == constants.ERR_TOO_LONG:
            raise ValueError(f"too long for a message: {line!r}")
        known = status in (constants.ERR_VALUE, constants.ERR_INVALID)
        raise ValueError(f"not one message: {line!r}") if known else PlaitError(status)

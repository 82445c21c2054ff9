"""What the framers share: they work on a reactor's conns, and on any other transport."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from .._core.gathering import NOBODY
from .._core.producing import as_bytes
from .._native import constants
from ..internet.protocol import Protocol
from ._watching import Places, Watched

if TYPE_CHECKING:
    from .._core.attachment import Attachment
    from .._core.factories import FactoryCache, Framing


#: What a protocol has that goes on when the peer has said its last word.
_HALF_CLOSEABLE = "readConnectionLost"

#: Whose classes nobody gives that to.
_OURS = (__name__, Protocol.__module__, object.__module__)

#: What is left behind the last message.
_NOTHING: Iterator[bytes] = iter(())


class Framed(Protocol):
    """A protocol whose framing is done by the C library.

    On a reactor's own transport the conn itself frames. On any other transport, which calls
    :meth:`dataReceived`, a conn without a socket is attached to the protocol and fed. Nothing is
    delivered after the end of the connection was asked for, and an exception that is raised in a
    callback loses no messages but the one it was raised for.

    :ivar paused: whether :meth:`pauseProducing` was called.
    """

    paused = False
    #: The handle of the conn that frames, once there is one.
    _conn = 0
    #: What feeds that conn, on a foreign transport.
    _attached: Attachment | None = None
    #: The transport, if it is one of our own that frames for this protocol.
    _ours: Any = None
    #: Something happened in a callback that the loop over a block must look at.
    _halt = False
    #: What is left of the block under delivery.
    _rest: Any = None
    #: What was taken from a loop over a block that looks only when it has no more messages, while there is one.
    _left: Any = None
    #: What the block under delivery was framed by, if that has been changed meanwhile.
    _reframed: bytes = b""
    #: How many messages the block under delivery has.
    _count = 0
    #: One message came alone, and was not answered yet: its answer will be alone, too, as a rule.
    _alone = False
    #: The attributes that are watched, unless a subclass made something else of one.
    _watched: ClassVar[dict[str, type]] = {}
    _watches = True
    #: Where the class has what decides how it frames.
    _places = Places((), ())
    #: A watched attribute was set.
    _touched = False
    #: All that matters is noticed by itself, and nothing was: what is framed by is what the C library
    #: knows, and the conn is no attached one.
    _plain = False
    #: The transport that gathers this protocol's messages as they are, while it does, and where.
    _gatherer: Any = NOBODY
    _gathered: Any = None

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls._watches = True
        for name, kind in cls._watched.items():
            found = next(base.__dict__[name] for base in cls.__mro__ if name in base.__dict__)
            if isinstance(found, kind):
                found = Watched(found)
                found.__set_name__(cls, name)
                setattr(cls, name, found)
            elif not isinstance(found, Watched):
                cls._watches = False
        tables = tuple(base.__dict__ for base in cls.__mro__ if base.__module__ not in _OURS)
        cls._places = Places(tables, (*cls._watched, _HALF_CLOSEABLE))

    @classmethod
    def _stillWatches(cls) -> bool:
        """Whether nobody has assigned to the class what is watched, since it was made, nor given it
        what has it go on when the peer ends.
        """
        return cls._watches and cls._places.areKept()

    def _framesNatively(self) -> bool:
        # Whoever has a dataReceived of its own wants to see the bytes first. (To look into the
        # object's __dict__ would make it one, and all attributes slower.)
        try:
            return self.dataReceived.__func__ is _dataReceived  # type: ignore[attr-defined]
        except AttributeError:
            return False

    @classmethod
    def _halfCloseable(cls) -> bool:
        # Not the object: a __getattr__ may have an answer to everything.
        return hasattr(cls, _HALF_CLOSEABLE)

    def makeConnection(self, transport: Any) -> None:
        """Connects the protocol with a transport of any kind."""
        if self._ours is not transport or self._attached is not None:
            self._meet(transport)
        # Python finds what objects of a class have from their beginning on many times faster than what
        # comes later, or is the class's.
        self._halt = self._alone = False
        self._rest = self._left = self._gathered = None
        self._gatherer = NOBODY
        self._count = 0
        super().makeConnection(transport)
        if not self._plain and self._conn and (self._touched or not self._watches):
            self._settle()

    def _meet(self, transport: Any) -> None:
        """Forgets what an earlier connection left."""
        if self._attached is not None:
            self._attached.discard()
            self._attached = None
        if getattr(transport, "framer", None) is not self:
            self._hold()
            self._dropRest()
            # What was the conn of an earlier connection.
            self._conn, self._ours, self._plain = 0, None, False

    def dataReceived(self, data: bytes) -> None:
        """Takes bytes from a transport that does not frame.

        Called from inside one of the protocol's own callbacks it only queues them, as Twisted's does.
        """
        if type(data) is not bytes:
            data = as_bytes(data)
        if self._conn and self._attached is None:
            self._inject(data)
            return
        self._attachment().feed(data)

    def _attachment(self) -> Attachment:
        attached = self._attached
        if attached is None:
            from .._core.attachment import Attachment

            attached = self._attached = Attachment(self)
            self._plain = False
        return attached

    def pauseProducing(self) -> None:
        """Delivers nothing until :meth:`resumeProducing`."""
        self.paused = True
        self._hold()
        self.transport.pauseProducing()
        if self._attached is not None:
            self._attached.pause()

    def resumeProducing(self) -> None:
        """Goes on. On a foreign transport what was held is delivered before this returns, unless
        it is called from inside a callback; on a reactor's transport, later in the turn.
        """
        self.paused = False
        self.transport.resumeProducing()
        if self._attached is not None:
            self._attached.resume()

    def stopProducing(self) -> None:
        """Delivers nothing more, and ends the connection."""
        self.paused = True
        self._hold()
        self.transport.stopProducing()
        if self._attached is not None:
            self._attached.pause()

    # What each framer says for itself

    @classmethod
    def _expects(cls) -> Framing | None:
        """How objects of this class frame unless they are told otherwise, if that can be told."""
        return None

    def _framesAs(self, framing: Framing) -> bool:
        """Whether this one, of the class that was expected, frames as that; if so, it goes by it now."""
        return False

    def _nativeFactory(self, cache: FactoryCache) -> int:
        """The C factory that frames as this protocol wants it now."""
        raise NotImplementedError

    def _settle(self) -> bool:
        """Has the C library know of attributes that were changed; tells whether any was."""
        raise NotImplementedError

    def _inject(self, data: bytes) -> None:
        """Takes bytes that somebody hands over although the conn reads by itself."""
        raise NotImplementedError

    def _takeBlock(self, address: int, length: int, table: int, count: int) -> int:
        """Delivers a block that C lends, with its table of offsets and lengths; tells how many of its
        messages were taken.
        """
        raise NotImplementedError

    def _peerBroke(self) -> None:
        """The C library ends the connection because of what the peer sent."""

    # What the conn calls

    def _bound(self, conn: int) -> None:
        self._conn = conn
        if self._touched or not self._watches:
            self._settle()
        self._notice()

    def _notice(self) -> None:
        """The C library knows what is framed by."""
        self._touched = False
        self._plain = self._watches and self._attached is None

    def _touch(self) -> None:
        """A watched attribute was set."""
        self._touched, self._plain = True, False
        self._hold()
        # What is gathered was gathered for the attribute as it was.
        self._gatherer = NOBODY

    def _each(self, messages: Any) -> None:
        """Delivers messages one by one. (Each looks its method up, for it may be assigned to; that
        takes no longer than to call one that was looked up before.)
        """
        raise NotImplementedError

    def _carefully(self, messages: Any) -> None:
        """The same, and looks behind each whether the others have to wait: they are left."""
        raise NotImplementedError

    def _inTurn(self, messages: Sequence[bytes]) -> int:
        """Delivers the messages of a block one by one, unless a callback has the rest wait; tells how
        many were taken.
        """
        self._halt = False
        count = self._count = len(messages)
        if count == 1 and self._plain:
            # Nothing has to wait.
            self._rest, self._left = _NOTHING, None
            self._each(messages)
            if self._halt:
                self._stops()
            self._rest = None
            return 1
        rest: Any = iter(messages)
        self._rest = rest
        if self._plain or (self._attached is None and self._watches):
            # To look after each message whether something has happened would take a fiftieth of the time
            # that an echo of it takes. So what happens first takes the rest away, which ends the loop;
            # behind that, each is looked after.
            left: list[bytes] = []
            self._left = left
            self._each(rest)
            self._left = None
            if not self._halt:
                self._rest = None
                return count
            self._rest = rest = iter(left)
            if not self._stops():
                self._carefully(rest)
        else:
            self._left = None
            self._carefully(rest)
        self._rest = None
        return count - int(rest.__length_hint__())

    def _hold(self) -> None:
        """Something has happened that the loop over a block must look at."""
        self._halt = True
        if self._left is not None:
            self._left.extend(self._rest)

    def _atOnce(self, messages: list[bytes], received: Any) -> int:
        """Delivers the messages of a block together: all are taken."""
        self._halt = False
        self._count = len(messages)
        self._rest, self._left = _NOTHING, None
        received(messages)
        self._rest = None
        self._after()
        return self._count

    def _after(self) -> None:
        """A callback that was not for a message of a block is done."""
        if not self._isLeft():
            self._settle()
        if self._attached is not None:
            self._mustWait()

    def _crashed(self) -> int:
        """A callback raised; tells how many messages of its block count as taken."""
        rest, self._rest = self._rest, None
        left, self._left = self._left or (), None
        self._reframed = b""
        return 0 if rest is None else self._count - rest.__length_hint__() - len(left)

    def _dropRest(self) -> None:
        """The connection has ended: what was not delivered is nobody's."""
        self._rest = self._left = None
        self._reframed = b""

    def _isLeft(self) -> bool:
        """Whether the conn speaks another protocol meanwhile."""
        transport = self.transport if self._ours is None else self._ours
        return self._attached is None and getattr(transport, "framer", self) is not self

    def _stops(self) -> bool:
        """Something has happened: whether the rest of the block under delivery is not to be delivered
        as it is.
        """
        changed: Any = self._reframed
        self._reframed = b""
        if self._isLeft():
            return True
        if self._touched or not self._watches:
            changed = self._settle() or changed
        return self._mustStop() or bool(changed)

    def _mustStop(self) -> bool:
        """Whether the rest of the block under delivery must not be delivered now."""
        self._halt = False
        return self._mustWait()

    def _mustWait(self) -> bool:
        if self._ending():
            return True
        if self.paused and self._attached is not None:
            # It may have been told by the attribute alone.
            self._attached.pause()
        return self.paused

    def _ending(self) -> bool:
        if self._attached is None:
            # A program may set its transport to None.
            ours = self._ours
            return bool(getattr(self.transport if ours is None else ours, "halted", True))
        if getattr(self.transport, "disconnecting", False):
            self._attached.close()
            return True
        return False


class MessageFramed(Framed):
    """What receivers of messages share that have a longest."""

    #: What the C library goes by, for comparison with MAX_LENGTH.
    _limit: int

    def _bound(self, conn: int) -> None:
        if self._limit <= 0:
            self._limit = 1
            self._touched = True
        super()._bound(conn)


def longest(limit: float) -> int:
    """A longest message as the C library takes it: it may be infinite."""
    return int(min(max(limit, 0), constants.BYTES_MAX))


#: A look into a class takes longer than a name of the module.
_dataReceived = Framed.dataReceived

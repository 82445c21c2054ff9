"""Policies of Python's that the C library runs.

A factory that is one of the stock policies, with nothing of it overridden, is the C library's own policy
around what it wraps: bytes pass it without Python, and protocols are framed by the C library as if it
were not there. As many as stand outermost around each other are run so; what is further in builds the
protocols, as ever.

A policy has one C factory for each reactor, whoever listens or connects with it, so that its limits are
those of all of them together. Its conns come out at a :class:`Gate`, which knows whose they are.
"""

from __future__ import annotations

import weakref
from ctypes import byref
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Optional

from .._native import constants, functions, structs
from ..internet._reasons import check
from .factories import raw_factory
from .registry import drop, entry, hold, objects

if TYPE_CHECKING:
    from .opening import Opener

#: Given a policy and a C factory: puts the C library's policies around that, each released once the next
#: is around it; gives them, the outermost last, or None if it cannot be done as the policy has it.
Maker = Callable[[Any, int], Optional[list[int]]]


class Stock(NamedTuple):
    """One of the package's own policies, as it is when nobody has overridden anything."""

    make: Maker
    #: Its functions and its ``protocol``, by name.
    own: dict[str, Any]


_stock: dict[type, Stock] = {}


def stock(kind: type, make: Maker) -> None:
    """Says how the C library runs a policy."""
    _stock[kind] = Stock(make, _functions(kind))


#: What zope.interface writes into classes that it is asked about, as Twisted's reactors ask it.
_ZOPE = ("__implemented__", "__provides__", "__providedBy__")


def _functions(kind: type) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for base in reversed(kind.__mro__[:-1]):
        for name, value in vars(base).items():
            if (callable(value) and name not in _ZOPE) or name == "protocol":
                found[name] = value
    return found


def is_stock(factory: Any) -> bool:
    """Whether a factory is a stock policy, exactly: no subclass, and nothing overridden."""
    known = _stock.get(type(factory))
    if known is None or not known.own.keys().isdisjoint(vars(factory)):
        return False
    return _functions(type(factory)) == known.own


def _nobody() -> None:
    return None


class Gate:
    """Where the conns of a tower come out: behind its innermost policy."""

    def __init__(self, driver: Any) -> None:
        # Nothing of Python's is kept: the C library keeps this one as long as it has the policies.
        self._driver = weakref.ref(driver)
        #: Whose conns are not announced; as long as it opens anything, others keep it.
        self.first: Callable[[], Opener | None] = _nobody
        #: By conn: whose it is that is being opened.
        self.announced: dict[int, Opener] = {}

    @property
    def driver(self) -> Any:
        """The reactor, which is there when it calls."""
        return self._driver()

    def opened(self, conn: int) -> None:
        """A conn was opened: its opener takes it on."""
        opener = self.announced.pop(conn, None) or self.first()
        if opener is not None:
            opener.opened(conn)

    def entrance(self, opener: Opener, outer: int) -> int:
        """A C factory around a tower's for the conns of one opener; the caller releases it."""
        first = self.first()
        if first is None or first is opener:
            self.first = weakref.ref(opener)
            check(functions.factory_retain(outer))
            return outer
        from .._native import policies

        out = structs.Handle()
        key = hold(_Entrance(self, opener))
        status = policies.wrapper_factory_new(byref(out), outer, byref(_entering()), key)
        if status < 0:
            drop(key)
        check(status)
        return out.value


class _Entrance(NamedTuple):
    gate: Gate
    opener: Opener


_handler: Any = None


def _entering() -> Any:
    """The hooks that tell a gate whose a conn is."""
    global _handler
    if _handler is None:
        from .._native import policies

        def conn_of(wrapper: int) -> int:
            out = structs.Handle()
            policies.wrapper_get_conn(wrapper, byref(out))
            return out.value

        def built(user: int, wrapper: int) -> int:
            entrance = objects.get(user)
            if entrance is not None:
                entrance.gate.announced[conn_of(wrapper)] = entrance.opener
            return 0

        def ended(user: int, wrapper: int, reason: Any) -> None:
            entrance = objects.get(user)
            if entrance is not None:
                entrance.gate.announced.pop(conn_of(wrapper), None)

        def released(user: int) -> None:
            drop(user)

        _handler = policies.WrapperHandler(
            built=entry(policies.WrapperFunction)(built),
            disconnected=entry(policies.WrapperEndFunction)(ended),
            release=entry(structs.ReleaseFunction)(released),
        )
    return _handler


class Floor:
    """What the C library has of one policy: its factories, and what they stand on."""

    def __init__(self, wrapped: Any, below: Floor | None, gate: Gate, made: list[int]) -> None:
        self.wrapped, self.below, self.gate, self.made = wrapped, below, gate, made
        self._last = structs.FactoryCounters()
        weakref.finalize(self, _release, made)

    @property
    def handle(self) -> int:
        """The outermost of its factories."""
        return self.made[-1]

    def counted(self) -> structs.FactoryCounters:
        """What went through. In another thread than the reactor's: as it was when last asked for."""
        found, out = None, structs.FactoryCounters()
        for handle in self.made:
            if functions.factory_get_counters(handle, byref(out)) < 0:
                return self._last
            # All are of one policy: what any refuses, that refuses.
            refused = out.refused if found is None else found.refused + out.refused
            within = out.refused_within if found is None else found.refused_within
            found = structs.FactoryCounters.from_buffer_copy(out)
            found.refused, found.refused_within = refused, within
        if found is not None:
            self._last = found
        return self._last


def _release(made: list[int]) -> None:
    for handle in made:
        functions.factory_release(handle)


class Tower(NamedTuple):
    """The policies around each other that one opener's conns go through."""

    #: The outermost first.
    policies: list[Any]
    #: What builds the protocols.
    source: Any
    floor: Floor


def tower(factory: Any, driver: Any) -> Tower | None:
    """The tower that a factory is, if the C library can run any of it."""
    standing = []
    while is_stock(factory):
        standing.append(factory)
        factory = factory.wrappedFactory
    # From the inside out: one that cannot be had in C is the source, with all that is further in.
    below: Floor | None = None
    up: list[Any] = []
    for policy in reversed(standing):
        floor = _floor(policy, below, driver)
        if floor is None:
            below, up, factory = None, [], policy
        else:
            below = floor
            up.insert(0, policy)
    return None if below is None else Tower(up, factory, below)


def _floor(policy: Any, below: Floor | None, driver: Any) -> Floor | None:
    floors = policy._floors
    if floors is None:
        floors = policy._floors = weakref.WeakKeyDictionary()
    floor: Floor | None = floors.get(driver)
    if floor is not None and floor.wrapped is policy.wrappedFactory and floor.below is below:
        return floor
    make = _stock[type(policy)].make
    if below is not None:
        gate, made = below.gate, make(policy, below.handle)
    else:
        gate = Gate(driver)
        key = hold(gate)
        try:
            raw = raw_factory(key)
        except BaseException:
            drop(key)
            raise
        try:
            made = make(policy, raw)
        finally:
            functions.factory_release(raw)
    if made is None:
        return None
    floor = floors[driver] = Floor(policy.wrappedFactory, below, gate, made)
    policy._runsInC(floor)
    return floor


def enter(policies: list[Any], transport: Any, protocol: Any) -> tuple[Any, ...]:
    """The wrappers of a protocol, as they would stand around it in Python, the outermost first."""
    wrappers: list[Any] = []
    inner, address = protocol, transport.getPeer()
    for policy in reversed(policies):
        inner = policy.standIn(inner)
        wrappers.insert(0, inner)
    below = transport
    for wrapper in wrappers:
        wrapper.transport, wrapper.connected = below, 1
        below = wrapper
        wrapper.factory.entered(wrapper, address)
    return tuple(wrappers)


class InTower:
    """What a transport has because of the policies around it that the C library runs."""

    __slots__ = ()

    #: Their wrappers, the outermost first.
    wrappers: tuple[Any, ...]

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            # In Twisted the wrapper is the protocol's transport, and has more than this.
            if not name.startswith("_") and name != "wrappers":
                for wrapper in reversed(self.wrappers):
                    if name in wrapper.offers:
                        return getattr(wrapper, name)
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def leave(self, status: int) -> bool:
        """The conn has ended. Tells whether a time limit of theirs ended it: in good order, as in Twisted."""
        for wrapper in self.wrappers:
            wrapper.factory.left(wrapper)
            wrapper.wrappedProtocol = None
        return status == constants.ERR_TIMEOUT

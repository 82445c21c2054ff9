"""Where the ends of a conn are."""

from __future__ import annotations

from ctypes import byref, c_int, c_uint64
from typing import TYPE_CHECKING, Any

from .._native import functions, structs
from .._native.calls import bare
from ..internet._reasons import check
from ..internet.address import Address, from_native
from .options import SocketOptions
from .tables import memory

_conn_get_peer = bare("plait_conn_get_peer", c_int)


class Addressed(SocketOptions):
    """Part of :class:`~plait._core.transport.Transport`."""

    __slots__ = ("_address", "_handle", "_local")

    if TYPE_CHECKING:
        _handle: c_uint64
        _protocol: Any
        isClient: bool

    #: The peer's address, or how the C library has written it down.
    _address: Address | bytes | None
    _local: Address | None

    def getPeer(self) -> Address:
        """Where the other end is."""
        address = self._address
        if address is None:
            address = self._address = self._ask(functions.conn_get_peer)
        elif isinstance(address, bytes):
            address = self._address = from_native(structs.Address.from_buffer_copy(address))
        return address

    def notePeer(self) -> None:
        """Has the peer's address written down while the system knows it, for :meth:`getPeer`: to make
        an object of it takes longer, and few programs ask.
        """
        driver = self.driver
        if _conn_get_peer(self._handle, driver.addressReference) == 0:
            self._address = memory[driver.addressAt]

    def getHost(self) -> Address:
        """Where this end is."""
        if self._local is None:
            self._local = self._ask(functions.conn_get_local)
        return self._local

    @property
    def hostname(self) -> str:
        """The peer's host; empty where there is none, as on UNIX sockets."""
        return getattr(self.getPeer(), "host", "")

    @property
    def client(self) -> tuple[str, int | None]:
        """The peer's host and port, as a pair."""
        return self.hostname, getattr(self.getPeer(), "port", None)

    def logPrefix(self) -> str:
        """What log messages may call it: by its protocol, and by the peer, or ``client``."""
        protocol = self._protocol
        named = getattr(protocol, "logPrefix", None)
        name = type(protocol).__name__ if named is None else named()
        return f"{name},{'client' if self.isClient else self.hostname}"

    def _ask(self, question: Any) -> Address:
        answer = self.driver.address
        check(question(self._conn, byref(answer)))
        return from_native(answer)

    def knownPeer(self) -> Address | None:
        """The peer's address, if it was asked for or written down."""
        return None if self._address is None else self.getPeer()

"""What comes of an FTP client's calls."""

from __future__ import annotations

import time
from collections.abc import Iterator
from ctypes import byref, c_size_t
from typing import Any, NamedTuple, Optional

from ..._native import ftp_client as native
from ...internet._reasons import check


class FTPError(Exception):
    """Something went wrong with FTP.

    :ivar code: of the server's reply, or 0.
    :ivar lines: of its replies.
    :ivar what: what was being done, and what came of it: ``RETR a: 550 No such file``.
    """

    code = 0
    what = ""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.lines: list[str] = []


class CommandFailed(FTPError):
    """The server said no. Its lines are the first argument."""


class ConnectionLost(FTPError):
    """The connection ended before the call did. The reason is the second argument."""


class UnexpectedResponse(FTPError):
    """The server replied to nothing."""


class UnexpectedData(FTPError):
    """The server sent data where it was to take them."""


class BadResponse(FTPError):
    """What the server said is no reply, or not the one to what was asked."""


class TransferFailed(FTPError):
    """A data connection, or a file here, failed."""


class Reply(list[str]):
    """The lines of the server's replies, as they came.

    :ivar code: the last reply's number.
    :ivar offset: where a transfer began.
    :ivar moved: how many bytes went over its data connection.
    """

    code = 0
    offset = 0
    moved = 0


class Entry(NamedTuple):
    """A line of a listing: of MLSD, or of LIST as Unix and as Windows write it."""

    name: str
    #: ``file``, ``directory``, ``link``, ``other``, ``current`` or ``parent``.
    kind: str
    size: Optional[int] = None
    #: Seconds since 1970.
    modified: Optional[int] = None
    #: As ``os.chmod`` has it.
    mode: Optional[int] = None
    links: int = 0
    owner: str = ""
    group: str = ""
    #: Where a link leads.
    target: str = ""
    #: The facts of MLSD, by their names in small letters.
    facts: dict[str, str] = {}


_KINDS = ("", "file", "directory", "link", "other", "current", "parent")


def decoded(data: bytes) -> str:
    """Text of the server's; bytes that are no UTF-8 survive."""
    return data.decode("utf-8", "surrogateescape")


def encoded(text: str | bytes) -> bytes:
    """The other way round."""
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")


def entries(listing: bytes) -> Iterator[Entry]:
    """The lines of a listing, but for those that are none."""
    now, at, used = int(time.time()), 0, c_size_t()
    while at < len(listing):
        rest = listing[at : listing.find(b"\n", at) + 1 or len(listing)]
        found = native.FtpLine()
        check(native.ftp_line_parse(rest, len(rest), now, byref(found), byref(used)))
        at += len(rest)
        if found.kind != native.FTP_LINE_NONE:
            yield entry_of(found)


def entry_of(found: Any) -> Entry:
    """What the C library has read."""
    flags = found.flags
    facts = {}
    for fact in decoded(found.facts.read()).split(";"):
        name, sign, value = fact.partition("=")
        if sign:
            facts[name.lower()] = value
    return Entry(
        decoded(found.name.read()),
        _KINDS[found.kind],
        found.size if flags & native.FTP_LINE_HAS_SIZE else None,
        found.modified if flags & native.FTP_LINE_HAS_TIME else None,
        found.mode if flags & native.FTP_LINE_HAS_MODE else None,
        found.links,
        decoded(found.owner.read()),
        decoded(found.group.read()),
        decoded(found.target.read()),
        facts,
    )

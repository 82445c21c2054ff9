"""What the C library calls for XMPP."""

from __future__ import annotations

from typing import Any

from ...._core import tables
from ...._core.registry import conns, entry, objects
from ...._native import structs
from ...._native import xmpp as native


def _tell(conn: int, what: str, *arguments: Any) -> int:
    self = conns.get(conn)
    if self is None:
        return 0
    driver = self.driver
    driver.inside = True
    try:
        return int(getattr(self.framer, what)(*arguments) or 0)
    except BaseException as error:
        self.crashed(error)
        return 1
    finally:
        driver.leave()


@entry(native.XmppReadyFunction)
def _ready(user: int, conn: int, resumed: int) -> None:
    _tell(conn, "_ready", bool(resumed))


@entry(native.XmppStanzaFunction)
def _stanza(user: int, conn: int, stanza: int) -> int:
    return _tell(conn, "_stanza", stanza)


@entry(native.XmppReturnedFunction)
def _returned(user: int, conn: int, stanza: int) -> None:
    _tell(conn, "_returned", stanza)


@entry(native.XmppRosterFunction)
def _roster(user: int, conn: int, status: int) -> None:
    _tell(conn, "_rosterCame", status)


@entry(native.XmppContactFunction)
def _contact(user: int, conn: int, contact: Any) -> None:
    _tell(conn, "_contactChanged", contact.contents)


@entry(structs.DisconnectedFunction)
def _disconnected(user: int, conn: int, reason: Any) -> None:
    self = conns.get(conn)
    if self is not None and self.framer is not None:
        about = reason.contents
        self.framer._ended(
            about.status, about.code, (about.text or b"").decode("utf-8", "replace")
        )
    tables._disconnected(user, conn, reason)


@entry(native.XmppAnswerFunction)
def answered(user: int, conn: int, answer: int, reason: Any) -> None:
    """A request has ended."""
    request = objects.pop(user, None)
    if request is None:
        return
    driver = request.driver
    driver.inside = True
    try:
        request.ended(answer, reason.contents)
    except BaseException as error:
        driver.interrupt(error)
    finally:
        driver.leave()


#: All accounts have the same table.
table = native.XmppHandler(
    connected=tables._bound,
    disconnected=_disconnected,
    write_paused=tables._write_paused,
    write_resumed=tables._write_resumed,
    ready=_ready,
    message=_stanza,
    presence=_stanza,
    request=_stanza,
    other=_stanza,
    returned=_returned,
    roster=_roster,
    contact=_contact,
)

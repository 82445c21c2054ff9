"""Messages that belong together: IRCv3's batch."""

from __future__ import annotations

from typing import NamedTuple, Optional


class Batch(NamedTuple):
    """
    What the server says belongs together.

    :ivar type: such as ``netsplit``, ``netjoin``, ``chathistory`` or ``labeled-response``.
    :ivar params: what it is about: of a netsplit, two servers.
    :ivar parent: the one that it is part of, or None.
    :ivar reference: what the server calls it until it ends.
    """

    type: str
    params: tuple[str, ...] = ()
    parent: Optional[Batch] = None
    reference: str = ""

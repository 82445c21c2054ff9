"""A protocol that reads listings as people read them."""

from __future__ import annotations

import re
from typing import Any

from ..basic import LineReceiver
from .results import decoded


class FTPFileListProtocol(LineReceiver):
    """Reads what LIST gives, of Unix: give it to :meth:`FTPClient.list`.

    :ivar files: the entries, as dictionaries: ``filetype``, ``perms``, ``nlinks``, ``owner``, ``group``, ``size``, ``date``,
        ``filename`` and, for a link, ``linktarget``.
    """

    delimiter = b"\n"
    #: What a line looks like. Between the permissions and the size servers differ.
    fileLinePattern = re.compile(
        r"""(?P<filetype>.)(?P<perms>[-rwxsStTlL]{9})[+.@]?\s+
            (?:(?P<nlinks>\d+)\s+)?(?P<owner>\S+)\s+(?:(?P<group>\S+)\s+)?(?P<size>\d+)\s+
            (?P<date>[A-Za-z]{3}\s+\d{1,2}\s+[\d:]{4,5}|\d{4}-\d\d-\d\d\s\d\d:\d\d)\s
            (?P<filename>.+?)(?:\s->\s(?P<linktarget>.+?))?\r?$""",
        re.VERBOSE,
    )

    def __init__(self) -> None:
        self.files: list[dict[str, Any]] = []

    def lineReceived(self, line: bytes) -> None:
        """Adds the entry of a line."""
        text = decoded(line)
        found = self.parseDirectoryLine(text)
        if found is None:
            self.unknownLine(text)
        else:
            self.addFile(found)

    def parseDirectoryLine(self, line: str) -> dict[str, Any] | None:
        """The entry of a line, or None."""
        match = self.fileLinePattern.match(line)
        if match is None:
            return None
        found: dict[str, Any] = match.groupdict()
        found["filename"] = found["filename"].replace(r"\ ", " ")
        if found["linktarget"]:
            found["linktarget"] = found["linktarget"].replace(r"\ ", " ")
        found["nlinks"] = int(found["nlinks"] or 0)
        found["size"] = int(found["size"])
        return found

    def addFile(self, info: dict[str, Any]) -> None:
        """An entry has come."""
        self.files.append(info)

    def unknownLine(self, line: str) -> None:
        """A line has come that is none, such as ``total 4``."""

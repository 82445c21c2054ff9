"""Receivers of lines and of strings behind their length, and files: Twisted's ``twisted.protocols.basic``."""

from ._files import FileSender
from ._lines import LineOnlyReceiver, LineReceiver
from ._prefixed import (
    Int8StringReceiver,
    Int16StringReceiver,
    Int32StringReceiver,
    IncompleteNetstring,
    IntNStringReceiver,
    NetstringParseError,
    NetstringReceiver,
    StringTooLongError,
)
from ._states import StatefulStringProtocol

__all__ = [
    "FileSender",
    "IncompleteNetstring",
    "Int16StringReceiver",
    "Int32StringReceiver",
    "Int8StringReceiver",
    "IntNStringReceiver",
    "LineOnlyReceiver",
    "LineReceiver",
    "NetstringParseError",
    "NetstringReceiver",
    "StatefulStringProtocol",
    "StringTooLongError",
]

"""The Asynchronous Messaging Protocol: Twisted's ``twisted.protocols.amp``.

Both sides of a connection call commands of the other::

    class Sum(amp.Command):
        arguments = [(b"a", amp.Integer()), (b"b", amp.Integer())]
        response = [(b"total", amp.Integer())]

    class Math(amp.AMP):
        @Sum.responder
        def sum(self, a, b):
            return {"total": a + b}

and at the other end ``d = protocol.callRemote(Sum, a=13, b=81)``: a Deferred, which
can be awaited, of ``{"total": 94}``.
"""

from ._amp.arguments import (
    PYTHON_KEYWORDS,
    Argument,
    Boolean,
    Float,
    Integer,
    Path,
    String,
    Unicode,
)
from ._amp.boxes import (
    ANSWER,
    ASK,
    COMMAND,
    ERROR,
    ERROR_CODE,
    ERROR_DESCRIPTION,
    MAX_KEY_LENGTH,
    MAX_VALUE_LENGTH,
    AmpBox,
    Box,
    QuitBox,
    parse,
    parseString,
)
from ._amp.commands import Command
from ._amp.composites import AmpList, Descriptor, ListOf
from ._amp.dispatching import BoxDispatcher
from ._amp.errors import (
    PROTOCOL_ERRORS,
    UNHANDLED_ERROR_CODE,
    UNKNOWN_ERROR_CODE,
    AmpError,
    BadLocalReturn,
    IncompatibleVersions,
    InvalidSignature,
    MalformedAmpBox,
    NoEmptyBoxes,
    OnlyOneTLS,
    ProtocolSwitched,
    RemoteAmpError,
    TooLong,
    TooManyCalls,
    UnhandledCommand,
    UnknownRemoteError,
)
from ._amp.framing import BinaryBoxProtocol
from ._amp.interfaces import IArgumentType, IBoxReceiver, IBoxSender, IResponderLocator
from ._amp.locators import CommandLocator, SimpleStringLocator
from ._amp.numbers import DateTime, Decimal, utc
from ._amp.options import AmpOptions
from ._amp.protocol import AMP
from ._amp.switching import ProtocolSwitchCommand, StartTLS

__all__ = [
    "AMP",
    "ANSWER",
    "ASK",
    "AmpBox",
    "AmpError",
    "AmpList",
    "AmpOptions",
    "Argument",
    "BadLocalReturn",
    "BinaryBoxProtocol",
    "Boolean",
    "Box",
    "BoxDispatcher",
    "COMMAND",
    "Command",
    "CommandLocator",
    "DateTime",
    "Decimal",
    "Descriptor",
    "ERROR",
    "ERROR_CODE",
    "ERROR_DESCRIPTION",
    "Float",
    "IArgumentType",
    "IBoxReceiver",
    "IBoxSender",
    "IResponderLocator",
    "IncompatibleVersions",
    "Integer",
    "InvalidSignature",
    "ListOf",
    "MAX_KEY_LENGTH",
    "MAX_VALUE_LENGTH",
    "MalformedAmpBox",
    "NoEmptyBoxes",
    "OnlyOneTLS",
    "PROTOCOL_ERRORS",
    "PYTHON_KEYWORDS",
    "Path",
    "ProtocolSwitchCommand",
    "ProtocolSwitched",
    "QuitBox",
    "RemoteAmpError",
    "SimpleStringLocator",
    "StartTLS",
    "String",
    "TooLong",
    "TooManyCalls",
    "UNHANDLED_ERROR_CODE",
    "UNKNOWN_ERROR_CODE",
    "Unicode",
    "UnhandledCommand",
    "UnknownRemoteError",
    "parse",
    "parseString",
    "utc",
]

for _name in __all__:
    if isinstance(globals()[_name], type):
        # Where a program finds it, and what its name is told by.
        globals()[_name].__module__ = __name__

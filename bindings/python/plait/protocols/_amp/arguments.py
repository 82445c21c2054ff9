"""Types of arguments that stand for themselves."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from .boxes import AmpBox

if TYPE_CHECKING:
    import pathlib

#: Words that stand for arguments with a capital letter: `from` is `From`.
PYTHON_KEYWORDS = (
    "and assert break class continue def del elif else except exec finally for from global if "
    "import in is lambda not or pass print raise return try while yield"
).split()


def identifier(name: bytes) -> str:
    """What an argument is called in Python that has this name on the wire."""
    text = name.replace(b"-", b"_").decode()
    return text.title() if text in PYTHON_KEYWORDS else text


class Argument:
    """A type of arguments and results.

    To make one of your own, override :meth:`toString` and :meth:`fromString`; or, where the
    protocol is needed, :meth:`toStringProto` and :meth:`fromStringProto`; or, to use any number of
    fields of the box, :meth:`toBox` and :meth:`fromBox`.

    :ivar optional: whether it may be left out; then it is None.
    """

    optional = False

    def __init__(self, optional: bool = False) -> None:
        self.optional = optional

    def retrieve(self, d: dict[Any, Any], name: Any, proto: Any) -> Any:
        """Takes the value of a name out of a dictionary; None if it is optional and not there."""
        return d.pop(name, None) if self.optional else d.pop(name)

    def fromBox(self, name: bytes, strings: AmpBox, objects: dict[str, Any], proto: Any) -> None:
        """Reads the argument from a box into a dictionary."""
        found = self.retrieve(strings, name, proto)
        if found is None and self.optional:
            objects[identifier(name)] = None
        else:
            known: Any = found
            objects[identifier(name)] = self.fromStringProto(known, proto)

    def toBox(self, name: bytes, strings: AmpBox, objects: dict[str, Any], proto: Any) -> None:
        """Writes the argument from a dictionary into a box."""
        found = self.retrieve(objects, identifier(name), proto)
        if found is not None or not self.optional:
            strings[name] = self.toStringProto(found, proto)

    def fromStringProto(self, inString: bytes, proto: Any) -> Any:
        """The value of bytes, where the protocol is needed to tell."""
        return self.fromString(inString)

    def toStringProto(self, inObject: Any, proto: Any) -> bytes:
        """The bytes of a value, where the protocol is needed to tell."""
        return self.toString(inObject)  # type: ignore[no-any-return]

    def fromString(self, inString: bytes) -> Any:
        """The value of bytes. To be overridden."""

    def toString(self, inObject: Any) -> Any:
        """The bytes of a value. To be overridden."""


class Integer(Argument):
    """An integer of any size; up to 4,300 digits."""

    def fromString(self, inString: bytes) -> int:
        """The number that decimal digits say."""
        return int(inString)

    def toString(self, inObject: Any) -> bytes:
        """The decimal digits of a number."""
        return b"%d" % (inObject,)


class String(Argument):
    """Bytes."""

    def fromString(self, inString: bytes) -> Any:
        """The bytes themselves."""
        return inString

    def toString(self, inObject: Any) -> bytes:
        """The bytes themselves."""
        return inObject  # type: ignore[no-any-return]


class Unicode(String):
    """Text, as UTF-8."""

    def fromString(self, inString: bytes) -> Any:
        """The text that these bytes are."""
        return inString.decode("utf-8")

    def toString(self, inObject: Any) -> bytes:
        """The bytes of a text."""
        return inObject.encode("utf-8")  # type: ignore[no-any-return]


class Boolean(Argument):
    """True or False."""

    def fromString(self, inString: bytes) -> bool:
        """What the word says."""
        if inString == b"True":
            return True
        if inString == b"False":
            return False
        raise TypeError(f"neither True nor False: {inString!r}")

    def toString(self, inObject: Any) -> bytes:
        """The word for whether the value counts as true."""
        return b"True" if inObject else b"False"


class Float(Argument):
    """A floating-point number, as the shortest decimal that reads back as the same one."""

    def fromString(self, inString: bytes) -> float:
        """The number of a text."""
        return float(inString)

    def toString(self, inObject: Any) -> bytes:
        """The text of a number, which must be a float."""
        if not isinstance(inObject, float):
            raise ValueError(f"not a float: {inObject!r}")
        return float.__repr__(inObject).encode("ascii")


class Path(Unicode):
    """An absolute path. It is a :class:`pathlib.Path` here; Twisted has a FilePath, which can be
    sent, too, as anything that `os.fspath` takes.
    """

    def fromString(self, inString: bytes) -> pathlib.Path:
        """The path of a text, without any `..` in it."""
        import pathlib  # which takes longer to load than all the rest

        return pathlib.Path(os.path.abspath(inString.decode("utf-8")))

    def toString(self, inObject: Any) -> bytes:
        """The text of a path, made absolute."""
        if hasattr(inObject, "asTextMode"):
            inObject = inObject.asTextMode().path
        return os.path.abspath(os.fsdecode(inObject)).encode("utf-8")

"""What is shown by those who want to come in: Twisted's ``twisted.cred.credentials``."""

from __future__ import annotations

import hmac
from typing import Protocol, Union

from ..internet.interfaces import Interface

Text = Union[str, bytes]


def as_bytes(text: Text) -> bytes:
    """As UTF-8, so that both kinds of text can be compared."""
    return text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text


class ICredentials(Interface, Protocol):
    """Anything that is shown."""


class IUsernamePassword(Interface, Protocol):
    """A name, and a password that can be compared."""

    username: Text

    def checkPassword(self, password: Text, /) -> bool:
        """Whether the password is this one."""
        ...


class IUsernameHashedPassword(Interface, Protocol):
    """The same, for a password that is not there in clear."""

    username: Text

    def checkPassword(self, password: Text, /) -> bool:
        """Whether the password is this one."""
        ...


class IAnonymous(Interface, Protocol):
    """Nothing: somebody without a name."""


class UsernamePassword:
    """A name and a password."""

    def __init__(self, username: Text, password: Text) -> None:
        self.username, self.password = username, password

    def checkPassword(self, password: Text) -> bool:
        """Whether the password is this one."""
        return hmac.compare_digest(as_bytes(self.password), as_bytes(password))


class Anonymous:
    """Somebody without a name."""


def named(credentials: object) -> set[str]:
    """The names of the interfaces that some credentials have: ours, or those of zope.interface."""
    names = {"ICredentials"}
    if isinstance(credentials, UsernamePassword):
        names |= {"IUsernamePassword", "IUsernameHashedPassword"}
    if isinstance(credentials, Anonymous):
        names.add("IAnonymous")
    provided = getattr(credentials, "__provides__", None)
    for interface in getattr(provided, "__iro__", ()):
        names.add(getattr(interface, "__name__", ""))
    return names

"""Who knows who somebody is: Twisted's ``twisted.cred.checkers``.

A checker has ``credentialInterfaces``, and ``requestAvatarId(credentials)``, which gives a name, or a
Deferred of one, or fails with :class:`~plait.cred.error.UnauthorizedLogin`.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import hmac
import os
from collections.abc import Callable, Iterator
from typing import Any, Optional, Union

from ..internet.defer import Deferred, fail, succeed
from . import error
from ._asking import ask
from .credentials import IAnonymous, IUsernamePassword, Text, as_bytes




#: The avatar id of those who have no name.
ANONYMOUS: Any = ()


class AllowAnonymousAccess:
    """Lets in those without a name."""

    credentialInterfaces = (IAnonymous,)

    def requestAvatarId(self, credentials: object) -> Deferred[Any]:
        """Everybody is the same."""
        return succeed(ANONYMOUS)


class InMemoryUsernamePasswordDatabaseDontUse:
    """Names and passwords in clear: for tests and examples."""

    credentialInterfaces = (IUsernamePassword,)

    def __init__(self, **users: Text) -> None:
        self.users: dict[Text, Text] = {name: password for name, password in users.items()}

    def addUser(self, username: Text, password: Text) -> None:
        """Adds somebody, or gives somebody another password."""
        self.users[username] = password

    def requestAvatarId(self, credentials: Any) -> Deferred[Any]:
        """The name, if the password is right."""
        wanted = as_bytes(credentials.username)
        for name, password in self.users.items():
            if as_bytes(name) == wanted:
                done = ask(credentials.checkPassword, password)
                return done.addCallback(_or_refused, name)
        return fail(error.UnauthorizedLogin())


def _or_refused(matched: object, name: Any) -> Any:
    if not matched:
        raise error.UnauthorizedLogin("Password mismatch")
    return name


#: How a password is hashed: by name, password and what is in the file.
Hash = Callable[[bytes, bytes, bytes], bytes]


class FilePasswordDB:
    """A file with a name and a password on each line.

    :param filename: where it is. It is read when somebody comes, so that it can be changed at any time.
    :param delim: what is between a line's fields.
    :param usernameField: which of them is the name.
    :param passwordField: which is the password.
    :param caseSensitive: whether names have to be written as they are.
    :param hash: what makes of name, password and the file's password what is in the file; None where passwords
        are there in clear. :func:`crypted` is that for crypt(3), as ``openssl passwd -6`` and ``mkpasswd`` make them:
        it takes its time, and runs in a thread of the reactor's.
    """

    credentialInterfaces = (IUsernamePassword,)

    def __init__(
        self,
        filename: Union[str, bytes, os.PathLike[str]],
        delim: Text = b":",
        usernameField: int = 0,
        passwordField: int = 1,
        caseSensitive: bool = True,
        hash: Optional[Hash] = None,
        cache: bool = False,
    ) -> None:
        self.filename = filename
        self.delim = as_bytes(delim)
        self.ufield, self.pfield = usernameField, passwordField
        self.caseSensitive = caseSensitive
        self.hash = hash
        self._known: Optional[dict[bytes, bytes]] = {} if cache else None

    def _lines(self) -> Iterator[tuple[bytes, bytes]]:
        with open(self.filename, "rb") as file:
            for line in file:
                parts = line.rstrip(b"\r\n").split(self.delim)
                if len(parts) > max(self.ufield, self.pfield) and not line.startswith(b"#"):
                    yield parts[self.ufield], parts[self.pfield]

    def getUser(self, username: Text) -> tuple[bytes, bytes]:
        """The line of somebody: name and password; KeyError for nobody."""
        wanted = as_bytes(username)
        wanted = wanted if self.caseSensitive else wanted.lower()
        if self._known:
            return wanted, self._known[wanted]
        for name, password in self._lines():
            name = name if self.caseSensitive else name.lower()
            if self._known is not None:
                self._known.setdefault(name, password)
            elif name == wanted:
                return name, password
        if self._known and wanted in self._known:
            return wanted, self._known[wanted]
        raise KeyError(username)

    def requestAvatarId(self, credentials: Any) -> Deferred[Any]:
        """The name, if the password is right."""
        try:
            name, password = self.getUser(credentials.username)
        except OSError as problem:
            return fail(problem)
        except KeyError:
            if self.hash is None:
                return fail(error.UnauthorizedLogin())
            # Somebody unknown takes as long as somebody known: nobody learns who there is.
            name, password = b"", b"$6$plait$"
        if self.hash is None:
            done = ask(credentials.checkPassword, password)
        else:
            done = self._hashed(name, as_bytes(credentials.password), password)
        return done.addCallback(_or_refused, name.decode("utf-8", "surrogateescape"))

    def _hashed(self, name: bytes, password: bytes, known: bytes) -> Deferred[Any]:
        from ..internet.threads import deferToThread

        hash = self.hash

        def compare() -> bool:
            made = hash(name, password, known) if hash is not None else password
            return bool(name) and hmac.compare_digest(made, known)

        return deferToThread(compare)


_crypt: Any = None
_free = ctypes.CDLL(None).free
_free.restype = None
_free.argtypes = [ctypes.c_void_p]


def crypted(username: bytes, password: bytes, known: bytes) -> bytes:
    """A password hashed as crypt(3) does it, with the salt of a known hash: for :class:`FilePasswordDB`."""
    global _crypt
    if _crypt is None:
        found = ctypes.CDLL(ctypes.util.find_library("crypt") or "libcrypt.so.1").crypt_ra
        found.restype = ctypes.c_char_p
        found.argtypes = [
            ctypes.c_char_p,
            ctypes.c_char_p,
            ctypes.POINTER(ctypes.c_void_p),
            ctypes.POINTER(ctypes.c_int),
        ]
        _crypt = found
    room, size = ctypes.c_void_p(), ctypes.c_int(0)
    made: Optional[bytes] = _crypt(password, known, ctypes.byref(room), ctypes.byref(size))
    copy = bytes(made) if made and not made.startswith(b"*") else b""
    _free(room)
    return copy or b"*"



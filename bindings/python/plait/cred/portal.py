"""Where credentials become avatars: Twisted's ``twisted.cred.portal``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from ..internet.defer import Deferred, fail
from ..internet.interfaces import Interface
from . import error
from ._asking import ask
from .credentials import named


class IRealm(Interface, Protocol):
    """What knows the avatars of those who are let in."""

    def requestAvatar(self, avatarId: Any, mind: Any, *interfaces: Any) -> Any:
        """An interface, an avatar and what is to be called in the end."""


class Portal:
    """Checkers, that say who somebody is, and a realm, that gives them what they see.

    :param realm: has ``requestAvatar(avatarId, mind, *interfaces)``, which gives an interface, an avatar and
        what is to be called in the end.
    :param checkers: those that are asked; Twisted's own will do, too.
    """

    def __init__(self, realm: Any, checkers: Iterable[Any] = ()) -> None:
        self.realm = realm
        self.checkers: dict[Any, Any] = {}
        for checker in checkers:
            self.registerChecker(checker)

    def listCredentialsInterfaces(self) -> list[Any]:
        """What can be shown."""
        return list(self.checkers)

    def registerChecker(self, checker: Any, *credentialInterfaces: Any) -> None:
        """Has a checker asked about certain credentials: those that it takes, unless some are named."""
        for interface in credentialInterfaces or checker.credentialInterfaces:
            self.checkers[interface] = checker

    def login(self, credentials: Any, mind: Any, *interfaces: Any) -> Deferred[Any]:
        """Lets somebody in: interface, avatar and what is to be called in the end."""
        names = named(credentials)
        for interface, checker in self.checkers.items():
            if interface.__name__ in names:
                done = ask(checker.requestAvatarId, credentials)
                return done.addCallback(self._avatar, mind, *interfaces)
        return fail(error.UnhandledCredentials("No checker takes these credentials"))

    def _avatar(self, avatarId: Any, mind: Any, *interfaces: Any) -> Deferred[Any]:
        return ask(self.realm.requestAvatar, avatarId, mind, *interfaces)

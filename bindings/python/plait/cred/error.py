"""What logging in fails with: Twisted's ``twisted.cred.error``."""

from __future__ import annotations


class Unauthorized(Exception):
    """Something is not allowed."""


class LoginFailed(Exception):
    """Somebody is not let in."""


class UnauthorizedLogin(LoginFailed, Unauthorized):
    """...because nobody knows that name with that password."""


class UnhandledCredentials(LoginFailed):
    """...because no checker takes what was shown."""


class LoginDenied(LoginFailed):
    """...although the password is right."""

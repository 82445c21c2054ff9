"""A directory's certificates, for the names in them."""

from __future__ import annotations

import os

from .._core.security import Configuration, Use, Wishes
from .._native import tls
from .ssl import ContextFactory


class _Several(ContextFactory):
    """What :func:`certificatesOf` gives."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration

    def _use(self, server: bool, name: str | bytes | None = None) -> Use:
        if not server:
            raise ValueError("these options are a server's")
        return Use(self._configuration, tls.TLS_ROLE_SERVER)


def certificatesOf(directory: str) -> ContextFactory:
    """For a server: the certificates of a directory, each with its key and chain in a file ``NAME.pem``.

    Clients are shown the one that is for the name that they ask for, and others that of
    ``DEFAULT.pem``, or the first. They are read once.
    """
    names = sorted(name for name in os.listdir(directory) if name.endswith(".pem"))
    names.sort(key=lambda name: name != "DEFAULT.pem")
    pems = []
    for name in names:
        with open(os.path.join(directory, name), "rb") as file:
            pems.append(file.read())
    if not pems:
        raise ValueError(f"there are no certificates in {directory!r}")
    return _Several(Configuration(Wishes(certificate=pems[0], more=tuple(pems[1:]))))

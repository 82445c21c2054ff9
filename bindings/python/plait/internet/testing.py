"""Protocols, transports and reactors for tests: Twisted's ``twisted.internet.testing``.

The same as :mod:`plait.test.proto_helpers`.
"""

from ..test import proto_helpers
from ..test.proto_helpers import *  # noqa: F403

__all__: list[str] = []
__all__ += proto_helpers.__all__

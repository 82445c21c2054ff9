"""The parts of :mod:`plait.protocols.memcache`."""

"""The parts of :mod:`plait.protocols.amp`."""

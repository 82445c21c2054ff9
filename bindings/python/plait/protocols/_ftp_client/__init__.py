"""The client's parts of :mod:`plait.protocols.ftp`."""

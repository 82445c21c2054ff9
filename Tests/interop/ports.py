"""Ports for servers that cannot tell which one they took."""

import contextlib
import random
import socket


def free_port(host="127.0.0.1"):
    """One that nobody listens at, below those that the system gives to who asks for none: nobody comes by it meanwhile."""
    for _ in range(100):
        number = random.randrange(10_000, 30_000)
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe, contextlib.suppress(OSError):
            probe.bind((host, number))
            return number
    raise RuntimeError("no port is free")

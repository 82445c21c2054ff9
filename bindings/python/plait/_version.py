"""The version, which is also that of the C headers."""

__version__ = "0.1.0"

"""The protocols of ``plait.words``."""

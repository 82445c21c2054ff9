"""Services, which are started and stopped: of Twisted's ``twisted.application``."""

"""What protocols are tested with: of Twisted's ``twisted.test``."""

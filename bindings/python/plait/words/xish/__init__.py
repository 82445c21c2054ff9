"""XML elements: Twisted's ``twisted.words.xish``."""

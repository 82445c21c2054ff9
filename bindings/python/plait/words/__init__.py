"""Words with others: Twisted's ``twisted.words``."""

"""What ``plait.words.protocols.irc`` is made of."""

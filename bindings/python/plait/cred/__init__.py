"""Who may come in: Twisted's ``twisted.cred``, as far as servers here ask it."""

"""Servers of XMPP that play a part: one conversation each, with whoever logs in anonymously, in a thread of their own."""

from __future__ import annotations

import re
import socket
import threading

from xmpp_side import LIMIT

SAID = re.compile(rb"<stream:stream[^>]*>|<(auth|iq|enable|r|a)\b[^>]*?(?:/>|>.*?</\1>)", re.S)
START = b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='s' version='1.0'>"
OFFERS = [
    b"<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>ANONYMOUS</mechanism></mechanisms>",
    b"<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm xmlns='urn:xmpp:sm:3'/>",
]


class Script(threading.Thread):
    """Logs somebody in, over TLS where it has a context, and goes on as `begin` says; then it reads to the end."""

    def __init__(self, context=None):
        super().__init__(daemon=True)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.listening.settimeout(LIMIT)
        self.port, self.context = self.listening.getsockname()[1], context
        self.data, self.headers, self.isIn, self.wrong = b"", 0, False, None
        # Of requests the results; how much was acknowledged, each time; and how often it was asked for that.
        self.results, self.acknowledged, self.asked = [], [], 0

    def run(self):
        try:
            with self.listening:
                self.sock, _ = self.listening.accept()
            self.sock.settimeout(LIMIT)
            if self.context:
                self.sock = self.context.wrap_socket(self.sock, server_side=True)
            with self.sock:
                while not self.isIn and not self.isMoved():
                    self.heard(self.sock.recv(65536))
                self.begin()
                while data := self.sock.recv(65536):
                    self.heard(data)
        except Exception as wrong:  # the test looks
            self.wrong = wrong

    def isMoved(self):
        """Has it said that somebody else is to be seen?"""
        return False

    def begin(self):
        """Somebody is in."""

    def heard(self, data):
        assert data
        self.data += data
        while found := SAID.search(self.data):
            self.data = self.data[found.end() :]
            self.took(found[0], found[1])

    def took(self, text, name):
        if name is None:
            self.sock.sendall(START + b"<stream:features>" + OFFERS[self.headers] + b"</stream:features>")
            self.headers += 1
        elif name == b"auth":
            self.sock.sendall(b"<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
        elif name == b"enable":
            self.sock.sendall(b"<enabled xmlns='urn:xmpp:sm:3' id='m' resume='true'/>")
            self.isIn = True
        elif name == b"r":
            self.asked += 1
        elif name == b"a":
            self.acknowledged.append(int(re.search(rb"h='(\d+)'", text)[1]))
        elif b"type='result'" in text:
            self.results.append(re.search(rb"id='([^']*)'", text)[1])
        else:
            self.latest = re.search(rb"id='([^']*)'", text)[1]
            if b"xmpp-bind" in text:
                self.answer(b"<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>me@example.org/r</jid></bind>")

    def answer(self, payload=b""):
        """The request that came last."""
        self.sock.sendall(b"<iq type='result' id='" + self.latest + b"'>" + payload + b"</iq>")

"""A side of XMPP for tests: the C library by its declarations for Python, driven by hand."""

from __future__ import annotations

import time
from ctypes import byref, c_char_p, c_uint64

from plait._native import constants, element, functions, structs, tls, xmpp
from plait.words.xish import domish

from limits import LIMIT


def check(status):
    assert status >= 0, functions.err_name(status)
    return status


class Loop:
    """A reactor, with what has to be freed."""

    def __init__(self):
        handle = c_uint64()
        check(functions.reactor_new(byref(handle), None))
        self.handle, self.factories, self.configs = handle.value, [], []

    def until(self, condition, limit=LIMIT):
        end = time.monotonic() + limit
        while not condition():
            check(functions.reactor_poll(self.handle, 20))
            assert time.monotonic() < end, "it took too long"

    def config(self, **options):
        out, reason = c_uint64(), structs.Reason()
        check(tls.tls_config_new(byref(out), byref(tls.TlsOptions(**options)), byref(reason)))
        self.configs.append(out.value)
        return out.value

    def close(self):
        functions.reactor_free(self.handle)
        for factory in self.factories:
            functions.factory_release(factory)
        for config in self.configs:
            tls.tls_config_release(config)


class Side:
    """An account, or a component, with what it hears."""

    def __init__(self, loop, jid, password=None, **options):
        self.loop = loop
        self.conn, self.readies, self.ends, self.answers = 0, [], [], []
        self.messages, self.presences, self.requests, self.returned = [], [], [], []
        self.take = lambda stanza: 0
        made = xmpp.XmppOptions(
            jid=jid.encode() or None, password=password and password.encode(), **options
        )
        handler = xmpp.XmppHandler()
        fields = dict(handler._fields_)

        def heard(into):
            def call(user, conn, handle):
                into.append(domish.fromHandle(handle))
                return self.take(into[-1])

            return call

        def connected(user, conn):
            self.conn = conn

        def ended(user, conn, reason):
            self.conn = 0
            self.ends.append((reason[0].status, reason[0].code, reason[0].text.decode()))

        handler.connected = fields["connected"](connected)
        handler.disconnected = fields["disconnected"](ended)
        handler.ready = fields["ready"](lambda user, conn, resumed: self.readies.append(resumed))
        handler.message = fields["message"](heard(self.messages))
        handler.presence = fields["presence"](heard(self.presences))
        handler.request = fields["request"](heard(self.requests))
        handler.returned = fields["returned"](
            lambda user, conn, handle: self.returned.append(domish.fromHandle(handle))
        )
        self.answered = xmpp.XmppAnswerFunction(self.onAnswer)
        self.handler = handler
        out = c_uint64()
        check(xmpp.xmpp_factory_new(byref(out), byref(made), byref(handler), None))
        self.factory = out.value
        loop.factories.append(self.factory)

    def onAnswer(self, user, conn, handle, reason):
        made = domish.fromHandle(handle) if handle else None
        self.answers.append((reason[0].status, reason[0].code, made))

    def connect(self, endpoint):
        """Begins to keep a connection up; `waits` gets why there has to be another."""
        out, options = c_uint64(), structs.ConnectorOptions()
        options.initial_ms = 20
        self.waits, self.telling = [], structs.ConnectorHandler()
        kind = dict(self.telling._fields_)["waiting"]
        self.telling.waiting = kind(lambda user, connector, reason, delay: self.waits.append(reason[0].status))
        check(
            functions.connector_start(
                self.loop.handle, endpoint.encode(), self.factory, byref(options), byref(self.telling), None, byref(out)
            )
        )
        self.connector = out.value
        return self

    def stop(self):
        """Keeps none up any more."""
        functions.connector_stop(self.connector)

    def online(self, endpoint):
        """Logs in."""
        self.connect(endpoint)
        self.loop.until(lambda: self.readies or self.ends)
        assert self.readies, self.ends
        return self

    def _parsed(self, xml):
        data, out = xml.encode(), c_uint64()
        check(element.element_parse(byref(out), data, len(data), None, None))
        return out.value

    def send(self, xml):
        handle = self._parsed(xml.replace(" ", " xmlns='jabber:client' ", 1) if "xmlns" not in xml else xml)
        status = xmpp.xmpp_send(self.conn, handle, 0)
        element.element_free(handle)
        return status

    def call(self, xml, limit=0):
        """The answer to a request: status, code and the stanza."""
        handle = self._parsed(xml)
        check(xmpp.xmpp_call(self.conn, handle, 0, limit, self.answered, None, None))
        element.element_free(handle)
        self.loop.until(lambda: self.answers)
        return self.answers.pop()

    def session(self):
        """What is known of the session."""
        out = xmpp.XmppSession()
        check(xmpp.xmpp_get_session(self.conn, byref(out)))
        return out

    def jid(self):
        """This side's address."""
        found = self.session().jid
        return found.data[: found.len].decode()


REMOTE, VALUE = constants.ERR_REMOTE, constants.ERR_VALUE
__all__ = ["LIMIT", "Loop", "REMOTE", "Side", "VALUE", "c_char_p", "check"]

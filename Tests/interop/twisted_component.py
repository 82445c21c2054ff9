"""An echoing component by Twisted: twisted_component.py PORT DOMAIN SECRET"""

import sys

from twisted.internet import reactor
from twisted.words.protocols.jabber import component, xmlstream
from twisted.words.xish import domish

port, domain, secret = sys.argv[1:]


def authd(stream):
    stream.addObserver("/message/body", lambda stanza: answer(stream, stanza))
    print("ready", flush=True)


def answer(stream, stanza):
    message = domish.Element((None, "message"))
    message["to"], message["from"] = stanza["from"], stanza["to"]
    message.addElement("body", content=str(stanza.body))
    stream.send(message)


factory = component.componentFactory(domain, secret)
factory.addBootstrap(xmlstream.STREAM_AUTHD_EVENT, authd)
factory.addBootstrap(xmlstream.STREAM_ERROR_EVENT, lambda reason: print("refused", reason.value.condition, flush=True))
factory.addBootstrap(xmlstream.STREAM_END_EVENT, lambda reason: reactor.stop() if reactor.running else None)
reactor.connectTCP("127.0.0.1", int(port), factory)
reactor.run()

"""An echo bot by Twisted: twisted_xmpp.py PORT JID PASSWORD CA"""

import sys

import twisted_client
from twisted.words.xish import domish

port, account, password, authority = sys.argv[1:]


def authd(stream):
    stream.addObserver("/message/body", lambda stanza: answer(stream, stanza))
    stream.send(domish.Element((None, "presence")))
    print("ready", flush=True)


def answer(stream, stanza):
    message = domish.Element((None, "message"))
    message["to"], message["type"] = stanza["from"], "chat"
    message.addElement("body", content=str(stanza.body))
    stream.send(message)


twisted_client.run(port, account, password, authority, authd)

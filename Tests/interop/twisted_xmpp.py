"""An echo bot by Twisted: twisted_xmpp.py PORT JID PASSWORD CA"""

import sys

from twisted.internet import reactor, ssl
from twisted.words.protocols.jabber import client, jid, xmlstream
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


with open(authority) as file:
    trusted = ssl.trustRootFromCertificates([ssl.Certificate.loadPEM(file.read())])
factory = client.XMPPClientFactory(jid.JID(account), password, ssl.CertificateOptions(trustRoot=trusted))
factory.addBootstrap(xmlstream.STREAM_AUTHD_EVENT, authd)
factory.addBootstrap(xmlstream.INIT_FAILED_EVENT, lambda reason: print("failed", reason, flush=True))
reactor.connectTCP("127.0.0.1", int(port), factory)
reactor.run()

"""Watches who is there: logs in, and prints the presence of everybody in the account's roster.

python3 xmpp_presence.py HOST PORT JID PASSWORD [CA.pem]
"""

import sys

from plait.internet import reactor, ssl
from plait.words.protocols.jabber import client, jid, xmlstream
from plait.words.xish import domish

host, port, account, password, *authority = sys.argv[1:]


def authd(stream):
    print("watching as", stream.thisEntity.full(), flush=True)
    stream.addObserver("/presence", presence)
    stream.send(domish.Element((None, "presence")))


def presence(stanza):
    state = stanza.getAttribute("type") or str(stanza.show or "") or "available"
    print(stanza["from"], "is", state, str(stanza.status or ""), flush=True)


def failed(reason):
    print("not let in:", reason.value, flush=True)
    factory.stopTrying()
    reactor.stop()


me = jid.JID(account)
options = None
if authority:
    with open(authority[0], "rb") as file:
        trusted = [ssl.Certificate.loadPEM(file.read())]
    options = ssl.optionsForClientTLS(me.host, trustRoot=ssl.trustRootFromCertificates(trusted))
factory = client.XMPPClientFactory(me, password, options)
factory.addBootstrap(xmlstream.STREAM_AUTHD_EVENT, authd)
factory.addBootstrap(xmlstream.INIT_FAILED_EVENT, failed)
reactor.connectTCP(host, int(port), factory)
reactor.run()

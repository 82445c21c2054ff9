"""A flood by Twisted: xmpp_flooder.py PORT JID PASSWORD CA TO COUNT: so many messages at once, then a request."""

import sys

from twisted.internet import reactor, ssl
from twisted.words.protocols.jabber import client, jid, xmlstream

port, account, password, authority, to, count = sys.argv[1:]


def authd(stream):
    for start in range(0, int(count), 500):
        stream.send("".join(f"<message to='{to}' type='chat'><body>{number}</body></message>" for number in range(start, start + 500)))
    request = xmlstream.IQ(stream, "get")
    request.addElement(("urn:xmpp:ping", "ping"))
    request.send(to).addBoth(lambda answer: print("answered", answer["type"], flush=True))
    print("sent", flush=True)


with open(authority) as file:
    trusted = ssl.trustRootFromCertificates([ssl.Certificate.loadPEM(file.read())])
factory = client.XMPPClientFactory(jid.JID(account), password, ssl.CertificateOptions(trustRoot=trusted))
factory.addBootstrap(xmlstream.STREAM_AUTHD_EVENT, authd)
factory.addBootstrap(xmlstream.INIT_FAILED_EVENT, lambda reason: print("failed", reason, flush=True))
reactor.connectTCP("127.0.0.1", int(port), factory)
reactor.run()

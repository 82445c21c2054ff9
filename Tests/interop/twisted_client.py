"""A Twisted client of a test's XMPP server: what twisted_xmpp.py and twisted_flood.py have in common."""

from twisted.internet import reactor, ssl
from twisted.words.protocols.jabber import client, jid, xmlstream


def run(port, account, password, authority, authd):
    """Logs in, trusting `authority` alone; `authd` gets the stream."""
    with open(authority) as file:
        trusted = ssl.trustRootFromCertificates([ssl.Certificate.loadPEM(file.read())])
    factory = client.XMPPClientFactory(jid.JID(account), password, ssl.CertificateOptions(trustRoot=trusted))
    factory.addBootstrap(xmlstream.STREAM_AUTHD_EVENT, authd)
    factory.addBootstrap(xmlstream.INIT_FAILED_EVENT, lambda reason: print("failed", reason, flush=True))
    reactor.connectTCP("127.0.0.1", int(port), factory)
    reactor.run()

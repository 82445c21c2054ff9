"""An account that counts stanzas, by Plait, Twisted or slixmpp: xmpp_client.py plait|twisted|slixmpp PORT COUNT

Prints the CPU time of one, in nanoseconds, from the first to the last. By Plait and by Twisted only the imports differ.
"""

import os
import sys
import time

library, port, wanted = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
seen, began = 0, 0.0


def count(stanza):
    global seen, began
    assert stanza["from"]
    if seen == 0:
        began = time.process_time()
    seen += 1
    if seen == wanted:
        print(round((time.process_time() - began) / (wanted - 1) * 1e9), flush=True)
        os._exit(0)


def by_slixmpp():
    import asyncio
    import ssl

    import slixmpp
    from slixmpp.xmlstream.handler import Callback
    from slixmpp.xmlstream.matcher import MatchXPath

    async def run():
        client = slixmpp.ClientXMPP("juliet@localhost/balcony", "secret")
        client.ssl_context.check_hostname = False
        client.ssl_context.verify_mode = ssl.CERT_NONE
        for name in ("message", "presence"):
            client.register_handler(Callback(name, MatchXPath("{jabber:client}" + name), count))
        client.add_event_handler("session_start", lambda event: client.send_presence())
        client.connect("127.0.0.1", port)
        await asyncio.wait_for(client.disconnected, 120)

    asyncio.run(run())


def by_twisted_names():
    if library == "plait":
        from plait.internet import reactor, ssl
        from plait.words.protocols.jabber import client, jid, xmlstream
        from plait.words.xish import domish
    else:
        from twisted.internet import epollreactor

        epollreactor.install()
        from twisted.internet import reactor, ssl
        from twisted.words.protocols.jabber import client, jid, xmlstream
        from twisted.words.xish import domish

    def authd(stream):
        stream.addObserver("/message", count)
        stream.addObserver("/presence", count)
        stream.send(domish.Element((None, "presence")))

    factory = client.XMPPClientFactory(jid.JID("juliet@localhost/balcony"), "secret", ssl.CertificateOptions(verify=False))
    factory.addBootstrap(xmlstream.STREAM_AUTHD_EVENT, authd)
    reactor.connectTCP("127.0.0.1", port, factory)
    reactor.run()


by_slixmpp() if library == "slixmpp" else by_twisted_names()

"""A flood by Twisted: twisted_flood.py PORT JID PASSWORD CA TO COUNT: so many messages at once, then a request."""

import sys

import twisted_client
from twisted.words.protocols.jabber import xmlstream

port, account, password, authority, to, count = sys.argv[1:]


def authd(stream):
    for start in range(0, int(count), 500):
        stream.send("".join(f"<message to='{to}' type='chat'><body>{number}</body></message>" for number in range(start, start + 500)))
    request = xmlstream.IQ(stream, "get")
    request.addElement(("urn:xmpp:ping", "ping"))
    request.send(to).addBoth(lambda answer: print("answered", answer["type"], flush=True))
    print("sent", flush=True)


twisted_client.run(port, account, password, authority, authd)

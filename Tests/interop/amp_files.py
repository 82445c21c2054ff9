"""Open files by AMP over a UNIX socket, on Twisted and on Plait: only the imports differ.

    amp_files.py PACKAGE server PATH        prints a line when it listens
    amp_files.py PACKAGE client PATH        prints what it reads from the files that it is given
"""

import importlib
import os
import sys

package = sys.argv[1]
endpoints, protocol, reactor = (importlib.import_module(f"{package}.internet.{name}") for name in ("endpoints", "protocol", "reactor"))
amp = importlib.import_module(f"{package}.protocols.amp")


class Swap(amp.Command):
    arguments = [(b"one", amp.Descriptor()), (b"text", amp.String()), (b"two", amp.Descriptor())]
    response = [(b"text", amp.String()), (b"file", amp.Descriptor())]


def pipe(data):
    """A descriptor that this can be read from."""
    reading, writing = os.pipe()
    os.write(writing, data)
    os.close(writing)
    return reading


def read(descriptor):
    data = os.read(descriptor, 100)
    os.close(descriptor)
    return data


class Server(amp.AMP):
    def swap(self, one, text, two):
        answer = b"from the server: " + text
        file = pipe(answer)
        # It is needed until it was sent.
        reactor.callLater(1, os.close, file)
        return {"text": read(one) + read(two), "file": file}

    Swap.responder(swap)


def made(client):
    calls, left = [], [5]

    def answered(result, number):
        print(number, result["text"].decode(), read(result["file"]).decode(), flush=True)
        left[0] -= 1
        if not left[0]:
            reactor.stop()

    for number in range(left[0]):
        text = b"%d" % number
        files = pipe(b"one " + text), pipe(b", two " + text)
        calls.append(client.callRemote(Swap, one=files[0], text=text, two=files[1]).addCallback(answered, number))
        for file in files:
            reactor.callLater(1, os.close, file)


def main(kind, path):
    if kind == "server":
        listening = endpoints.UNIXServerEndpoint(reactor, path).listen(protocol.Factory.forProtocol(Server))
        listening.addCallback(lambda port: print("listening", flush=True))
    else:
        endpoints.connectProtocol(endpoints.UNIXClientEndpoint(reactor, path), amp.AMP()).addCallback(made)
    reactor.callLater(30, reactor.stop)
    reactor.run()


main(*sys.argv[2:])

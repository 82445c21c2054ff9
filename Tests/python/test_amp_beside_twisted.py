"""Random conversations, cut at random, with a server of Twisted's and one of ours: the same answers."""

from __future__ import annotations

import os
import random

import pytest
from twisted.internet.testing import StringTransport
from twisted.protocols import amp as theirs

from amps import seen
from doubles import Transport
from pairs import pair, receive  # noqa: F401
from plait.protocols import amp
from test_amp_boxes import pieces

COUNT = 2000 if os.environ.get("PLAIT_SOAK") else 60


class Refused(Exception):
    pass


def server(package):
    """A class of servers; the same on both packages."""

    class Sum(package.Command):
        arguments = [(b"a", package.Integer()), (b"b", package.Integer(optional=True))]
        response = [(b"total", package.Integer())]

    class Texts(package.Command):
        commandName = b"te%xts"
        arguments = [
            (b"first", package.Unicode()),
            (b"from", package.ListOf(package.String(), optional=True)),
            (b"dash-ed", package.Float(optional=True)),
        ]
        response = [(b"Upper", package.Unicode()), (b"lower", package.Unicode(optional=True))]

    class Rows(package.Command):
        arguments = [(b"rows", package.AmpList([(b"x", package.Integer())]))]
        response = [(b"count", package.Integer()), (b"sum", package.Integer())]
        errors = {Refused: b"REFUSED"}

    class Tell(package.Command):
        arguments = [(b"what", package.String())]
        requiresAnswer = False

    class Server(package.AMP):
        @Sum.responder
        def sum(self, a, b):
            return {"total": a + (b or 0)}

        @Texts.responder
        def texts(self, first, From, dash_ed):
            lower = None if dash_ed is None else first.lower() + str(dash_ed)
            return {"Upper": first.upper() + str(From), "lower": lower}

        @Rows.responder
        def rows(self, rows):
            if len(rows) > 2:
                raise Refused(f"{len(rows)} rows, é")
            return {"count": len(rows), "sum": sum(row["x"] for row in rows)}

        @Tell.responder
        def tell(self, what):
            return {}

        def amp_RAW(self, box):
            return package.Box({key: value for key, value in box.items() if key[:1] != b"_"})

    return Server


def request(chance):
    """A request that any server answers, or is told, without hanging up."""
    kind = chance.randrange(6)
    name = [b"Sum", b"te%xts", b"Rows", b"Tell", b"raw", b"Unknown"][kind]
    box = {b"_command": name}
    if kind != 3:
        box[b"_ask"] = chance.choice([b"%x" % chance.randrange(1000), b"", b"any tag" * 50])
    if kind == 0:
        box[b"a"] = chance.choice([b"1", b"-1", b" +12 ", b"%d" % chance.getrandbits(200)])
        if chance.random() < 0.8:
            box[b"b"] = b"%d" % chance.randrange(-100, 100)
    elif kind == 1:
        box[b"first"] = chance.choice(["", "ß", "é" * 1000, "\U0001f600"]).encode()
        if chance.random() < 0.5:
            box[b"from"] = b"\0\1x" * chance.randrange(4)
        if chance.random() < 0.5:
            box[b"dash-ed"] = chance.choice([b"1", b"1e-7", b"nan"])
    elif kind == 2:
        rows = [theirs.Box(x=b"%d" % chance.randrange(9)) for _ in range(chance.randrange(5))]
        box[b"rows"] = b"".join(row.serialize() for row in rows)
    else:
        box[b"what"] = chance.randbytes(chance.randrange(300))
    if chance.random() < 0.3:
        # Nobody asks for it.
        box[chance.choice([b"more", b"Zz"])] = b"?" * chance.randrange(10)
    fields = list(box.items())
    chance.shuffle(fields)
    # Any order will do.
    prefixed = [len(part).to_bytes(2, "big") + part for field in fields for part in field]
    return b"".join(prefixed) + b"\0\0"


def answers(data):
    """Boxes; where Twisted tells how Python writes bytes, we do not."""
    boxes = amp.parseString(data)
    for box in boxes:
        if box.get(b"_error_code") == b"UNHANDLED":
            box[b"_error_description"] = b"Unhandled Command: Unknown"
    return boxes


KINDS = {"native": server(amp), "boxes": seen(server(amp)), "memory": server(amp)}
THEIRS = server(theirs)


@pytest.mark.parametrize("way", KINDS)
@pytest.mark.parametrize("block", range(4))
def test_conversations(reactor, pair, way, block):  # noqa: F811
    for number in range(COUNT // 4):
        seed = 100_000 * block + number
        chance = random.Random(seed)
        data = b"".join(request(chance) for _ in range(chance.randrange(1, 60)))
        cuts = list(pieces(chance, data))
        judge = THEIRS()
        judge.makeConnection(StringTransport())
        judge.dataReceived(data)
        expected = judge.transport.value()
        length = len(expected) - 3 * expected.count(b"Unhandled Command: b'Unknown'")
        made = KINDS[way]()
        if way == "memory":
            made.makeConnection(Transport())
            for piece in cuts:
                made.dataReceived(piece)
            got = made.transport.written
        else:
            peer = pair(made)
            for piece in cuts:
                peer.sendall(piece)
            got = receive(reactor, peer, length)
            peer.close()
        assert len(got) == length, seed
        assert answers(got) == answers(expected), seed

"""Plait's AMP on Twisted's reactor, Twisted's on Plait's, and several reactors in several threads."""

from __future__ import annotations

import threading
from pathlib import Path

import twisted.protocols.amp as theirs

from amps import Socket, gathered
from plait.internet.reactors import Reactor
from plait.protocols import amp
from test_examples import finished


def test_on_twisteds_reactor(environment):
    printed = finished(environment, Path(__file__).parent / "peers" / "amp_mixed.py")
    assert sorted(printed.split()) == ["0", "2", "4", "TimeoutError"]


class Double(amp.Command):
    arguments = response = [(b"x", amp.Integer()), (b"text", amp.Unicode())]


class Client(amp.AMP):
    @Double.responder
    def double(self, x, text):
        return {"x": 2 * x, "text": 2 * text}


class TheirDouble(theirs.Command):
    commandName = b"Double"
    arguments = response = [(b"x", theirs.Integer()), (b"text", theirs.Unicode())]


class Their(theirs.AMP):
    @TheirDouble.responder
    def double(self, x, text):
        return {"x": 2 * x, "text": 2 * text}


def test_twisteds_on_ours(reactor):
    link = Socket(reactor)
    link.connect(Their(), Client())
    calls = [link.client.callRemote(Double, x=number, text="é") for number in range(100)]
    results = link.run(gathered(calls))
    assert sorted(result["x"] for result in results) == list(range(0, 200, 2))
    answers = []
    link.server.callRemote(TheirDouble, x=21, text="y").addCallback(answers.append)
    link.until(lambda: answers)
    assert answers == [{"x": 42, "text": "yy"}]


def test_several_threads():
    """What one sends is its own."""
    wrong = []

    def work(letter):
        reactor = Reactor()
        link = Socket(reactor)
        link.connect(Client(), Client())
        for start in range(0, 2000, 100):
            texts = [letter * (number % 7) for number in range(start, start + 100)]
            calls = [link.client.callRemote(Double, x=1, text=text) for text in texts]
            checked = [
                call.addCallback(lambda result, t=text: wrong.append(t) if result["text"] != 2 * t else 0)
                for call, text in zip(calls, texts)
            ]
            link.run(gathered(checked))
        reactor.close()

    threads = [threading.Thread(target=work, args=(letter,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong

"""A user's own test of Twisted's, with its imports changed and one line that ends the conversation."""

from plait.protocols import basic, loopback
from plait.test import proto_helpers  # noqa: F401
from plait.trial import unittest


class EchoProtocol(basic.LineReceiver):
    def lineReceived(self, line):
        self.sendLine(line)


class TestEcho(unittest.TestCase):
    def test_echo_loopback(self):
        server = EchoProtocol()
        client = EchoProtocol()

        # Set up data collection
        client_data = []

        def collect_data(line):
            client_data.append(line)
            if line == b"World": client.transport.loseConnection()  # noqa: E701 - the line

        client.lineReceived = collect_data

        # Run loopback test
        d = loopback.loopback(server, client)

        # Send test data
        client.sendLine(b"Hello")
        client.sendLine(b"World")

        # Verify echo
        def check_result(_):
            self.assertEqual(client_data, [b"Hello", b"World"])

        d.addCallback(check_result)
        return d

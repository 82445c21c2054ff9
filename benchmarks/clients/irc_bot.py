"""What a message on a channel costs a bot in Python: irc_bot.py plait|twisted|irctokens MESSAGES

A server of two lines sends so many messages at once; they are counted with their lengths. `irctokens` takes lines apart, and nothing
else. Prints microseconds of CPU for each.
"""

import socket
import sys
import threading
import time

LIBRARY, COUNT = sys.argv[1], int(sys.argv[2])
LINE = ":anna!~anna@host.example.org PRIVMSG #channel :hello everybody, this is message %d\r\n"
LENGTH = sum(len((LINE % number).partition(" :")[2]) - 2 for number in range(COUNT)) + 4
LAST = ":anna!~anna@host.example.org PRIVMSG #channel :last\r\n"


def serve(listening):
    conn, _ = listening.accept()
    heard = b""
    while b"USER" not in heard:
        heard += conn.recv(4096)
    conn.sendall(b":s 001 bot :Welcome\r\n:bot!u@h JOIN #channel\r\n")
    conn.sendall("".join(LINE % number for number in range(COUNT)).encode() + LAST.encode())
    while conn.recv(4096):
        pass


def tokens():
    import irctokens

    lines = [(LINE % number).rstrip() for number in range(COUNT)]
    start = time.process_time()
    for line in lines:
        irctokens.tokenise(line)
    print((time.process_time() - start) * 1e6 / COUNT)


def bot():
    if LIBRARY == "plait":
        from plait.internet import protocol, reactor
        from plait.words.protocols import irc
    else:
        from twisted.internet import protocol, reactor
        from twisted.words.protocols import irc

    class Bot(irc.IRCClient):
        nickname = "bot"
        count = length = 0

        def joined(self, channel):
            self.start = time.thread_time()

        def privmsg(self, user, channel, message):
            self.count += 1
            self.length += len(message)
            if message == "last":
                print((time.thread_time() - self.start) * 1e6 / COUNT)
                assert (self.count, self.length) == (COUNT + 1, LENGTH) and channel == "#channel" and user.startswith("anna!")
                reactor.stop()

    listening = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, args=(listening,), daemon=True).start()
    factory = protocol.ClientFactory()
    factory.protocol = Bot
    reactor.connectTCP("127.0.0.1", listening.getsockname()[1], factory)
    reactor.run()


tokens() if LIBRARY == "irctokens" else bot()

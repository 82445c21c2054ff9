"""Says in a channel what it hears there, and who somebody is: "whois NICK". "NICK: quit" sends it away.

Usage: python irc_echo.py ENDPOINT NICK CHANNEL
"""

import asyncio
import sys

from plait import aio
from plait.internet.protocol import Factory
from plait.words.protocols import irc


class Echo(irc.IRCClient):
    # No more than five lines at once, then two in a second.
    lineRate = 0.5
    lineBurst = 5

    def __init__(self, nick, channel):
        self.nickname, self.channel = nick, channel
        self.ended = asyncio.Event()
        self.tasks = set()

    def signedOn(self):
        self.join(self.channel)

    def joined(self, channel):
        print(f"in {channel} as {self.nickname}", flush=True)

    def privmsg(self, user, channel, message):
        # What was said to it alone is answered so.
        where = user.partition("!")[0] if channel == self.nickname else channel
        if message == f"{self.nickname}: quit":
            self.quit("as you wish")
        elif message.startswith("whois "):
            task = asyncio.ensure_future(self.tell(where, message.split()[1]))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        else:
            self.msg(where, message)

    async def tell(self, where, nick):
        try:
            found = await self.whois(nick)
        except irc.IRCError as error:
            self.msg(where, f"no {nick}: {error.params[-1]}")
        else:
            self.msg(where, f"{found.nick} is {found.realname}, in {' '.join(found.channels)}")

    def connectionLost(self, reason):
        super().connectionLost(reason)
        self.ended.set()


async def main(where, nick, channel):
    async with aio.driving():
        echo = Echo(nick, channel)
        await aio.connect(where, Factory.forProtocol(lambda: echo))
        await echo.ended.wait()


asyncio.run(main(*sys.argv[1:4]))

"""An echo bot by slixmpp: slixmpp_bot.py PORT JID PASSWORD CA"""

import asyncio
import sys

import slixmpp

port, account, password, authority = sys.argv[1:]


class Bot(slixmpp.ClientXMPP):
    def __init__(self):
        super().__init__(account, password)
        self.register_plugin("xep_0199")
        self.ca_certs = authority
        self.add_event_handler("session_start", self.start)
        self.add_event_handler("failed_auth", lambda event: print("failed", flush=True))
        self.add_event_handler("message", self.message)

    async def start(self, event):
        self.send_presence()
        await self.get_roster()
        print("ready", flush=True)

    def message(self, message):
        if message["type"] in ("chat", "normal"):
            message.reply(message["body"]).send()


async def main():
    bot = Bot()
    bot.connect("127.0.0.1", int(port))
    await asyncio.wait_for(bot.disconnected, 120)


asyncio.run(main())

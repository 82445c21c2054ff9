"""Gets what is new in a directory of an FTP server, and stores a file there, too, if one is named.

Usage: python ftp_client.py HOST PORT DIRECTORY [FILE [NAME PASSWORD]]

What is here already and as long as there is left alone; what is shorter is gone on with.
"""

import os
import sys

from plait.internet import reactor
from plait.internet.defer import ensureDeferred
from plait.protocols import ftp


def show(name):
    def progress(moved, total):
        share = f"{100 * moved // total} %" if total else f"{moved} bytes"
        print(f"{name}: {share}", file=sys.stderr, flush=True)

    return progress


async def fetch(client, entry):
    # The server names the file: here it may have no way to another directory.
    here = os.path.basename(entry.name)
    if here in ("", ".", ".."):
        return
    have = os.path.getsize(here) if os.path.exists(here) else 0
    if entry.size is not None and have >= entry.size:
        print(here, "is here" if have == entry.size else "is longer here")
        return
    reply = await client.retrieveFile(entry.name, here, resume=True, progress=show(here))
    print(f"{here}: {reply.moved} bytes from {reply.offset} on")


async def talk(host, port, directory, file=None, *login):
    client = await ftp.FTPClientBasic(*login or ("anonymous", "me@example.org")).connectTo(host, int(port))
    await client.cwd(directory)
    for entry in await client.list():
        if entry.kind == "file":
            await fetch(client, entry)
    if file is not None:
        name = os.path.basename(file)
        try:
            await client.storeFile(name, file, progress=show(name))
            print(name, "is there")
        except ftp.CommandFailed as failed:
            print("not stored:", failed.code, failed.what)
    await client.quit()


def main(*arguments):
    talking = ensureDeferred(talk(*arguments))
    failures = []
    talking.addErrback(lambda reason: failures.append(reason.value))
    talking.addBoth(lambda _: reactor.stop())
    reactor.run()
    if failures:
        sys.exit(f"{failures[0]}")


if len(sys.argv) not in (4, 5, 7):
    sys.exit(__doc__)
main(*sys.argv[1:])

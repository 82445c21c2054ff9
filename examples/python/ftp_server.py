"""Serves files: users have homes, and those without a name read a directory.

Usage: python ftp_server.py PORT DIRECTORY USERS HOMES

USERS is a file with ``name:hash`` on each line, where the hash is what crypt(3) makes: ``openssl passwd -6``.
"""

import sys

from plait.cred.checkers import AllowAnonymousAccess, FilePasswordDB, crypted
from plait.cred.portal import Portal
from plait.internet import reactor
from plait.protocols import ftp


class Telling(ftp.FTP):
    """Tells what is retrieved, and knows a command more."""

    def ftp_RETR(self, path):
        print("asked for", path, flush=True)
        return super().ftp_RETR(path)

    def ftp_WHERE(self):
        directory = "/" + "/".join(self.workingDirectory)
        return ftp.FILE_STATUS, directory


def main(port, directory, users, homes):
    checkers = [AllowAnonymousAccess(), FilePasswordDB(users, hash=crypted)]
    factory = ftp.FTPFactory(Portal(ftp.FTPRealm(directory, homes), checkers))
    factory.protocol = Telling
    factory.welcomeMessage = "Welcome"
    listening = reactor.listenTCP(int(port), factory, interface="127.0.0.1")
    print("listening on port", listening.getHost().port, flush=True)
    reactor.run()


main(*sys.argv[1:5])

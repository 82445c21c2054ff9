"""Leaves receivers behind, in the ways that there are: ``leaving.py WAY``."""

import gc
import sys
import threading

from plait.protocols import basic


class Transport:
    disconnecting = False

    def loseConnection(self):
        self.disconnecting = True


class Lines(basic.LineReceiver):
    def lineReceived(self, line):
        heard.append(line)


def fed():
    made = Lines()
    made.makeConnection(Transport())
    made.dataReceived(b"line\r\nhalf")
    return made


heard = []
way = sys.argv[1]
if way == "at exit":
    kept = fed()
elif way == "of a thread that has ended":
    kept = []
    thread = threading.Thread(target=lambda: kept.append(fed()))
    thread.start()
    thread.join()
    kept.clear()
elif way == "in another thread":
    kept = [fed()]
    thread = threading.Thread(target=kept.clear)
    thread.start()
    thread.join()
    fed()
elif way == "in another thread, at exit":
    kept = [fed()]
    threading.Thread(target=kept.clear).start()
elif way == "in a cycle":
    kept = fed()
    kept.itself = kept
    del kept
    gc.collect()
print(*heard)

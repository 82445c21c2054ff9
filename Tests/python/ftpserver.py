"""A little FTP server of plain sockets, with its files in a dictionary: for tests of the client."""

from __future__ import annotations

import contextlib
import socket
import threading

from limits import LIMIT


class FTPServer:
    """Serves one session at a time, on a thread of its own; writes down what it was told."""

    def __init__(self, files=None, replies=None, passive=True):
        self.files = dict(files or {})
        #: By command: what to say instead.
        self.replies = dict(replies or {})
        self.heard = []
        self.control = None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(LIMIT)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def close(self):
        for open in (self.listener, self.control):
            with contextlib.suppress(OSError, AttributeError):
                open.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(LIMIT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _serve(self):
        try:
            while True:
                control, _ = self.listener.accept()
                control.settimeout(LIMIT)
                self.control = control
                with control:
                    self._session(control)
        except OSError:
            pass

    def _session(self, control):
        self.data, self.target, self.offset = None, None, 0
        say = lambda text: control.sendall(text.encode() + b"\r\n")  # noqa: E731
        say(self.replies.get("", "220 hello"))
        lines = control.makefile("rb")
        try:
            for line in lines:
                text = line.decode("utf-8", "surrogateescape").rstrip("\r\n")
                self.heard.append(text)
                verb, _, words = text.partition(" ")
                if verb in self.replies:
                    say(self.replies[verb])
                    continue
                if verb == "QUIT":
                    say("221 bye")
                    return
                getattr(self, "do_" + verb, lambda words, say: say("200 fine"))(words, say)
        except OSError:
            pass
        finally:
            if self.data is not None:
                self.data.close()

    def do_USER(self, words, say):
        say("331 who?")

    def do_PASS(self, words, say):
        say("230 come in")

    def do_PWD(self, words, say):
        say('257 "/a ""b""" is it')

    def do_SIZE(self, words, say):
        say(f"213 {len(self.files[words])}" if words in self.files else "550 no such file")

    def do_MDTM(self, words, say):
        say("213 20201123000000")

    def do_FEAT(self, words, say):
        say("211-has\r\n SIZE\r\n REST STREAM\r\n211 end")

    def do_MLST(self, words, say):
        say(f"250-it\r\n type=file;size=5; {words}\r\n250 end")

    def do_RNFR(self, words, say):
        say("350 and?" if words in self.files else "550 no such file")

    def do_ABOR(self, words, say):
        say("226 aborted")

    def do_REST(self, words, say):
        self.offset = int(words)
        say("350 from there")

    def do_EPSV(self, words, say):
        self.data = socket.create_server(("127.0.0.1", 0))
        self.data.settimeout(LIMIT)
        say(f"229 (|||{self.data.getsockname()[1]}|)")

    def do_PASV(self, words, say):
        self.data = socket.create_server(("127.0.0.1", 0))
        self.data.settimeout(LIMIT)
        port = self.data.getsockname()[1]
        say(f"227 (10,1,2,3,{port >> 8},{port & 255})")

    def do_EPRT(self, words, say):
        self.target = words.split("|")[2], int(words.split("|")[3])
        say("200 there")

    def _open(self):
        if self.target is not None:
            made, self.target = socket.create_connection(self.target, LIMIT), None
            return made
        made, _ = self.data.accept()
        self.data.close()
        self.data = None
        made.settimeout(LIMIT)
        return made

    def _send(self, content, say):
        say("150 here it comes")
        with self._open() as stream:
            try:
                stream.sendall(content)
            except OSError:
                return say("426 broke")
        return say("226 done")

    def do_RETR(self, words, say):
        if words not in self.files:
            return say("550 no such file")
        content, self.offset = self.files[words][self.offset :], 0
        return self._send(content, say)

    def do_LIST(self, words, say):
        rows = [f"-rw-r--r-- 1 me us {len(c)} Nov 23 2020 {n}\r\n" for n, c in self.files.items()]
        return self._send("total 4\r\n".encode() + "".join(rows).encode(), say)

    def do_NLST(self, words, say):
        return self._send("".join(n + "\r\n" for n in self.files).encode(), say)

    def do_MLSD(self, words, say):
        rows = [f"type=file;size={len(c)};Perm=r; {n}\r\n" for n, c in self.files.items()]
        return self._send("".join(rows).encode(), say)

    def do_STOR(self, words, say, before=b""):
        say("150 go on")
        with self._open() as stream:
            parts = []
            while part := stream.recv(65536):
                parts.append(part)
        self.files[words] = self.files.get(words, b"")[: self.offset] + b"".join(parts)
        self.offset = 0
        say("226 done")

    def do_APPE(self, words, say):
        self.offset = len(self.files.get(words, b""))
        self.do_STOR(words, say)

"""A server's side of SCRAM-SHA-256 for tests: what is said, it is told as text."""

import base64
import hashlib
import hmac


class Scram:
    """A server's side of SCRAM-SHA-256, by RFC 5802 and 7677."""

    def __init__(self, password, binding=b""):
        self.password, self.binding, self.salt, self.rounds = password, binding, b"pepper and salt", 4096

    def first(self, line):
        """The challenge to a client's first message."""
        header, self.bare = line.split(",,", 1)
        self.header = f"{header},,".encode()
        self.user, nonce = (part[2:] for part in self.bare.split(","))
        self.nonce = nonce + "andmore"
        self.challenge = f"r={self.nonce},s={base64.b64encode(self.salt).decode()},i={self.rounds}"
        return self.challenge

    def final(self, line):
        """What the server says to the proof: that it knows the password, too; None: the proof is none."""
        without, proof = line.rsplit(",p=", 1)
        assert without == f"c={base64.b64encode(self.header + self.binding).decode()},r={self.nonce}"
        salted = hashlib.pbkdf2_hmac("sha256", self.password, self.salt, self.rounds)
        key = hmac.digest(salted, b"Client Key", "sha256")
        words = f"{self.bare},{self.challenge},{without}".encode()
        signature = hmac.digest(hashlib.sha256(key).digest(), words, "sha256")
        if bytes(a ^ b for a, b in zip(key, signature)) != base64.b64decode(proof):
            return None
        server = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), words, "sha256")
        return "v=" + base64.b64encode(server).decode()

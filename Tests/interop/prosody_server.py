"""prosody for tests: a server of its own, accounts that log in to it, and what programs beside it say."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import threading
import time

from ports import free_port
from xmpp_side import LIMIT, Side

CONFIG = """
run_as_root = true
daemonize = false
data_path = "{folder}/data"
certificates = "{folder}"
plugin_paths = {{ "{folder}/modules" }}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
c2s_direct_tls_ports = {{ {direct} }}
s2s_ports = {{ }}
component_ports = {{ {component} }}
component_interfaces = {{ "127.0.0.1" }}
modules_disabled = {{ "s2s" }}
modules_enabled = {{ "roster", "saslauth", "tls", "disco", "ping", "version", "smacks", "carbons" }}
storage = "internal"
authentication = "internal_hashed"
password_hash = "{hash}"
c2s_require_encryption = false
log = {{ {{ levels = {{ min = "info" }}, to = "console" }} }}
ssl = {{ certificate = "{folder}/good.cert", key = "{folder}/good.key"{protocol} }}
smacks_hibernation_time = 60
VirtualHost "localhost"
VirtualHost "guests.localhost"
    authentication = "anonymous"
VirtualHost "client.test"
    authentication = "certificate"
    ssl = {{ certificate = "{folder}/client.cert", key = "{folder}/client.key", cafile = "{folder}/root.pem", verify = {{ "peer" }} }}
Component "rooms.localhost" "muc"
    restrict_room_creation = false
    muc_room_locking = false
Component "comp.localhost"
    component_secret = "s3cr3t"
"""


# prosody has EXTERNAL, and no way to log people in by it: whoever shows a certificate that the authority has issued is "cert".
MODULE = """
module:provides("auth", {
    user_exists = function() return true end,
    get_sasl_handler = function(session)
        return require "util.sasl".new(module.host, {
            external = session.secure and function(name)
                local shown = session.conn:socket():getpeercertificate()
                if shown and shown:validat(os.time()) and session.conn:socket():getpeerverification() then return "cert", true end
            end or nil,
        })
    end,
})
"""


class Prosody:
    """A server of its own, on free ports."""

    def __init__(self, folder, certificates, hash="SHA-256", protocol=""):
        self.folder = folder
        (folder / "data").mkdir()
        (folder / "modules").mkdir()
        (folder / "modules" / "mod_auth_certificate.lua").write_text(MODULE)
        for name in ("good.cert", "good.key", "client.cert", "client.key", "root.pem"):
            shutil.copy(certificates / name, folder / name)
        self.port, self.direct, self.component = free_port(), free_port(), free_port()
        self.config = folder / "prosody.cfg.lua"
        self.config.write_text(
            CONFIG.format(
                folder=folder,
                port=self.port,
                direct=self.direct,
                component=self.component,
                hash=hash,
                protocol=protocol,
            )
        )
        self.environment = {**os.environ, "HOME": str(folder)}
        for user in ("alice", "bob"):
            subprocess.run(
                ["prosodyctl", "--root", "--config", self.config, "register", user, "localhost", "secret"],
                check=True,
                env=self.environment,
                capture_output=True,
                timeout=60,
            )
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["prosody", "--root", "--config", self.config, "-F"],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        said, listening = [], threading.Semaphore(0)

        def read():  # to the end: a full pipe would stop it
            for line in self.process.stdout:
                said.append(line)
                if "Activated service" in line and " on [127.0.0.1]:" in line:
                    listening.release()
            self.process.stdout.close()

        threading.Thread(target=read, daemon=True).start()
        for _ in (self.port, self.direct, self.component):
            assert listening.acquire(timeout=LIMIT), "".join(said)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def plain(self, port=None):
        return f"tcp:host=127.0.0.1:port={port or self.port}"


def trusting(loop, server, **more):
    return loop.config(ca_file=str(server.folder / "root.pem").encode(), **more)


def account(loop, server, name="alice", password="secret", **options):
    options.setdefault("tls", trusting(loop, server))
    return Side(loop, f"{name}@localhost", password, **options)


def hears(process, line):
    """Waits until a program has said this line, whatever else it says; what it says behind that is heard next."""
    said, end = getattr(process, "unheard", b""), time.monotonic() + LIMIT
    wanted = line.encode() + b"\n"
    while wanted not in said:
        assert select.select([process.stdout], [], [], max(0, end - time.monotonic()))[0], said
        more = os.read(process.stdout.fileno(), 65536)
        assert more, said
        said += more
    process.unheard = said[said.index(wanted) + len(wanted) :]

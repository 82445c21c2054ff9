"""In namespaces of its own, with dnsmasq as the system's name server: services_side.py CERTIFICATES

Prints a line for each connection: where it went, or why it went nowhere.
"""

import fcntl
import shutil
import socket
import struct
import subprocess
import sys
from pathlib import Path

from plait.internet import endpoints, error, protocol, reactor

certificates = Path(sys.argv[1])
# The loopback device is down in a new namespace (SIOCSIFFLAGS, IFF_UP).
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14x", b"lo", 1))


class Named(protocol.Protocol):
    def connectionMade(self):
        self.transport.write(self.factory.name)
        self.transport.loseConnection()


def listen(name, place):
    factory = protocol.Factory.forProtocol(Named)
    factory.name = name
    opened = []
    endpoints.serverFromString(reactor, f"{place}:interface=127.0.0.1").listen(factory).addCallback(opened.append)
    return opened[0].getHost().port


class Reader(protocol.Protocol):
    def __init__(self):
        self.said, self.over = b"", None

    def dataReceived(self, data):
        self.said += data

    def connectionLost(self, reason):
        print(self.said.decode(), flush=True)
        go_on()


first, second, plain = listen(b"first", "tcp:0"), listen(b"second", "tcp:0"), listen(b"plain", "tcp:0")
secure = listen(b"secure", f"ssl:0:privateKey={certificates / 'good.pem'}")
with socket.socket() as closed:
    closed.bind(("127.0.0.1", 0))
    nobody = closed.getsockname()[1]

records = [
    f"_chat._tcp.example.test,a.example.test,{first},10,5",
    f"_chat._tcp.example.test,b.example.test,{second},20,5",
    f"_spare._tcp.example.test,a.example.test,{nobody},10,5",
    f"_spare._tcp.example.test,nowhere.example.test,{nobody},15,5",
    f"_spare._tcp.example.test,b.example.test,{second},20,5",
    f"_dead._tcp.example.test,a.example.test,{nobody},10,5",
    "_none._tcp.example.test",
    f"_chats._tcp.localhost,a.example.test,{secure},0,0",
]
hosts = ["example.test,127.0.0.1", "a.example.test,127.0.0.1", "b.example.test,127.0.0.1"]
command = [shutil.which("dnsmasq") or "/usr/sbin/dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-hosts", "--no-resolv", "--user=", "--group=",
           "--pid-file=", "--listen-address=127.0.0.1", "--bind-interfaces", "--log-facility=-", "--local=/test/", "--local=/localhost/"]
command += [f"--srv-host={record}" for record in records] + [f"--host-record={record}" for record in hosts]
names = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
for line in names.stderr:
    if "started" in line:
        break
else:
    sys.exit("dnsmasq did not start")

places = [f"tcp:host=example.test:port={plain}:srv={service}:timeout=20" for service in ("chat", "spare", "other", "dead", "none")]
places += [f"tcp:host=127.0.0.1:port={plain}:srv=chat"]
places += [f"tls:host=localhost:port={plain}:srv=chats:trustRoots={certificates / 'root.pem'}"]


def go_on():
    if not places:
        return reactor.stop()
    where = endpoints.clientFromString(reactor, places.pop(0))
    where.connect(protocol.Factory.forProtocol(Reader)).addErrback(failed)


def failed(failure):
    failure.trap(error.ConnectError, error.DNSLookupError)
    print(f"{failure.type.__name__}: {failure.getErrorMessage()}", flush=True)
    go_on()


reactor.callWhenRunning(go_on)
reactor.callLater(60, reactor.stop)
reactor.run()
names.kill()
names.wait()

"""What a second thread that computes costs a reactor in Python, and what helps.

    python benchmarks/busy_thread.py [SECONDS]

A client in another process says a line on each of its connections every ten milliseconds, and waits for the echoes. The
interpreter lets a thread compute for its switch interval before another one that waits gets its turn; an idle reactor waits
for that each time something happens.
"""

import subprocess
import sys

CLIENT = """
import socket, statistics, sys, time
peers = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(int(sys.argv[2]))]
taken = []
end = time.monotonic() + float(sys.argv[3])
while time.monotonic() < end:
    time.sleep(0.01)
    begun = time.perf_counter()
    for peer in peers: peer.sendall(b"x\\r\\n")
    for peer in peers: peer.recv(100)
    taken.append((time.perf_counter() - begun) * 1000)
print(statistics.median(taken), sorted(taken)[-1 - len(taken) // 10])
"""

SERVER = """
import sys, threading
from {package}.internet import protocol, reactor
from {package}.protocols import basic
class Echo(basic.LineReceiver):
    def lineReceived(self, line):
        self.sendLine(line)
def compute():
    number = 0
    while True:
        for step in range(1000):
            number += step
sys.setswitchinterval({interval})
if {busy}:
    threading.Thread(target=compute, daemon=True).start()
port = reactor.listenTCP(0, protocol.Factory.forProtocol(Echo), interface="127.0.0.1")
print(port.getHost().port, flush=True)
reactor.run()
"""


def measure(package, busy, interval, count, seconds):
    script = SERVER.format(package=package, busy=busy, interval=interval)
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as server:
        try:
            port = server.stdout.readline().strip()
            told = subprocess.run([sys.executable, "-c", CLIENT, port, str(count), str(seconds)], capture_output=True, text=True,
                                  check=True).stdout
        finally:
            server.kill()
    return [float(word) for word in told.split()]


def main(seconds):
    print("milliseconds until all echoes are there: median, slowest tenth")
    print(f"{'':8} {'second thread':14} {'switch interval':16} {'1 connection':>18} {'20 connections':>18}")
    for package in ("plait", "twisted"):
        for busy, interval in ((False, 0.005), (True, 0.005), (True, 0.0005)):
            taken = [measure(package, busy, interval, count, seconds) for count in (1, 20)]
            shown = [f"{median:8.2f} {worst:8.2f}" for median, worst in taken]
            print(f"{package:8} {'computes' if busy else 'none':14} {interval * 1000:13} ms {shown[0]:>18} {shown[1]:>18}", flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else 2)

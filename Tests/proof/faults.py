#!/usr/bin/env python3
"""Every system call of the reactor fails once, with each errno it documents: faults.py DIRECTORY

DIRECTORY holds the program faults and faults_shim.so. The program's day is lived once without a fault, to count the calls, and
then once for each call, each place in the day and each errno. The day itself says what must hold (faults.c).
"""

import collections
import concurrent.futures
import errno
import os
import subprocess
import sys
from pathlib import Path

# What the manual pages list, as far as a program that is right can meet it.
ERRNOS = {
    "accept4": "EAGAIN ECONNABORTED EINTR EMFILE ENFILE ENOBUFS ENOMEM EPERM EPROTO",
    "connect": "EACCES EADDRNOTAVAIL EAGAIN ECONNREFUSED EINTR ENETUNREACH ETIMEDOUT",
    "socket": "EACCES EAFNOSUPPORT EMFILE ENFILE ENOBUFS ENOMEM",
    "bind": "EACCES EADDRINUSE EADDRNOTAVAIL ENOMEM",
    "listen": "EADDRINUSE EOPNOTSUPP",
    "read": "EAGAIN EINTR EIO ECONNRESET ETIMEDOUT",
    "readv": "EAGAIN EINTR ECONNRESET",
    "recv": "EAGAIN EINTR ECONNRESET ENOMEM",
    "recvmsg": "EAGAIN EINTR ECONNRESET ENOMEM",
    "send": "EAGAIN EINTR ECONNRESET ENOBUFS ENOMEM EPIPE",
    "sendmsg": "EAGAIN EINTR ECONNRESET ENOBUFS ENOMEM EPIPE",
    "write": "EAGAIN EINTR ECONNRESET EPIPE",
    "writev": "EAGAIN EINTR ECONNRESET EPIPE",
    "epoll_ctl": "ENOMEM ENOSPC",
    "epoll_create1": "EMFILE ENFILE ENOMEM",
    "timerfd_create": "EMFILE ENFILE ENODEV ENOMEM",
    "timerfd_settime": "EINVAL",
    "eventfd": "EMFILE ENFILE ENODEV ENOMEM",
    "getsockopt": "ENOBUFS",
    "setsockopt": "ENOMEM ENOBUFS",
    "getsockname": "ENOBUFS",
    "getpeername": "ENOBUFS ENOTCONN",
    "fcntl": "ENOMEM",
    "ioctl": "ENOMEM",
    "pipe2": "EMFILE ENFILE",
    "shutdown": "ENOTCONN",
}
# libuv (1.44 to 1.50 at least) calls abort() when its own epoll refuses a descriptor or its own eventfd cannot be read or
# written: there is no answer that a library on it could give. The calls stand here by name, so that no other abort passes.
LIBUV_ABORTS = {"epoll_ctl": {"ENOMEM", "ENOSPC"}, "write": {"EIO", "ECONNRESET", "EPIPE"}, "read": {"EIO", "ECONNRESET", "ETIMEDOUT"}}
# And it forgets its epoll's descriptor when it cannot make the rest of a loop.
LIBUV_LEAKS = {("eventfd", 1), ("pipe2", 1)}
MOST = 60  # places in the day, of one call


def live(directory, wish, *arguments):
    environment = dict(os.environ, PLAIT_FAULT=wish, LD_PRELOAD=str(directory / "faults_shim.so"))
    try:
        return subprocess.run([directory / "faults", *arguments], env=environment, capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess([], "hangs", "it hangs", "")


def main(directory):
    counted = live(directory, "", "counts")
    if counted.returncode != 0:
        print("faults: a day without a fault:", counted.stdout.strip() or counted.returncode)
        return 1
    counts = {name: int(count) for name, count in map(str.split, counted.stdout.splitlines())}
    wishes = [(name, place, error) for name, count in counts.items() for place in range(1, min(count, MOST) + 1)
              for error in ERRNOS[name].split()]
    problems, aborts = [], collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = pool.map(lambda wish: live(directory, f"{wish[0]}:{wish[1]}:{getattr(errno, wish[2])}"), wishes)
        for (name, place, error), run in zip(wishes, runs):
            if run.returncode == 0:
                continue
            if run.returncode == 134 and error in LIBUV_ABORTS.get(name, ()) and "libuv" in run.stdout:
                aborts[name] += 1
                continue
            if (name, place) in LIBUV_LEAKS and run.stdout.strip() == "a descriptor is left open":
                continue
            problems.append(f"{name} {place} {error}: {run.stdout.strip() or run.returncode}")
    for problem in problems:
        print(problem)
    beyond = ", ".join(f"{count} of {name}" for name, count in aborts.items()) or "none"
    print(f"faults: {len(wishes)} days with a fault in {len(counts)} calls, {len(problems)} with problems; aborted by libuv itself: {beyond}")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))

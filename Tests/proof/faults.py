#!/usr/bin/env python3
"""Every system call of the reactor fails once, with each errno it documents: faults.py DIRECTORY

DIRECTORY holds the program faults and faults_shim.so. The program's day is lived once without a fault, to count the calls, and
then once for each call, each place in the day and each errno. The day itself says what must hold (faults.c).
"""

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
    "read_event": "EAGAIN EINTR",
    "readv": "EAGAIN EINTR ECONNRESET",
    "recv": "EAGAIN EINTR ECONNRESET ENOMEM",
    "recvmsg": "EAGAIN EINTR ECONNRESET ENOMEM",
    "send": "EAGAIN EINTR ECONNRESET ENOBUFS ENOMEM EPIPE",
    "sendmsg": "EAGAIN EINTR ECONNRESET ENOBUFS ENOMEM EPIPE",
    "write": "EAGAIN EINTR ECONNRESET EPIPE",
    "write_event": "EAGAIN EINTR",
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
    "poll": "EINTR ENOMEM",
    "epoll_wait": "EINTR",
    "flock": "EINTR ENOLCK EWOULDBLOCK",
    "open": "EACCES EINTR EMFILE ENFILE ENOENT ENOMEM",
    "chmod": "EACCES EIO ENOENT ENOMEM EPERM EROFS",
    "statx": "EACCES ENOENT ENOMEM",
    "unlink": "EACCES EBUSY EIO ENOMEM EPERM EROFS",
}
# libuv (1.44 to 1.50 at least) forgets its epoll's descriptor when it cannot make the rest of a loop.
LIBUV_LEAKS = {("eventfd", 1), ("pipe2", 1)}
# What cannot be removed, or told to be ours, is left.
STAYS = {"unlink", "statx"}
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
    problems = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = pool.map(lambda wish: live(directory, f"{wish[0]}:{wish[1]}:{getattr(errno, wish[2])}"), wishes)
        for (name, place, error), run in zip(wishes, runs):
            if run.returncode == 0:
                continue
            if (name, place) in LIBUV_LEAKS and run.stdout.strip() == "a descriptor is left open":
                continue
            if name in STAYS and run.stdout.strip() == "the UNIX socket's file is left":
                continue
            problems.append(f"{name} {place} {error}: {run.stdout.strip() or run.returncode}")
    for problem in problems:
        print(problem)
    print(f"faults: {len(wishes)} days with a fault in {len(counts)} calls, {len(problems)} with problems")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))

"""A real memcached: over TCP, UNIX and TLS, with passwords, restarted, and stopped in the middle."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "python"))

from conftest import LIMIT, reactor, run, until  # noqa: E402, F401
from plait.internet import endpoints, error  # noqa: E402
from plait.internet.defer import CancelledError  # noqa: E402
from plait.internet.protocol import Factory  # noqa: E402
from plait.protocols import memcache  # noqa: E402
from ports import free_port  # noqa: E402

EVIL = b"\r\nEND\r\nVALUE other 0 1\r\nx\r\nEND\r\n"


@pytest.fixture
def folder():
    """A folder that nobody's memcached can reach; pytest's are its user's alone."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        Path(name).chmod(0o777)
        yield Path(name)


@contextlib.contextmanager
def served(*options, port=None, path=None):
    """A memcached; gives its process and where it listens."""
    number = port or free_port()
    where = ["-s", str(path)] if path else ["-l", "127.0.0.1", "-p", str(number), "-U", "0"]
    command = ["memcached", "-t", "1", "-m", "16", *where, *options]
    if os.getuid() == 0:
        command += ["-u", "nobody"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        end = time.monotonic() + LIMIT
        while True:
            with socket.socket(socket.AF_UNIX if path else socket.AF_INET) as probe:
                if probe.connect_ex(str(path) if path else ("127.0.0.1", number)) == 0:
                    break
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < end, "memcached does not listen"
        yield process, f"unix:{path}" if path else f"tcp:127.0.0.1:{number}"
    finally:
        process.kill()
        process.communicate()


def connected(reactor, where, kind=memcache.MemCacheProtocol):  # noqa: F811
    endpoint = endpoints.clientFromString(reactor, where)
    return run(reactor, endpoint.connect(Factory.forProtocol(kind)))


def converse(reactor, cache):  # noqa: F811
    """All commands, and what tells the cases apart."""

    def ask(deferred):
        return run(reactor, deferred)

    assert ask(cache.flushAll()) is memcache.OK
    assert ask(cache.get(b"a")) == (0, None)
    assert ask(cache.replace(b"a", b"x")) is memcache.NOT_STORED
    assert ask(cache.append(b"a", b"x")) is memcache.NOT_STORED
    assert ask(cache.set(b"a", EVIL, flags=2**32 - 1, expireTime=60)) is memcache.STORED
    assert ask(cache.get(b"a")) == (2**32 - 1, EVIL)
    assert ask(cache.add(b"a", b"x")) is memcache.NOT_STORED
    assert ask(cache.append(b"a", b">")) is memcache.STORED
    assert ask(cache.prepend(b"a", b"<")) is memcache.STORED
    flags, identifier, value = ask(cache.get(b"a", True))
    assert value == b"<" + EVIL + b">"
    assert ask(cache.checkAndSet(b"a", b"mine", identifier)) is memcache.STORED
    assert ask(cache.checkAndSet(b"a", b"late", identifier)) is memcache.EXISTS
    assert ask(cache.checkAndSet(b"none", b"x", identifier)) is memcache.NOT_FOUND
    assert ask(cache.set(b"n", b"18446744073709551614"))
    assert ask(cache.increment(b"n")) == 2**64 - 1
    assert ask(cache.increment(b"n", 2)) == 1
    assert ask(cache.decrement(b"n", 5)) == 0
    assert ask(cache.increment(b"none")) is memcache.NOT_FOUND
    with pytest.raises(memcache.ClientError, match="non-numeric"):
        ask(cache.increment(b"a"))
    assert ask(cache.set(b"empty", b"")) and ask(cache.get(b"empty")) == (0, b"")
    found = ask(cache.getMultiple([b"a", b"none", b"empty", b"n"]))
    # memcached leaves the length of a number that got shorter.
    assert found.pop(b"n")[1].strip() == b"0"
    assert found == {b"a": (0, b"mine"), b"none": (0, None), b"empty": (0, b"")}
    assert ask(cache.touch(b"a", 100)) is memcache.TOUCHED
    assert ask(cache.touch(b"none", 100)) is memcache.NOT_FOUND
    assert ask(cache.getAndTouch(b"a", 100)) == (0, b"mine")
    assert ask(cache.delete(b"a")) is memcache.DELETED
    assert ask(cache.delete(b"a")) is memcache.NOT_FOUND
    assert ask(cache.version()).startswith(b"1.")
    stats = ask(cache.stats())
    assert int(stats[b"curr_connections"]) > 0 and b"chunk_size" in ask(cache.stats(b"settings")) or stats
    large = bytes(range(256)) * 400
    assert ask(cache.set(b"large", large)) and ask(cache.get(b"large")) == (0, large)
    with pytest.raises(memcache.ServerError, match="too large"):
        ask(cache.set(b"huge", bytes(2 << 20)))
    assert ask(cache.set(b"later", b"x", noreply=True)) is None
    assert ask(cache.get(b"later")) == (0, b"x")


def meta(reactor, cache):  # noqa: F811
    def ask(*arguments, **keywords):
        return run(reactor, cache.meta(*arguments, **keywords))

    assert ask(b"ms", b"k", b"T60 F7 c", b"value").result is memcache.STORED
    answer = ask(b"mg", b"k", b"v t f s c k Oabc")
    assert answer.result is memcache.HIT and answer.value == b"value"
    assert answer.flags[b"f"] == b"7" and answer.flags[b"k"] == b"k" and answer.flags[b"O"] == b"abc"
    assert ask(b"mg", b"k").result is memcache.HIT and ask(b"mg", b"k").value is None
    assert ask(b"mg", b"none", b"v").result is memcache.MISS
    assert ask(b"mg", b"none", b"v N30").flags == {b"W": b""}
    assert ask(b"ms", b"k", b"ME", b"x").result is memcache.NOT_STORED
    assert ask(b"ms", b"k", b"C1", b"x").result is memcache.EXISTS
    assert ask(b"ms", b"nothing", b"MR", b"x").result is memcache.NOT_STORED
    assert ask(b"ma", b"m", b"N0 J5 v").value == b"5"
    assert ask(b"ma", b"m", b"D10 v").value == b"15"
    assert ask(b"ma", b"no").result is memcache.NOT_FOUND
    debug = ask(b"me", b"k")
    assert debug.result is memcache.HIT and int(debug.flags[b"size"]) > 0
    assert ask(b"me", b"no").result is memcache.MISS
    assert ask(b"md", b"k").result is memcache.DELETED
    assert ask(b"md", b"k").result is memcache.NOT_FOUND
    assert ask(b"mn").result is memcache.OK
    # A batch of quiet ones: what is as usual is not said.
    told = []
    for index in range(10):
        cache.meta(b"ms", b"q%d" % index, b"q", b"%d" % index).addCallback(told.append)
    for index in range(12):
        cache.meta(b"mg", b"q%d" % index, b"v q").addCallback(told.append)
    run(reactor, cache.meta(b"mn"))
    assert [one.result for one in told[:10]] == [memcache.STORED] * 10
    assert [one.value for one in told[10:]] == [b"%d" % i for i in range(10)] + [None] * 2
    assert all(one.flags == {} for one in told)


def every_flag(reactor, cache):  # noqa: F811
    """What protocol.txt lists under the meta commands, each at least once. "YWJj" is "abc" in base64."""

    def ask(*arguments, **keywords):
        return run(reactor, cache.meta(*arguments, **keywords))

    # ms: b c C F I k O q T M(S E A P R), S of old
    stored = ask(b"ms", b"YWJj", b"b T60 F7 c k Oone", b"value")
    assert stored.result is memcache.STORED and stored.flags.keys() == {b"b", b"c", b"k", b"O"}
    assert stored.flags[b"k"] == b"YWJj" and stored.flags[b"O"] == b"one"
    assert ask(b"ms", b"abc", b"MA", b"+").result is memcache.STORED
    assert ask(b"ms", b"abc", b"MP", b"-").result is memcache.STORED
    assert ask(b"ms", b"YWJj", b"b MR T60 F9", b"again").result is memcache.STORED
    assert ask(b"ms", b"new", b"ME", b"new").result is memcache.STORED
    assert ask(b"ms", b"abc", b"C1", b"x").result is memcache.EXISTS
    assert ask(b"ms", b"absent", b"C1", b"x").result is memcache.NOT_FOUND
    # mg: b c f h k l O q s t v, N R T
    found = ask(b"mg", b"YWJj", b"b c f h k l O2 s t v")
    assert (found.value, found.flags[b"f"], found.flags[b"s"], found.flags[b"h"]) == (b"again", b"9", b"5", b"0")
    assert found.flags[b"k"] == b"YWJj" and found.flags[b"O"] == b"2" and 0 < int(found.flags[b"t"]) <= 60
    assert found.flags[b"l"].isdigit() and found.flags[b"c"].isdigit()
    assert ask(b"mg", b"abc", b"h T90").flags == {b"h": b"1"}
    won = ask(b"mg", b"abc", b"t R100").flags  # to be made anew by whoever hears W
    assert won.keys() == {b"t", b"W"} and 60 < int(won[b"t"]) <= 90
    assert ask(b"mg", b"abc", b"t R100").flags.keys() == {b"t", b"Z"}  # somebody is at it
    # md: b C I k O q T, and what is stale from then on; ms: I
    old = ask(b"mg", b"abc", b"c").flags[b"c"]
    assert ask(b"md", b"abc", b"C1").result is memcache.EXISTS
    assert ask(b"md", b"YWJj", b"b I T30 k O3").flags == {b"b": b"", b"k": b"YWJj", b"O": b"3"}
    stale = ask(b"mg", b"abc", b"v c t")
    assert stale.value == b"again" and b"X" in stale.flags and (b"W" in stale.flags or b"Z" in stale.flags)
    assert ask(b"ms", b"abc", b"I C" + old, b"older").result is memcache.STORED
    assert b"X" in ask(b"mg", b"abc", b"v").flags
    # ma: b C N J D T M(I D), q t c v k
    counted = ask(b"ma", b"bnVt", b"b N60 J10 D2 t c v k O4")
    assert counted.value == b"10" and 0 < int(counted.flags[b"t"]) <= 60 and counted.flags[b"k"] == b"bnVt"
    assert ask(b"ma", b"num", b"MI D5 v").value == b"15"
    assert ask(b"ma", b"num", b"MD D3 v T90").value.strip() == b"12"
    assert 60 < int(ask(b"mg", b"num", b"t").flags[b"t"]) <= 90
    assert ask(b"ma", b"num", b"C1").result is memcache.EXISTS
    # me, and what this server may be too old for: then it says so, and the conversation goes on.
    assert b"exp" in ask(b"me", b"bnVt", b"b").flags
    for command, key, flags, value in (
        (b"ms", b"cas", b"E99 c", b"x"),
        (b"ma", b"num", b"E98 c", b""),
        (b"md", b"num", b"x", b""),
    ):
        try:
            answer = ask(command, key, flags, value)
            assert answer.result and answer.flags.get(b"c") in (None, b"99", b"98")
        except memcache.ClientError as problem:
            assert "invalid" in str(problem)


def test_tcp(reactor):  # noqa: F811
    with served() as (_, where):
        cache = connected(reactor, where)
        converse(reactor, cache)
        meta(reactor, cache)
        every_flag(reactor, cache)
        # Thousands at a time, of every kind, each with its own answer.
        waiting = []
        for index in range(3000):
            waiting.append(cache.set(b"k%d" % index, b"%d" % index))
            waiting.append(cache.get(b"k%d" % index))
        answers = [run(reactor, one) for one in waiting]
        assert answers[1::2] == [(0, b"%d" % index) for index in range(3000)]
        found = run(reactor, cache.get([b"k%d" % index for index in range(0, 6000, 2)]))
        assert [value for _, value in found.values()] == [
            b"%d" % index if index < 3000 else None for index in range(0, 6000, 2)
        ]
        cache.transport.loseConnection()


def test_unix(reactor, folder):  # noqa: F811
    with served("-a", "0777", path=folder / "s") as (_, where):
        converse(reactor, connected(reactor, where))


def test_tls(reactor, folder):  # noqa: F811
    subprocess.run([ROOT / "Tests" / "certificates", folder], check=True)
    pem = folder / "good.pem"
    pem.chmod(0o644)
    with served("-Z", "-o", f"ssl_chain_cert={pem},ssl_key={pem}") as (_, where):
        port = where.split(":")[-1]
        place = f"tls:localhost:{port}:trustRoots={folder / 'root.pem'}"
        cache = connected(reactor, place)
        converse(reactor, cache)
        meta(reactor, cache)


def test_passwords(reactor, folder):  # noqa: F811
    users = folder / "users"
    users.write_text("ann:secret\n")
    users.chmod(0o644)

    class Ann(memcache.MemCacheProtocol):
        memCacheOptions = memcache.MemCacheOptions(username="ann", password="secret")

    class Eve(memcache.MemCacheProtocol):
        memCacheOptions = memcache.MemCacheOptions(username="ann", password="guess")

    with served("-Y", str(users)) as (_, where):
        converse(reactor, connected(reactor, where, Ann))
        eve = connected(reactor, where, Eve)
        # Which of the two it says depends on whether the get came in the same read.
        with pytest.raises(error.ConnectionLost, match="authentication failure|unauthenticated"):
            run(reactor, eve.get(b"a"))
        nobody = connected(reactor, where)
        with pytest.raises(memcache.ClientError, match="unauthenticated"):
            run(reactor, nobody.get(b"a"))


def stop(process):
    """Stops it, and waits until it is."""
    process.send_signal(signal.SIGSTOP)
    end = time.monotonic() + LIMIT
    while Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "T":
        assert time.monotonic() < end


def test_a_server_that_is_stopped(reactor):  # noqa: F811
    """What takes too long fails alone; then the silence is noticed, and all else fails."""
    with served() as (process, where):
        cache = connected(reactor, where, lambda: memcache.MemCacheProtocol(timeOut=4))
        assert run(reactor, cache.set(b"a", b"1"))
        stop(process)
        try:
            given_up = cache.get(b"a")
            given_up.addErrback(lambda failure: failure.trap(CancelledError))
            given_up.cancel()
            with pytest.raises(error.TimeoutError):
                run(reactor, cache.get(b"a", timeout=0.05))
            process.send_signal(signal.SIGCONT)
            # The late answers are swallowed, and those behind them find their questions.
            assert run(reactor, cache.get([b"a", b"b"])) == {b"a": (0, b"1"), b"b": (0, None)}
            stop(process)
            with pytest.raises(error.TimeoutError):
                run(reactor, cache.get(b"a"))
            until(reactor, lambda: not cache.transport.connected)
        finally:
            process.send_signal(signal.SIGCONT)


def test_a_server_that_is_restarted(reactor):  # noqa: F811
    port = free_port()
    with served(port=port) as (process, where):
        cache = connected(reactor, where)
        waiting = [cache.get(b"k%d" % index) for index in range(1000)]
        process.kill()
        ends = []
        for one in waiting:
            one.addBoth(ends.append)
        until(reactor, lambda: len(ends) == 1000)
        with pytest.raises(RuntimeError, match="not connected"):
            run(reactor, cache.get(b"a"))
    with served(port=port) as (_, where):
        converse(reactor, connected(reactor, where))


def test_where_libmemcached_puts_keys(tmp_path):
    """Ten thousand keys for each of several sets of servers, with and without weights."""
    library = ROOT / "build" / "stage" / "lib"
    source = ROOT / "Tests" / "interop" / "placement.c"
    command = ["gcc", "-std=gnu11", "-Wall", "-Wextra", f"-I{ROOT / 'include'}", "-o", tmp_path / "placement", source]
    subprocess.run([*command, f"-L{library}", "-lplait", f"-Wl,-rpath,{library}", "-lmemcached"], check=True)
    done = subprocess.run([tmp_path / "placement", "10000"], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr, done.returncode) == ("60000 of 60000\n", "", 0)


def test_a_pool(reactor):  # noqa: F811
    """Three real servers, one of which is restarted."""
    ports = [free_port() for _ in range(3)]
    with contextlib.ExitStack() as stack:
        served_by = [stack.enter_context(served(port=port)) for port in ports]
        pool = memcache.MemCachePool(
            [where for _, where in served_by], reactor=reactor, retryDelay=0.02, maxRetryDelay=0.05
        )
        run(reactor, pool.open())
        keys = [b"key%d" % index for index in range(1000)]
        assert all(run(reactor, one) for one in [pool.set(key, b"<%s>" % key) for key in keys])
        assert run(reactor, pool.get(keys)) == {key: (0, b"<%s>" % key) for key in keys}
        for number, port in enumerate(ports):
            alone = connected(reactor, f"tcp:127.0.0.1:{port}")
            held = run(reactor, alone.get(keys))
            assert [key for key in keys if held[key][1]] == [
                key for key in keys if pool.serverFor(key) == number
            ]
        # What is placed by another key lies all on that one's server.
        together = pool.placedBy(b"key7")
        ours = [b"ours%d" % index for index in range(40)]
        assert all(run(reactor, one) for one in [together.set(key, key) for key in ours])
        alone = connected(reactor, f"tcp:127.0.0.1:{ports[pool.serverFor(b'key7')]}")
        for asked in (together, alone):
            assert run(reactor, asked.get(ours)) == {key: (0, key) for key in ours}
        assert run(reactor, together.get(ours[3])) == (0, ours[3])
        assert run(reactor, together.delete(ours[3])) is memcache.DELETED
        assert len({pool.serverFor(key) for key in ours}) == 3
        told = []
        for key in keys[:50]:
            pool.meta(b"mg", key, b"v q").addCallback(told.append)
        pool.meta(b"mg", b"none", b"v q").addCallback(told.append)
        run(reactor, pool.meta(b"mn"))
        assert sum(one.value is not None for one in told) == 50 and len(told) == 51
        gone, up = next(key for key in keys if pool.serverFor(key) == 1), []
        pool.serverUp = up.append
        served_by[1][0].kill()
        served_by[1][0].wait()
        with pytest.raises(error.ConnectionLost):
            while True:
                run(reactor, pool.get(gone))
        with pytest.raises(error.ConnectionLost):
            run(reactor, pool.get(keys))
        stack.enter_context(served(port=ports[1]))
        until(reactor, lambda: up)
        assert run(reactor, pool.get(gone)) == (0, None)
        assert run(reactor, pool.flushAll()) is memcache.OK
        assert run(reactor, pool.get(keys)) == dict.fromkeys(keys, (0, None))
        pool.close()


def example(name):
    """An example in C, built against what is staged; and how to run it."""
    environment = dict(os.environ, LD_LIBRARY_PATH=str(ROOT / "build" / "stage" / "lib"))
    program = ROOT / "build" / f"interop_{name}"
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "plait"],
        env=dict(environment, PKG_CONFIG_PATH=str(ROOT / "build/stage/lib/pkgconfig")),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    source = ROOT / "examples" / "c" / f"{name}.c"
    subprocess.run(["gcc", "-std=c99", "-Wall", "-Werror", "-o", program, source, *flags], check=True)

    def told(*command):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT * 2)
        return done.returncode, done.stdout + done.stderr

    return program, told


def test_the_examples_of_pools():
    """Both place keys alike, and a server that is not there costs its own keys alone."""
    program, told = example("memcache_pool")
    python = (sys.executable, ROOT / "examples" / "python" / "memcache_pool.py")
    with served() as (_, first), served() as (_, second):
        code, output = told(program, "200", first, second)
        one, other = map(int, output.partition(":")[2].split())
        assert (code, output) == (0, f"stored 200, found 200: {one} {other}\n") and one + other == 200
        assert one and other
        assert told(*python, "200", first, second) == (0, f"stored 200, found 200, lost 0: {one} {other}\n")
        second = second.rpartition(":")[0] + ":1"
        code, output = told(program, "200", first, second)
        assert code == 1 and "server 1: " in output and "found 200" not in output
        code, output = told(*python, "200", first, second)
        assert code == 0 and "lost 0" not in output and output.count(f"{second}: ") == 1


def test_the_examples():
    """The same place for C and Python."""
    program, told = example("memcache_client")
    with served() as (_, where):
        assert told(program, where, "a", "1") == (0, "a = 1\n")
        assert told(program, where, "b", "2", "none", "a") == (0, "b = 2\na = 1\n")
        code, output = told(program, where, "a b", "2")
        assert code == 1 and "memcache_client: " in output
        python = (sys.executable, ROOT / "examples" / "python" / "memcache_client.py", where)
        assert told(*python, "zoe") == (0, "run 1, by zoe\n")
        assert told(*python, "ann") == (0, "run 2, by zoe ann\n")
        assert told(*python, "zoe") == (0, "run 3, by ann zoe zoe\n")
    code, output = told(program, "tcp:127.0.0.1:1", "a", "1")
    assert code == 1 and "cannot connect" in output

"""The types, by mypy and by pyright's engine; and the shape of the files."""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys

import pytest

from conftest import ROOT

PACKAGE = ROOT / "bindings" / "python" / "plait"


def checked(*arguments, folder):
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", folder / "cache", *arguments],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
    )


def mypy(*arguments, folder):
    done = checked(*arguments, folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_package(tmp_path):
    mypy("-p", "plait", folder=tmp_path)


def pyright(path):
    command = [sys.executable, "-m", "basedpyright", "--pythonpath", sys.executable]
    done = subprocess.run(
        [*command, "--level", "error", path], cwd=PACKAGE.parent, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_package_by_pyright():
    """As the settings in pyproject.toml have it, which pyright reads, too."""
    pyright("plait")


USE = """
from __future__ import annotations
import asyncio
from plait import aio
from plait.internet import defer, endpoints, protocol, reactor
from plait.internet.reactors import Reactor
from plait.protocols import basic
from plait.python.failure import Failure


class Echo(basic.LineReceiver):
    delimiter = b"\\n"
    clearLineBuffer = True

    def lineReceived(self, line: bytes) -> None:
        self.sendLine(line)

    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None:
        print(reason.getErrorMessage())


class Numbers(basic.Int16StringReceiver):
    def stringsReceived(self, strings: list[bytes]) -> None:
        self.sendStrings(strings)


factory = protocol.Factory.forProtocol(Echo)
endpoints.TCP4ServerEndpoint(reactor, 0).listen(factory)
endpoints.serverFromString(Reactor(), "tcp:0").listen(factory)
call = reactor.callLater(1.5, print, "later", end="")
call.delay(1)
deferred: defer.Deferred[int] = defer.succeed(1)
deferred.addCallback(lambda number: number + 1).addErrback(lambda failure: failure.trap(KeyError))
deferred.addTimeout(3, reactor)


async def main() -> int:
    await aio.listen("tcp:0", factory)
    return await deferred


asyncio.run(main())
"""


COROUTINES = """
from __future__ import annotations
import asyncio
import functools
from typing import Any
from typing_extensions import assert_type
from plait import aio
from plait.internet import protocol
from plait.internet.ports import Port
from plait.protocols import basic


class Semicolons(aio.Lines):
    delimiter = b";"

    def __init__(self, name: str = "") -> None:
        super().__init__()
        self.name = name


class Nobody:
    def doStart(self) -> None: ...
    def doStop(self) -> None: ...
    def buildProtocol(self, addr: Any, /) -> None: ...


async def echo(conn: Semicolons) -> None:
    async with conn as same:
        assert_type(same, Semicolons)
        async for line in same.lines():
            assert_type(line, bytes)
            same.sendLine(line)


async def main() -> None:
    async with aio.serving("tcp:0", Semicolons, echo) as port:
        assert_type(port, Port)
    async with aio.serving("tcp:0", aio.Lines, lambda conn: conn.read()):
        pass
    async with aio.serving("tcp:0", Nobody(), aio.Conn.ended):
        pass
    async with aio.connected("tcp:127.0.0.1:1", aio.Strings) as conn:
        assert_type(conn, aio.Strings)
        assert_type(await conn.read(), bytes)
        assert_type(await conn.readMany(), list[bytes])
    assert_type(await aio.connect("tcp:127.0.0.1:1", functools.partial(Semicolons, "me")), Semicolons)
    assert_type(await aio.connect("tcp:127.0.0.1:1", basic.LineReceiver), basic.LineReceiver)
    assert_type(await aio.connect("tcp:127.0.0.1:1", Nobody()), Any)
    async with aio.listening("tcp:0", protocol.ClientFactory()), aio.listening("tcp:0", aio.Bytes):
        pass


asyncio.run(main())
"""

PROTOCOLS = """
from __future__ import annotations
from typing_extensions import assert_type
from plait import aio
from plait.internet import defer, endpoints, protocol, reactor
from plait.internet.reactors import Reactor
from plait.protocols import amp, basic, ftp, ident, memcache, policies
from plait.python.failure import Failure
from plait.words.protocols import irc


class Plain(protocol.Protocol):
    def connectionLost(self, reason: Failure) -> None:
        super().connectionLost(reason)


class Lines(basic.LineReceiver, policies.TimeoutMixin):
    def connectionLost(self, why: Failure) -> None: ...


class Conn(aio.Lines):
    def connectionLost(self, reason: Failure) -> None: ...


class Bot(irc.IRCClient):
    def connectionLost(self, reason: Failure) -> None: ...


class Boxes(amp.AMP):
    def connectionLost(self, reason: Failure) -> None: ...


class Files(ftp.FTPClient):
    def connectionLost(self, reason: Failure) -> None: ...


class Cache(memcache.MemCacheProtocol):
    def connectionLost(self, reason: Failure) -> None: ...


class Wrapper(policies.ProtocolWrapper):
    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None: ...


factory = protocol.ClientFactory()
for where in (reactor, Reactor()):
    where.connectTCP("localhost", "http", factory)
    where.connectTCP(b"localhost", 80, factory)
place = endpoints.TCP4ClientEndpoint(reactor, b"localhost", "http")
endpoints.HostnameEndpoint(reactor, "localhost", "https")
assert_type(endpoints.connectProtocol(place, Lines()), defer.Deferred[Lines])
gone: list[object] = []
defer.Deferred[int](gone.remove).cancel()
defer.Deferred[int](lambda deferred: len(gone)).cancel()
"""

#: What is wrong in a program, and what is said about it.
WRONG = """
from __future__ import annotations
from plait import aio


async def echo(conn: aio.Strings) -> None: ...


async def main() -> None:
    aio.serving("tcp:0", aio.Lines, echo)  # wrong
    (await aio.connect("tcp:127.0.0.1:1", aio.Lines)).sendString(b"")  # wrong
    await aio.listen("tcp:0", None)  # wrong
"""


@pytest.mark.parametrize("program", ["USE", "COROUTINES", "PROTOCOLS"])
def test_a_program(tmp_path, program):
    path = tmp_path / "program.py"
    path.write_text(globals()[program])
    mypy(path, folder=tmp_path)
    pyright(path)


def test_a_wrong_program(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(WRONG)
    done = checked(path, folder=tmp_path)
    told = [line.split(":")[1] for line in done.stdout.splitlines() if ": error: " in line]
    wrong = [str(number) for number, line in enumerate(WRONG.splitlines(), 1) if "# wrong" in line]
    assert told == wrong, done.stdout


def test_files_are_short():
    sizes = {path: len(path.read_text().splitlines()) for path in PACKAGE.rglob("*.py")}
    assert max(sizes.values()) <= 400, max(sizes, key=lambda path: sizes[path])
    assert statistics.median(sizes.values()) < 150


def test_everything_public_has_a_docstring():
    lacking = []
    for path in PACKAGE.rglob("*.py"):
        module = ast.parse(path.read_text())
        if not ast.get_docstring(module):
            lacking.append(path.name)
        if path.name == "interfaces.py":
            continue
        for scope in ast.walk(module):
            if not isinstance(scope, (ast.Module, ast.ClassDef)):
                continue
            for node in scope.body:
                named = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
                if not named or node.name.startswith("_") or ast.get_docstring(node):
                    continue
                # A property's setter is described where its getter is, and an overload where what is overloaded is.
                decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
                if not any(name.endswith(".setter") or name == "overload" for name in decorators):
                    lacking.append(f"{path.name}: {node.name}")
    assert not lacking

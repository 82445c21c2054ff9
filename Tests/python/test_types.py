"""The types, by mypy and by pyright's engine; and the shape of the files."""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys

from conftest import ROOT

PACKAGE = ROOT / "bindings" / "python" / "plait"


def mypy(*arguments, folder):
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", folder / "cache", *arguments],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
    )
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


def test_a_program(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(USE)
    mypy(path, folder=tmp_path)
    pyright(path)


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
                # A property's setter is described where its getter is.
                if not any(ast.unparse(d).endswith(".setter") for d in node.decorator_list):
                    lacking.append(f"{path.name}: {node.name}")
    assert not lacking

"""What documentation shows is what happens."""

from __future__ import annotations

import ast
import asyncio
import builtins
import doctest
import importlib
import inspect
import pkgutil
import re
import textwrap

import pytest

import plait
from conftest import ROOT
from plait._native import functions
from plait.internet import endpoints, protocol, reactor
from plait.protocols import basic, ftp, memcache, policies
from plait.words.protocols import irc

PACKAGE = ROOT / "bindings" / "python"
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def examples():
    """The docstrings of the package that have examples."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    for found in pkgutil.walk_packages(plait.__path__, "plait."):
        module = importlib.import_module(found.name)
        for test in finder.find(module):
            if test.examples:
                yield pytest.param(test, id=test.name)


EXAMPLES = list(examples())


@pytest.mark.parametrize("test", EXAMPLES)
def test_docstrings(test):
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    told = []
    runner.run(test, out=told.append)
    assert not runner.failures, "".join(told)


def test_there_are_examples():
    assert len(EXAMPLES) >= 12


#: What blocks take as given, by the module that has them: its class, or None where it may be anything.
GIVEN = {
    "plait.aio": {"asyncio": asyncio, "Echo": None, "Client": None},
    "plait.protocols._ftp.server": {"ftp": ftp},
    "plait.protocols.ftp": {"client": ftp.FTPClient},
    "plait.protocols.loopback": {"server": None, "client": basic.LineReceiver},
    "plait.protocols.memcache": {"protocol": memcache.MemCacheProtocol},
    "plait.protocols.policies": {"factory": None},
    "plait.protocols.socks": {"factory": None},
    "plait.protocols._memcache.pool": {"pool": memcache.MemCachePool, "user": memcache.MemCacheProtocol},
    "plait.protocols._wrapping": {"self": None, "TimeoutFactory": policies.TimeoutFactory},
    "plait.words.protocols.irc": {"client": irc.IRCClient},
}


def blocks():
    """What is shown as a block behind two colons: whole programs, or what is done within one."""
    for found in pkgutil.walk_packages(plait.__path__, "plait."):
        module = importlib.import_module(found.name)
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if not isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            text = ast.get_docstring(node) or ""
            for index, match in enumerate(re.finditer(r"::\n\n((?:    .*\n?|\n)+)", text)):
                yield pytest.param(module, textwrap.dedent(match[1]), id=f"{found.name}.{getattr(node, 'name', '')}{index}")


BLOCKS = list(blocks())


class Resolver(ast.NodeVisitor):
    """Looks at what a block names: it must be there, and be called as it can be."""

    def __init__(self, module, tree):
        own = {module.__name__.rpartition(".")[2]: module}
        self.names = {**vars(builtins), **vars(module), **own, **GIVEN.get(module.__name__, {})}
        for name, found in (("endpoints", endpoints), ("reactor", reactor), ("Factory", protocol.Factory)):
            self.names.setdefault(name, found)
        for node in ast.walk(tree):
            if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                self.names[node.name] = None
            elif isinstance(node, ast.arg):
                self.names[node.arg] = None
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.names.setdefault(node.id, None)
            elif isinstance(node, ast.ImportFrom):
                for name in node.names:
                    try:
                        self.names[name.name] = importlib.import_module(f"{node.module}.{name.name}")
                    except ImportError:
                        self.names[name.name] = getattr(importlib.import_module(node.module), name.name)

    def value(self, node):
        """What an expression stands for, as far as that is known."""
        if isinstance(node, ast.Name):
            if node.id not in self.names:
                raise NameError(f"nothing is called {node.id}")
            return self.names[node.id]
        if isinstance(node, ast.Attribute):
            below = self.value(node.value)
            if below is not None:
                return getattr(below, node.attr)
        return None

    def visit_Name(self, node):
        self.value(node)

    def visit_Attribute(self, node):
        self.value(node)
        self.generic_visit(node)

    def visit_Call(self, node):
        called = self.value(node.func)
        if called not in (None, *vars(builtins).values()) and not any(isinstance(one, ast.Starred) for one in node.args):
            bound = isinstance(node.func, ast.Attribute) and isinstance(self.value(node.func.value), type)
            places = [None] * (len(node.args) + (bound and inspect.isfunction(called)))
            inspect.signature(called).bind(*places, **{one.arg: None for one in node.keywords})
        self.generic_visit(node)


@pytest.mark.parametrize("module, text", BLOCKS)
def test_blocks_name_what_is_there(module, text):
    compile(text, module.__name__, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    tree = ast.parse(text)
    Resolver(module, tree).visit(tree)


def test_there_are_blocks():
    assert len(BLOCKS) >= 12


@pytest.mark.parametrize(
    "text", ["ftp.FTPClientBasics()", "client.retrieve('x')", "client.retrieveFile()", "client.quit(now=True)", "nobody"]
)
def test_blocks_are_looked_at(text):
    with pytest.raises((AttributeError, NameError, TypeError)):
        Resolver(ftp, ast.parse("")).visit(ast.parse(text))


def test_the_migration_page():
    text = (PACKAGE / "MIGRATION.md").read_text()
    blocks = "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    test = doctest.DocTestParser().get_doctest(blocks, {}, "MIGRATION.md", None, 0)
    assert len(test.examples) > 10
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    told = []
    runner.run(test, out=told.append)
    assert not runner.failures, "".join(told)


@pytest.mark.parametrize("page", ["README.md", "bindings/python/README.md"])
def test_what_pages_import_is_there(page):
    """Their programs run for good; here only their imports are made."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        tree = ast.parse(block)
        tree.body = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
        exec(compile(tree, page, "exec"), {})


@pytest.mark.parametrize("page", ["MIGRATION.md", "README.md"])
def test_links(page):
    for target in re.findall(r"\]\(([^)#]+)\)", (PACKAGE / page).read_text()):
        if "://" not in target:
            assert (PACKAGE / target).exists(), target


def test_the_fields_of_endpoint_strings():
    """The library takes those that the page names, and the page names those that the library takes."""
    rows = re.findall(r"^\| (listen|connect) \| (`.*?) \| (`.*?) \|", (PACKAGE / "README.md").read_text(), re.MULTILINE)
    named = {(use, kind): set() for use, kinds, _ in rows for kind in re.findall(r"`(\w+):`", kinds)}
    for use, kinds, fields in rows:
        for kind in re.findall(r"`(\w+):`", kinds):
            named[use, kind].update(re.findall(r"`(\w+)`", fields))
    assert len(named) == 4
    keys = (ROOT / "Sources" / "Wire" / "EndpointKey.swift").read_text()
    words = dict(re.findall(r"case \.(\w+): \"(\w+)\"", keys))
    values = {"sslmethod": "TLS_METHOD", "interface": "127.0.0.1", "bindAddress": "127.0.0.1", "hostname": "h", "srv": "x"}
    needed = {"listen": {"port": "1", "privateKey": "x"}, "connect": {"host": "h", "port": "1"}}
    for (use, kind), fields in named.items():
        for field in words.values():
            given = {**needed[use], field: values.get(field, "1")}
            text = ":".join([kind, *(f"{name}={value}" for name, value in given.items())])
            status = functions.endpoint_check(text.encode(), 1 + (use == "connect"), None)
            assert (status == 0) == (field in fields), text

"""What documentation shows is what happens."""

from __future__ import annotations

import ast
import doctest
import importlib
import pkgutil
import re

import pytest

import plait
from conftest import ROOT

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

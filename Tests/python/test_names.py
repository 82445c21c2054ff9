"""Each public name of Twisted's modules that are here is here, or MIGRATION.md says that it is not."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import typing
from fnmatch import fnmatchcase

import pytest

import plait
from conftest import ROOT

# To look at a name that is deprecated is no use of it.
pytestmark = pytest.mark.filterwarnings("ignore")

PAGE = (ROOT / "bindings" / "python" / "MIGRATION.md").read_text()


def pairs():
    """The modules that both have. The reactor is an object there."""
    for found in pkgutil.walk_packages(plait.__path__, "plait."):
        if "._" in found.name or found.name == "plait.internet.reactor":
            continue
        try:
            theirs = importlib.import_module("twisted" + found.name[len("plait") :])
        except ImportError:
            continue
        yield importlib.import_module(found.name), theirs


PAIRS = {ours.__name__[len("plait.") :]: (ours, theirs) for ours, theirs in pairs()}


def public(module):
    """What a module says that it has; where it says nothing, what it defines."""
    for name in getattr(module, "__all__", vars(module)):
        value = getattr(module, name)
        if name.startswith("_") or inspect.ismodule(value) or isinstance(value, (bool, typing.TypeVar)):
            continue
        defined = getattr(value, "__module__", None)
        if hasattr(module, "__all__") or defined == module.__name__ or defined is None and name.isupper():
            yield name, value


def missing(ours, theirs):
    for name, value in public(theirs):
        if not hasattr(ours, name):
            yield name
        elif inspect.isclass(value) and value.__module__.startswith("twisted"):
            own = getattr(ours, name)
            for method, is_it in inspect.getmembers(value, inspect.isroutine):
                # Those of zope's are not Twisted's.
                of = getattr(is_it, "__module__", None) or ""
                if not method.startswith("_") and of.startswith("twisted") and not hasattr(own, method):
                    yield f"{name}.{method}"


def listed():
    """By module, the names and patterns of the page's table."""
    rows = re.findall(r"^\| `([\w.]+)` \| (.*?) \|", PAGE[PAGE.index("## Names that are not here") :], re.MULTILINE)
    found: dict = {}
    for module, names in rows:
        found.setdefault(module, []).extend(re.findall(r"`([\w.*]+)`", names))
    return found


LISTED = listed()


@pytest.mark.parametrize("module", PAIRS)
def test_names_are_here_or_on_the_page(module):
    patterns = LISTED.get(module, [])
    silent = [name for name in missing(*PAIRS[module]) if not any(fnmatchcase(name, pattern) for pattern in patterns)]
    assert not silent, silent


@pytest.mark.parametrize("module", LISTED)
def test_what_the_page_lists_is_not_here(module):
    ours, theirs = PAIRS[module]
    names = set(missing(ours, theirs))
    for pattern in LISTED[module]:
        assert any(fnmatchcase(name, pattern) for name in names), f"{pattern} is here, or not Twisted's"


def test_modules_are_compared():
    assert len(PAIRS) > 35 and len(LISTED) > 10

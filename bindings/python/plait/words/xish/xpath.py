"""Queries on elements, a part of XPath: Twisted's ``twisted.words.xish.xpath``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import List, NamedTuple, NoReturn, Optional, Union

from .domish import XML_URI, Element

__all__ = ["XPathQuery", "internQuery", "matches", "queryForNodes", "queryForString", "queryForStringList"]

#: So many queries are kept that were asked once.
_MOST_KEPT = 1000
_MOST_STEPS = 32
_MOST_NESTED = 16

_Test = Callable[[Element], bool]
_Value = Callable[[Element], Optional[str]]
_NAME = re.compile(r"[\w.:\-\u0080-\U0010ffff]+")


class _Step(NamedTuple):
    isDeep: bool
    name: str
    tests: List[_Test]

    def isNamed(self, element: Element) -> bool:
        """Whether an element has the name."""
        return self.name in ("*", element.name)

    def fits(self, element: Element) -> bool:
        """Whether an element fits the step."""
        return self.isNamed(element) and all(test(element) for test in self.tests)


def _attribute(name: str) -> _Value:
    if name == "xmlns":
        return lambda element: element.uri
    if name.startswith("xml:"):
        return lambda element: element.getAttribute((XML_URI, name[4:]))
    return lambda element: element.getAttribute(name)


class _Parser:
    """Reads a query, or says that it is none."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.depth = text, 0, 0

    def fail(self) -> NoReturn:
        """It is no query."""
        raise ValueError(f"no query: {self.text!r}, at {self.at}")

    def take(self, word: str, isWord: bool = False) -> bool:
        """Passes over a word, if it is there."""
        at = self.at
        while self.text.startswith(" ", at):
            at += 1
        if not self.text.startswith(word, at):
            return False
        at += len(word)
        if isWord and _NAME.match(self.text, at):
            return False
        self.at = at
        return True

    def name(self) -> str:
        """A name."""
        found = _NAME.match(self.text, self.at)
        if found is None:
            self.fail()
        self.at = found.end()
        return found[0]

    def path(self) -> tuple[List[_Step], Optional[_Value]]:
        """All of it."""
        steps: List[_Step] = []
        wanted = None
        while self.at < len(self.text):
            if wanted is not None or not self.text.startswith("/", self.at):
                self.fail()
            self.at += 1
            isDeep = self.text.startswith("/", self.at)
            self.at += isDeep
            if self.text.startswith("@", self.at):
                self.at += 1
                wanted = _attribute(self.name())
                if not steps or isDeep:
                    self.fail()
                continue
            if self.text.startswith("*", self.at):
                self.at += 1
                name = "*"
            else:
                name = self.name()
            step = _Step(isDeep, name, [])
            steps.append(step)
            while self.text.startswith("[", self.at):
                self.at += 1
                step.tests.append(self.condition(step))
        if not steps or len(steps) > _MOST_STEPS:
            self.fail()
        return steps, wanted

    def condition(self, step: _Step) -> _Test:
        """What stands in brackets."""
        found = re.compile(r" *(\d+)").match(self.text, self.at)
        if found:
            self.at = found.end()
            place = int(found[1])
            if place == 0:
                self.fail()

            def isThere(element: Element) -> bool:
                beside = element.parent.elements() if element.parent else iter([element])
                for number, sibling in enumerate(filter(step.isNamed, beside), 1):
                    if sibling is element:
                        return number == place
                return False

            test: _Test = isThere
        else:
            test = self.either()
        if not self.take("]"):
            self.fail()
        return test

    def either(self) -> _Test:
        """Conditions with ``or`` between them."""
        tests = [self.both()]
        while self.take("or", True):
            tests.append(self.both())
        return tests[0] if len(tests) == 1 else lambda element: any(test(element) for test in tests)

    def both(self) -> _Test:
        """Conditions with ``and`` between them."""
        tests = [self.one()]
        while self.take("and", True):
            tests.append(self.one())
        return tests[0] if len(tests) == 1 else lambda element: all(test(element) for test in tests)

    def one(self) -> _Test:
        """A comparison, or what stands in parentheses."""
        self.depth += 1
        if self.depth > _MOST_NESTED:
            self.fail()
        before = self.at
        isNegative = self.take("not", True)
        if self.take("("):
            inner = self.either()
            if not self.take(")"):
                self.fail()
            self.depth -= 1
            return (lambda element: not inner(element)) if isNegative else inner
        self.at = before
        self.depth -= 1
        left = self.value()
        if self.take("!="):
            right = self.value()
            return lambda element: left(element) != right(element)
        if self.take("="):
            right = self.value()
            return lambda element: left(element) == right(element)
        return lambda element: left(element) is not None

    def value(self) -> _Value:
        """One side of a comparison."""
        if self.take("@"):
            return _attribute(self.name())
        if self.take("text()"):
            return str
        if self.take("name()"):
            return lambda element: element.name
        for quote in "'\"":
            if self.take(quote):
                end = self.text.find(quote, self.at)
                if end < 0:
                    self.fail()
                literal, self.at = self.text[self.at : end], end + 1
                return lambda element: literal
        self.fail()


class XPathQuery:
    """A query: its first step is compared with the element that is asked."""

    def __init__(self, queryStr: str) -> None:
        self.queryStr = queryStr
        self.steps, self._wanted = _Parser(queryStr).path()

    def __hash__(self) -> int:
        return hash(self.queryStr)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, XPathQuery) and self.queryStr == other.queryStr

    def _find(self, element: Element) -> Iterator[Element]:
        steps, last = self.steps, 1 << len(self.steps) - 1
        if last == 1 and not steps[0].isDeep:
            if steps[0].fits(element) and (self._wanted is None or self._wanted(element) is not None):
                yield element
            return
        # For each element, those above it first: which steps its parent ends, and which those above it do.
        waiting = [(element, 0, 0)]
        while waiting:
            at, before, above = waiting.pop()
            hits = 0
            for index, step in enumerate(steps):
                if index == 0:
                    may = step.isDeep or at is element
                else:
                    may = bool((above if step.isDeep else before) >> index - 1 & 1)
                if may and step.fits(at):
                    hits |= 1 << index
            if hits & last and (self._wanted is None or self._wanted(at) is not None):
                yield at
            waiting.extend((child, hits, above | hits) for child in reversed(list(at.elements())))

    def matches(self, elem: Element) -> bool:
        """Whether it finds anything."""
        return next(self._find(elem), None) is not None

    def queryForString(self, elem: Element) -> str:
        """The text, or the attribute, of the first that it finds; or nothing."""
        return next(iter(self.queryForStringList(elem)), "")

    def queryForStringList(self, elem: Element) -> List[str]:
        """The texts in all that it finds, or their attributes."""
        if self._wanted is not None:
            return [self._wanted(found) or "" for found in self._find(elem)]
        return [
            child
            for found in self._find(elem)
            for child in found.children
            if isinstance(child, str)
        ]

    def queryForNodes(self, elem: Element) -> Optional[List[Element]]:
        """All that it finds; or None."""
        return list(self._find(elem)) or None


@lru_cache(_MOST_KEPT)
def internQuery(queryString: str) -> XPathQuery:
    """The query that a text is."""
    return XPathQuery(queryString)


def _query(query: Union[str, XPathQuery]) -> XPathQuery:
    return internQuery(query) if isinstance(query, str) else query


def matches(xpathstr: Union[str, XPathQuery], elem: Element) -> bool:
    """Whether a query finds anything."""
    return _query(xpathstr).matches(elem)


def queryForString(xpathstr: Union[str, XPathQuery], elem: Element) -> str:
    """The text of the first that a query finds; or nothing."""
    return _query(xpathstr).queryForString(elem)


def queryForStringList(xpathstr: Union[str, XPathQuery], elem: Element) -> List[str]:
    """The texts in all that a query finds."""
    return _query(xpathstr).queryForStringList(elem)


def queryForNodes(xpathstr: Union[str, XPathQuery], elem: Element) -> Optional[List[Element]]:
    """All that a query finds; or None."""
    return _query(xpathstr).queryForNodes(elem)

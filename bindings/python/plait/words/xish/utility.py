"""Observers of events and of elements: Twisted's ``twisted.words.xish.utility``."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Dict, List, NamedTuple, Union

from .xpath import XPathQuery, internQuery

__all__ = ["CallbackList", "EventDispatcher"]

_log = logging.getLogger("plait")
_Query = Union[str, XPathQuery]


class _Observer(NamedTuple):
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    keywords: Dict[str, Any]
    once: bool


class CallbackList:
    """Functions that are called together, each of them once."""

    def __init__(self) -> None:
        self.callbacks: Dict[Any, _Observer] = {}

    def addCallback(self, onetime: bool, method: Any, *args: Any, **kwargs: Any) -> None:
        """Adds a function, if it is not there."""
        self.callbacks.setdefault(method, _Observer(method, args, kwargs, onetime))

    def removeCallback(self, method: Any) -> None:
        """Takes a function away, if it is there."""
        self.callbacks.pop(method, None)

    def callback(self, *args: Any, **kwargs: Any) -> None:
        """Calls all of them. What one raises is logged, and keeps nobody else from being called."""
        for method, observer in list(self.callbacks.items()):
            if observer.once:
                self.callbacks.pop(method, None)
            try:
                observer.function(*observer.arguments, *args, **{**observer.keywords, **kwargs})
            except Exception:
                _log.exception("an observer failed")

    def isEmpty(self) -> bool:
        """Whether there is none."""
        return not self.callbacks


class EventDispatcher:
    """Has functions called for events, which have names, and for elements, which fit queries.

    Those of a higher priority are called first. What is added or removed while something is being
    dispatched counts from the next time on.
    """

    def __init__(self, eventprefix: str = "//event/") -> None:
        self.prefix = eventprefix
        self._observers: Dict[bool, Dict[int, Dict[Any, CallbackList]]] = {True: {}, False: {}}
        self._depth = 0
        self._later: List[Callable[[], None]] = []

    def _key(self, event: _Query) -> tuple[bool, Any]:
        if isinstance(event, str):
            if event.startswith(self.prefix):
                return True, event
            event = internQuery(event)
        return False, event

    def _add(
        self, once: bool, event: _Query, function: Any, priority: int, args: Any, kwargs: Any
    ) -> None:
        isEvent, key = self._key(event)
        if self._depth:
            self._later.append(lambda: self._add(once, event, function, priority, args, kwargs))
            return
        lists = self._observers[isEvent].setdefault(priority, {})
        lists.setdefault(key, CallbackList()).addCallback(once, function, *args, **kwargs)

    def addObserver(
        self, event: _Query, observerfn: Any, priority: int = 0, *args: Any, **kwargs: Any
    ) -> None:
        """Has a function called from now on."""
        self._add(False, event, observerfn, priority, args, kwargs)

    def addOnetimeObserver(
        self, event: _Query, observerfn: Any, priority: int = 0, *args: Any, **kwargs: Any
    ) -> None:
        """Has a function called the next time."""
        self._add(True, event, observerfn, priority, args, kwargs)

    def removeObserver(self, event: _Query, observerfn: Any) -> None:
        """Has a function called no more."""
        isEvent, key = self._key(event)
        if self._depth:
            self._later.append(lambda: self.removeObserver(event, observerfn))
            return
        for priority, lists in list(self._observers[isEvent].items()):
            found = lists.get(key)
            if found is not None:
                found.removeCallback(observerfn)
                if found.isEmpty():
                    del lists[key]
                    if not lists:
                        del self._observers[isEvent][priority]

    def dispatch(self, obj: Any, event: Any = None) -> bool:
        """Calls who observes an event, or whose query fits an element; tells whether anybody did."""
        found = False
        self._depth += 1
        observers = self._observers[event is not None]
        try:
            for priority in sorted(observers, reverse=True):
                for key, callbacks in list(observers[priority].items()):
                    if key == event if event is not None else key.matches(obj):
                        found = True
                        callbacks.callback(obj)
                        if callbacks.isEmpty():
                            self._later.append(partial(self._tidy, priority, key, event))
        finally:
            self._depth -= 1
            if not self._depth:
                later, self._later = self._later, []
                for change in later:
                    change()
        return found

    def _tidy(self, priority: int, key: Any, event: Any) -> None:
        lists = self._observers[event is not None].get(priority, {})
        if key in lists and lists[key].isEmpty():
            del lists[key]

"""What is to be done when a reactor starts, and before and after it ends."""

from __future__ import annotations

from typing import Any, Callable

_PHASES = ("before", "during", "after")

#: What was asked for, as whoever asked may take it back.
Trigger = tuple[str, str, Callable[..., Any], tuple[Any, ...], dict[str, Any]]


class SystemEvents:
    """The events of a reactor: each has three phases, with functions to be called in order.

    The second begins when the Deferreds that functions of the first gave have their results. All
    functions are called once, and forgotten then.

    :param failed: is told what a function raises, and where.
    """

    def __init__(self, failed: Callable[[BaseException, str, Any], None]) -> None:
        self._triggers: dict[tuple[str, str], list[Trigger]] = {}
        self._failed = failed

    def add(
        self, phase: str, event: str, function: Callable[..., Any], args: Any, keywords: Any
    ) -> Trigger:
        """Has a function called; gives what :meth:`remove` takes."""
        if phase not in _PHASES:
            raise KeyError(f"no phase of an event: {phase!r}")
        if not callable(function):
            raise TypeError(f"not callable: {function!r}")
        trigger = (phase, event, function, args, keywords)
        self._triggers.setdefault((event, phase), []).append(trigger)
        return trigger

    def remove(self, trigger: Any) -> None:
        """Has a function not be called."""
        phase, event = trigger[:2]
        try:
            self._triggers.get((event, phase), []).remove(trigger)
        except ValueError:
            raise ValueError(f"there is no such trigger: {trigger!r}") from None

    def begin(self, event: str, then: Callable[[], None]) -> bool:
        """Goes through the first phase of an event; tells whether there is nothing to wait for.
        Where there is, a function is called in the end.
        """
        waiting = 0
        here = True

        def arrived(result: Any) -> None:
            nonlocal waiting
            waiting -= 1
            if not waiting and not here:
                then()

        for result in self._phase(event, "before"):
            if hasattr(result, "addBoth"):
                waiting += 1
                result.addBoth(arrived)
        here = False
        return not waiting

    def finish(self, event: str) -> None:
        """Goes through the other phases of an event."""
        self._phase(event, "during")
        self._phase(event, "after")

    def fire(self, event: str) -> None:
        """Goes through all phases of an event."""

        def finish() -> None:
            self.finish(event)

        if self.begin(event, finish):
            finish()

    def _phase(self, event: str, phase: str) -> list[Any]:
        results = []
        triggers = self._triggers.get((event, phase), [])
        # One of them may take back another one, or have one more.
        while triggers:
            function, args, keywords = triggers.pop(0)[2:]
            try:
                results.append(function(*args, **keywords))
            except BaseException as error:
                self._failed(error, f"Unhandled error {phase} {event} in", function)
        return results

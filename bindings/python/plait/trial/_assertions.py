"""What Twisted's test cases assert beside the standard library's, or in another way."""

# Parameters have Twisted's names.
# pyright: reportIncompatibleMethodOverride=false

from __future__ import annotations

import traceback
import unittest
import warnings
from typing import Any, Callable


class Assertions(unittest.TestCase):
    """Assertions by all of the names that Twisted's have; most give back their first argument."""

    def assertTrue(self, condition: Any, msg: Any = None) -> Any:
        """Something holds."""
        super().assertTrue(condition, msg)
        return condition

    assert_ = failUnless = failUnlessTrue = assertTrue  # type: ignore[assignment]

    def assertFalse(self, condition: Any, msg: Any = None) -> Any:
        """Something does not hold."""
        super().assertFalse(condition, msg)
        return condition

    assertNot = failIf = failUnlessFalse = assertFalse  # type: ignore[assignment]

    def assertEqual(self, first: Any, second: Any, msg: Any = None) -> Any:
        """Two are equal."""
        super().assertEqual(first, second, msg)
        return first

    assertEquals = failUnlessEqual = failUnlessEquals = assertEqual

    def assertNotEqual(self, first: Any, second: Any, msg: Any = None) -> Any:
        """Two are not equal."""
        super().assertNotEqual(first, second, msg)
        return first

    assertNotEquals = failIfEqual = failIfEquals = assertNotEqual

    def assertIs(self, first: Any, second: Any, msg: Any = None) -> Any:
        """Two are the same object."""
        super().assertIs(first, second, msg)
        return first

    assertIdentical = failUnlessIdentical = assertIs

    def assertIsNot(self, first: Any, second: Any, msg: Any = None) -> Any:
        """Two are not the same object."""
        super().assertIsNot(first, second, msg)
        return first

    assertNotIdentical = failIfIdentical = assertIsNot

    def assertIn(self, containee: Any, container: Any, msg: Any = None) -> Any:
        """One is in the other."""
        super().assertIn(containee, container, msg)
        return containee

    failUnlessIn = assertSubstring = failUnlessSubstring = assertIn

    def assertNotIn(self, containee: Any, container: Any, msg: Any = None) -> Any:
        """One is not in the other."""
        super().assertNotIn(containee, container, msg)
        return containee

    failIfIn = assertNotSubstring = failIfSubstring = assertNotIn

    def assertAlmostEqual(
        self, first: Any, second: Any, places: int | None = None, msg: Any = None, delta: Any = None
    ) -> Any:
        """Two numbers are equal to so many decimal places, 7 if left out."""
        super().assertAlmostEqual(first, second, places, msg, delta)
        return first

    assertAlmostEquals = failUnlessAlmostEqual = assertAlmostEqual

    def assertNotAlmostEqual(
        self, first: Any, second: Any, places: int | None = None, msg: Any = None, delta: Any = None
    ) -> Any:
        """Two numbers differ within so many decimal places."""
        super().assertNotAlmostEqual(first, second, places, msg, delta)
        return first

    assertNotAlmostEquals = failIfAlmostEqual = failIfAlmostEquals = assertNotAlmostEqual

    def assertApproximates(self, first: Any, second: Any, tolerance: Any, msg: Any = None) -> Any:
        """Two numbers differ by so much at most."""
        if abs(first - second) > tolerance:
            self.fail(self._formatMessage(msg, f"{first!r} and {second!r} differ by more than {tolerance!r}"))
        return first

    failUnlessApproximates = assertApproximates

    failUnlessIsInstance = unittest.TestCase.assertIsInstance
    failIfIsInstance = unittest.TestCase.assertNotIsInstance

    def assertRaises(  # type: ignore[override]
        self, exception: Any, f: Callable[..., Any] | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        """A function raises an exception of this kind, which is given back; without a function, the
        body of a ``with`` does. Another kind fails the test.
        """
        if f is None:
            return super().assertRaises(exception, **kwargs)
        try:
            result = f(*args, **kwargs)
        except exception as raised:
            return raised
        except Exception:
            self.fail(f"{exception!r} was expected, and raised was:\n{traceback.format_exc()}")
        self.fail(f"{exception!r} was expected, and {result!r} returned")

    failUnlessRaises = assertRaises  # type: ignore[assignment]

    def assertWarns(  # type: ignore[override]
        self, category: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """Twisted's, where a text and a file's name follow: a function warns of that, in that file, and
        its result is given back. Else the standard library's.
        """
        if len(args) < 3 or not (isinstance(args[0], str) and isinstance(args[1], str)):
            return super().assertWarns(category, *args, **kwargs)
        message, filename, f, *rest = args
        found, result = _warned(f, *rest, **kwargs)
        if not found:
            self.fail("nothing was warned of")
        for warning in found:
            self.assertEqual(str(warning.message), message)
            self.assertIs(warning.category, category)
            # A compiled file's name has another end.
            self.assertTrue(
                filename.startswith(warning.filename), f"{warning.filename!r} warns, and not {filename!r}"
            )
        return result

    failUnlessWarns = assertWarns

    def callDeprecated(self, version: Any, f: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """The result of a function, of which one deprecation must be warned.

        :param version: since when, or a pair of that and what is to be used instead: both must be
            named by the warning.
        """
        found, result = _warned(f, *args, **kwargs)
        about = [str(warning.message) for warning in found if warning.category is DeprecationWarning]
        if len(about) != 1 or len(found) != 1:
            shown = [f"{warning.category.__name__}: {warning.message}" for warning in found]
            self.fail(f"one deprecation was expected, not {shown}")
        for name in version if isinstance(version, tuple) else (version,):
            self.assertIn(_named(name), about[0])
        return result


def _warned(f: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[list[Any], Any]:
    """What a function warns of, and its result."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        result = f(*args, **kwargs)
    return list(found), result


def _named(thing: Any) -> str:
    """How a warning names a version, or what is to be used."""
    public = getattr(thing, "public", None)
    if callable(public):
        return str(public())
    return str(getattr(thing, "__qualname__", thing))

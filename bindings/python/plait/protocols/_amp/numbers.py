"""Decimal numbers and moments."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

from .arguments import Argument


class Decimal(Argument):
    """A :class:`decimal.Decimal`, with its digits and its exponent."""

    def fromString(self, inString: bytes) -> decimal.Decimal:
        """The number of a text."""
        try:
            return decimal.Decimal(inString.decode("ascii"))
        except decimal.InvalidOperation:
            raise ValueError(f"not a decimal number: {inString!r}") from None

    def toString(self, inObject: Any) -> bytes:
        """The text of a number, which must be a Decimal."""
        if not isinstance(inObject, decimal.Decimal):
            raise ValueError(f"not a decimal.Decimal: {inObject!r}")
        return str(inObject).encode("ascii")


class FixedOffset(datetime.tzinfo):
    """A time zone with a fixed distance to UTC.

    :ivar offset: the distance, east is positive.
    :ivar name: what it is called.
    """

    def __init__(self, offset: datetime.timedelta, name: str) -> None:
        self.offset, self.name = offset, name

    @classmethod
    def fromSignHoursMinutes(cls, sign: str, hours: int, minutes: int) -> FixedOffset:
        """The zone of a sign, hours and minutes."""
        if sign not in ("+", "-"):
            raise ValueError(f"a time zone begins with + or -, not with {sign!r}")
        offset = datetime.timedelta(hours=hours, minutes=minutes)
        return cls(-offset if sign == "-" else offset, f"{sign}{hours:02}:{minutes:02}")

    def utcoffset(self, dt: datetime.datetime | None) -> datetime.timedelta:
        """The distance to UTC."""
        return self.offset

    def dst(self, dt: datetime.datetime | None) -> datetime.timedelta:
        """There is no other time in summer."""
        return datetime.timedelta(0)

    def tzname(self, dt: datetime.datetime | None) -> str:
        """The zone's name."""
        return self.name

    def __getinitargs__(self) -> tuple[datetime.timedelta, str]:
        return self.offset, self.name

    def __repr__(self) -> str:
        return f"<FixedOffset {self.name}>"


#: UTC, as a time zone for moments that are to be sent.
utc = FixedOffset.fromSignHoursMinutes("+", 0, 0)


class DateTime(Argument):
    """A :class:`datetime.datetime` with a time zone, of which the distance to UTC in whole minutes
    goes over the wire: `2012-01-23T12:34:56.054321-00:00`.
    """

    def fromString(self, inString: bytes) -> datetime.datetime:
        """The moment of a text of 32 characters. What separates the numbers is not looked at."""
        if len(inString) != 32:
            raise ValueError(f"not a moment of 32 characters: {inString!r}")
        at = (0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19), (20, 26)
        numbers = [int(inString[start:end]) for start, end in at]
        zone = FixedOffset.fromSignHoursMinutes(
            chr(inString[26]), int(inString[27:29]), int(inString[30:32])
        )
        return datetime.datetime(*numbers, tzinfo=zone)  # type: ignore[arg-type,misc]

    def toString(self, inObject: Any) -> bytes:
        """The text of a moment, which must have a time zone."""
        offset = inObject.utcoffset()
        if offset is None:
            raise ValueError(f"a moment without a time zone: {inObject!r}; there is amp.utc")
        minutes = (offset.days * 86400 + offset.seconds) // 60
        text = inObject.replace(tzinfo=None).isoformat(timespec="microseconds")
        hours, rest = divmod(abs(minutes), 60)
        # UTC has a minus.
        sign = "+" if minutes > 0 else "-"
        return f"{text}{sign}{hours:02}:{rest:02}".encode("ascii")

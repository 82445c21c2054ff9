#!/usr/bin/env python3
"""Random streams, cut at random, for Plait and for Twisted: what comes of them must be the same.

    differential.py [--cases 1000] [--seed N] [--only N] [--verbose]

A stream is messages and commands (see Host): pauses, mode switches, other delimiters and limits, closes, each given inside a
callback. Plait gets every stream twice, a message at a time and in blocks of which it takes a random part. Where Twisted's
framers contradict each other or themselves, our rule is asserted instead:

  - nothing is delivered once close was asked for, or the conn refused what came;
  - a string that is too long for a host that does not close is skipped, and reading goes on behind it;
  - with PLAIT_LINE_SKIP_TOO_LONG the same holds for a line;
  - netstrings and strings can be paused, and resumed inside a callback, without loss and without repetition.
"""

import argparse
import random
import struct
import sys

import abi
from differential_sides import FORMATS, STRINGS, Ours, Theirs


class Case:
    """A stream, its cuts, and how both sides are set up; all of it follows from the seed."""

    def __init__(self, seed):
        self.rng = rng = random.Random(seed)
        self.kind = rng.choice(["line"] * 6 + ["lineonly"] + STRINGS)
        lengths = {"line": [1, 5, 16, 60, 200], "netstring": [1, 5, 16, 60, 200], "lineonly": [60, 200]}
        self.max_length = rng.choice(lengths.get(self.kind, [5, 60, 200, 100000]))
        self.delimiter = rng.choice([b"\r\n", b"\r\n", b"\n", b"\0", b"--", b"aab", b"\r\n\r\n"])
        self.short = self.max_length - 3 * len(self.delimiter)
        self.hook = rng.random() < 0.6 and self.kind not in ("lineonly", "netstring")
        self.closes_when_too_long = rng.random() < 0.5
        self.skip = int(self.kind == "line" and rng.random() < 0.15)
        if self.skip:
            self.hook, self.closes_when_too_long = True, False
        # Ours, by a model of its own, where Twisted delivers twice or not at all.
        self.modelled = bool(self.skip) or (self.hook and not self.closes_when_too_long and self.kind in FORMATS)
        self.stream = b"".join(self.tokens())
        self.chunks = self.cut(self.stream)
        # After each chunk: does the host resume what it has paused?
        self.resumes = [rng.random() < 0.6 for _ in self.chunks]
        # And what does it do by itself, outside any callback?
        self.outside = [self.whim() for _ in self.chunks]

    def whim(self):
        rng = self.rng
        if self.kind != "line" or self.skip or rng.random() > 0.05:
            return None
        return rng.choice([("raw", rng.choice([1, 5, 40])), ("line", self.text(20)), ("delimiter", rng.choice([b"\n", b"ab", b"\r\n"])),
                           ("max", rng.choice([20, 60, 300])), ("pause", None), ("send", b"by itself"), ("clear", None)])

    def text(self, most):
        rng = self.rng
        letters = rng.choice([b"ab", b"a\r\n-", bytes(range(256)), b"0123456789:,"])
        return bytes(rng.choice(letters) for _ in range(rng.randrange(most + 1)))

    def message(self):
        rng, kind = self.rng, self.kind
        if rng.random() < 0.3:
            commands = [b"!pause", b"!flip", b"!send it", b"!pause"]
            if rng.random() < 0.15:
                commands.append(b"!close")
            if kind == "line" and not self.skip:
                commands += [b"!clear"] * (rng.random() < 0.2) + [b"!max %d" % rng.choice([20, 60, 300])]
                commands += [b"!delimiter " + rng.choice([b"\n", b"\r\n", b";", b"ab"])] * (rng.random() < 0.4)
                commands += [b"!raw %d" % rng.choice([0, 1, 7, 100])] * 3
            return rng.choice(commands)
        if kind == "lineonly":  # it refuses a line up to a delimiter's length too early: lines are well below the limit, or above it
            return self.text(self.short) if rng.random() < 0.97 else b"o" * (2 * self.max_length)
        return self.text(max(1, int(self.max_length * 1.05)) if self.max_length < 1000 else 300)

    def tokens(self):
        rng, delimiter = self.rng, self.delimiter
        for _ in range(rng.randrange(1, 60)):
            data = self.message()
            if self.kind in FORMATS:
                form = FORMATS[self.kind][0]
                length = len(data) % 256 ** struct.calcsize(form)
                if rng.random() < 0.01 and not self.modelled:  # announced, and never sent
                    length = 256 ** struct.calcsize(form) - 1
                yield struct.pack(form, length) + data[:length]
            elif self.kind == "netstring":
                bad = rng.random()
                if bad < 0.01:
                    yield rng.choice([b"x", b"01:a,", b"-1:", b":,", b"3:abcd", b"99999999999999999999999:", b" 1:a,", b"1;a,"])
                yield b"%d:%s," % (len(data), data)
            else:
                yield data + delimiter
                if data.startswith(b"!delimiter "):
                    delimiter = data[11:]
                if data.startswith(b"!raw "):
                    yield bytes(rng.choice(b"xyP\r\n") for _ in range(int(data[5:])))
        if rng.random() < 0.5:  # unfinished
            yield self.text(self.short if self.kind == "lineonly" else self.max_length + 4 if self.max_length < 1000 else 9)

    def cut(self, stream):
        rng = self.rng
        most = rng.choice([1, 2, 5, 20, 100, 1000, len(stream) + 1])
        chunks, at = [], 0
        while at < len(stream):
            size = rng.randrange(1, most + 1)
            chunks.append(stream[at:at + size])
            at += size
        return chunks

    def __str__(self):
        return (f"{self.kind}, max {self.max_length}, delimiter {self.delimiter!r}, hook {self.hook}, "
                f"closes {self.closes_when_too_long}, skip {self.skip}, {len(self.stream)} bytes in {len(self.chunks)} chunks")


def play(case, side):
    """Events, how it ended, what was written, what was left."""
    for chunk, resumes, whim in zip(case.chunks, case.resumes, case.outside):
        side.feed(chunk)
        if side.host.paused and resumes:
            side.host.resume()
        if whim and not side.host.closed and not side.ended:
            side.host.outside(*whim)
    for _ in range(10000):
        if not side.host.paused or side.ended:
            break
        side.host.resume()
    ended = side.ended
    written = side.written if side.is_ours else side.transport.written
    left = None if ended else side.left()
    side.done()
    return side.host.events, ended, written, left


def model(case):
    """The events of the stream as a whole, where overlong messages are skipped: too long ones by their lengths."""
    stream, events, at = case.stream, [], 0
    while True:
        if case.kind == "line":
            end = stream.find(case.delimiter, at)
            if end < 0:  # once not even a delimiter that has begun could save it
                if len(stream) - at >= case.max_length + len(case.delimiter):
                    events.append(("too long", None))
                return events
            first, length, after = at, end - at, end + len(case.delimiter)
        else:
            form = FORMATS[case.kind][0]
            first = at + struct.calcsize(form)
            if len(stream) < first:
                return events
            length = struct.unpack(form, stream[at:first])[0]
            after = first + length
            if length <= case.max_length and after > len(stream):
                return events
        if length > case.max_length:
            events.append(("too long", None if case.kind == "line" else length))
        else:
            events.append(("message", stream[first:first + length]))
            if events[-1][1] == b"!close":
                return events
        at = after


def without_lines(events):
    """Of a line that is too long we promise that it is told, not which part of it was at hand."""
    return [(kind, None if kind == "too long" else data) for kind, data in events]


def differences(case, ours, theirs):
    if case.modelled:
        wanted, got = model(case), ours[0]
        if case.skip:
            got = without_lines(got)
        if got != wanted:
            yield "events", got, wanted
        return
    for what, mine, other in zip(("events", "ended", "written", "left"), ours, theirs):
        if what == "left" and (mine is None or other is None):
            continue
        if mine != other:
            yield what, mine, other


def check(seed, library, verbose=False):
    """What is wrong with this case, or None."""
    case = Case(seed)
    theirs = None if case.modelled else play(case, Theirs(case))
    for block in (False, True):
        form = "in blocks" if block else "one by one"
        try:
            ours = play(case, Ours(case, library, block, random.Random(seed)))
        except AssertionError as failure:
            return f"{case}, {form}: {failure}"
        for what, mine, other in differences(case, ours, theirs):
            if what == "events":
                same = next((i for i, pair in enumerate(zip(mine, other)) if pair[0] != pair[1]), min(len(mine), len(other)))
                mine, other = (f"[{same}] {events[same:same + 3]}" for events in (mine, other))
            return f"{case}, {form}: {what} differ\n    ours    {mine!r}\n    wanted  {other!r}"
    if verbose:
        print(seed, case, len(ours[0]), "events")
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--only", type=int, help="the seed of one case, as a failure prints it")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    library = abi.load()
    seeds = range(options.seed, options.seed + options.cases) if options.only is None else [options.only]
    print(f"differential: seed {seeds[0]}", flush=True)
    failed = 0
    for seed in seeds:
        wrong = check(seed, library, options.verbose)
        if wrong:
            failed += 1
            print(f"--only {seed}: {wrong}", flush=True)
    print(f"differential: {len(seeds)} cases, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())

"""The two ends of a loopback in memory, and the rounds between them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Callable

from ..internet._current import current
from ..internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from ..python.failure import Failure

if TYPE_CHECKING:
    from .loopback import LoopbackDeferred


#: After so many rounds others have their turn.
_MOST_ROUNDS = 1000


class Queue:
    """What one end has written, and the other has not received: what a pump policy takes from."""

    def __init__(self) -> None:
        self._writes: deque[bytes] = deque()
        #: When each was made.
        self.times: deque[float] = deque()
        #: How many a policy may take now.
        self.ready = 0

    def put(self, data: bytes, time: float) -> None:
        """A write."""
        self._writes.append(data)
        self.times.append(time)

    def __bool__(self) -> bool:
        return self.ready > 0

    def __len__(self) -> int:
        return len(self._writes)

    def get(self) -> bytes | None:
        """The next write; None when there is none."""
        if not self.ready:
            return None
        self.ready -= 1
        self.times.popleft()
        return self._writes.popleft()

    def clear(self) -> None:
        """Drops all."""
        self._writes.clear()
        self.times.clear()
        self.ready = 0


class Address:
    """Where both ends of a loopback are."""

    def __repr__(self) -> str:
        return "<loopback>"


class Transport:
    """One end.

    :ivar disconnecting: whether this side asked for the end.
    :ivar connected: whether the conversation is up.
    """

    def __init__(self, loop: Loop, queue: Queue) -> None:
        self._loop, self.queue = loop, queue
        self.disconnecting = self.aborted = self.halfClosed = self.paused = False
        self.connected = True
        self.producer: Any = None
        self.streamingProducer = False
        self.toldEnd = False

    def write(self, data: bytes) -> None:
        """Queues bytes."""
        if not isinstance(data, bytes):
            raise TypeError(f"bytes are wanted, not {type(data).__name__}")
        mayWrite = not self.disconnecting or self.producer is not None
        if self.connected and mayWrite and not self.aborted and not self.halfClosed and data:
            self.queue.put(data, self._loop.now())
            self._loop.wake()

    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        """Queues several pieces, as one."""
        self.write(b"".join(iovec))

    def loseConnection(self) -> None:
        """Ends the conversation, once what was written has been delivered."""
        self.disconnecting = True
        self._loop.wake()

    def abortConnection(self) -> None:
        """Ends it, and drops what was not delivered."""
        if self.connected:
            self.disconnecting = self.aborted = True
            self.queue.clear()
            self._loop.wake()

    def loseWriteConnection(self) -> None:
        """Tells the other end that nothing more will come, once what was written was delivered."""
        self.halfClosed = True
        self._loop.wake()

    def pauseProducing(self) -> None:
        """Delivers nothing for now."""
        self.paused = True

    def resumeProducing(self) -> None:
        """Delivers again."""
        self.paused = False
        self._loop.wake()

    def stopProducing(self) -> None:
        """Ends the conversation."""
        self.loseConnection()

    def getPeer(self) -> Any:
        """Where the other end is."""
        return Address()

    getHost = getPeer

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Has a producer write: one that is asked is asked whenever nothing is queued."""
        if self.producer is not None:
            raise RuntimeError(f"{self.producer!r} was not unregistered")
        self.producer, self.streamingProducer = producer, bool(streaming)
        self.poll()

    def unregisterProducer(self) -> None:
        """Ends the registration."""
        self.producer = None
        self._loop.wake()

    def poll(self) -> None:
        """Asks a pull producer for more."""
        if self.producer is not None and not self.streamingProducer:
            self.producer.resumeProducing()

    @property
    def isDone(self) -> bool:
        """Whether everything was delivered that comes before the end."""
        waits = self.producer is not None and not self.streamingProducer
        return self.aborted or not (len(self.queue) or waits)


class Loop:
    """A loopback in memory."""

    def __init__(
        self,
        server: Any,
        client: Any,
        policy: Callable[[Queue, Any], Any],
        clock: Any,
        done: LoopbackDeferred,
    ) -> None:
        self._protocols = server, client
        self._policy, self._done = policy, done
        self._delay: float = getattr(policy, "delay", 0)
        self._clock = current() if clock is None else clock
        self._ends = Transport(self, Queue()), Transport(self, Queue())
        self._isTurning = self._isWaking = self._isOver = self._goesOn = False

    def now(self) -> float:
        """The time."""
        return float(self._clock.seconds()) if self._delay else 0.0

    def start(self) -> None:
        """Connects both, and makes the first rounds."""
        self._isTurning = True
        try:
            for protocol, end in zip(self._protocols, self._ends):
                protocol.makeConnection(end)
            self._done.established.callback(None)
        finally:
            self._isTurning = False
        self._turn()

    def abort(self) -> None:
        """Ends both."""
        for end in self._ends:
            end.abortConnection()

    def wake(self, after: float = 0) -> None:
        """There is something to do: in a coming turn of the reactor."""
        if not self._isWaking and not self._isTurning and not self._isOver:
            self._isWaking = True
            self._clock.callLater(after, self._woken)

    def _woken(self) -> None:
        self._isWaking = False
        self._turn()

    def _turn(self) -> None:
        if self._isOver or self._isTurning:
            return
        self._isTurning = True
        try:
            server, client = self._ends
            for _ in range(_MOST_ROUNDS):
                one = self._pump(server, client, self._protocols[1])
                two = self._pump(client, server, self._protocols[0])
                if self._ending() or not (one or two):
                    break
            else:
                self._goesOn = True
        except BaseException:
            # What a protocol raises is the end of it all.
            self._isOver = True
            self._done.errback()
        finally:
            self._isTurning = False
        if self._goesOn:
            self._goesOn = False
            self.wake()
        self._sleep()

    def _sleep(self) -> None:
        """What is under way has its time."""
        times = [end.queue.times[0] for end in self._ends if end.queue.times]
        if self._delay and times and not self._isOver:
            self.wake(max(0, min(times) + self._delay - self.now()))

    def _pump(self, source: Transport, target: Transport, protocol: Any) -> bool:
        queue = source.queue
        if target.paused and not target.disconnecting:
            return False
        queue.ready = len(queue)
        if self._delay:
            now = self.now() + 1e-9
            queue.ready = sum(time + self._delay <= now for time in queue.times)
        if not queue.ready:
            return self._halve(source, target, protocol)
        if target.disconnecting:
            # Nothing is delivered after the end was asked for.
            while queue:
                queue.get()
        else:
            self._policy(queue, protocol)
        queue.ready = 0
        if not len(queue):
            source.poll()
        return True

    def _halve(self, source: Transport, target: Transport, protocol: Any) -> bool:
        if not source.halfClosed or source.toldEnd or not source.isDone or target.disconnecting:
            return False
        source.toldEnd = True
        own = self._protocols[0 if source is self._ends[0] else 1]
        told = getattr(own, "writeConnectionLost", None)
        if told is not None:
            told()
        ended = getattr(protocol, "readConnectionLost", None)
        if ended is None:
            target.loseConnection()
        else:
            ended()
        return True

    def _ending(self) -> bool:
        """Whether it is over; then it was told."""
        closing = [end for end in self._ends if end.disconnecting and end.isDone]
        both = all(end.toldEnd for end in self._ends)
        if not closing and not both:
            return False
        aborted = [end.aborted for end in self._ends]
        self._isOver = True
        for end in self._ends:
            end.connected = False
            end.disconnecting = True
            producer, end.producer = end.producer, None
            if producer is not None:
                producer.stopProducing()
        for index, protocol in enumerate(self._protocols):
            protocol.connectionLost(Failure(_reason(aborted[index], aborted[1 - index])))
        if not self._done.called:
            self._done.callback(None)
        return True


def _reason(own: bool, other: bool) -> Exception:
    if own:
        return ConnectionAborted()
    return ConnectionLost() if other else ConnectionDone()

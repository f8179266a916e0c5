"""A limit around calls to the provider: an HTTP client's own limit counts each read, not the whole."""

import threading
import time
from collections.abc import Callable, Hashable
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


class TimedOut(Exception):
    """The call was given up; whether it still goes on nobody knows."""


def within(seconds: float, call: Callable[[], T]) -> T:
    """The result of `call`, or what it raised. Raises TimedOut after `seconds`."""
    crew: Crew[int, T | Exception] = Crew(1, seconds)
    crew.start(0, lambda: _caught(call))
    try:
        while True:
            for _key, result in crew.finished(seconds):
                if isinstance(result, Exception):
                    raise result
                return result
    finally:
        crew.close()


def _caught(call: Callable[[], T]) -> T | Exception:
    try:
        return call()
    except Exception as error:
        return error


class Crew(Generic[K, T]):
    """`size` calls at a time in threads that do not outlive the process, the others in line behind them.

    Each call is given up `seconds` after it began. The calls must not raise. Close it in the end.
    """

    def __init__(self, size: int, seconds: float) -> None:
        self._size = size
        self._seconds = seconds
        self._threads = 0
        self._open: set[K] = set()
        self._deadlines: dict[K, float] = {}  # of those that have begun; written by their threads
        self._calls: SimpleQueue[tuple[K, Callable[[], T]] | None] = SimpleQueue()
        self._results: SimpleQueue[tuple[K, T]] = SimpleQueue()

    @property
    def open(self) -> int:
        """How many calls have not ended, those in line included."""
        return len(self._open)

    def start(self, key: K, call: Callable[[], T]) -> None:
        """Begin a call under a key of its own, as soon as a thread is free."""
        self._open.add(key)
        if self._threads < min(self._size, len(self._open)):
            self._hire()
        self._calls.put((key, call))

    def finished(self, seconds: float) -> list[tuple[K, T | TimedOut]]:
        """What has ended, after waiting up to `seconds` for the first; the overdue come as TimedOut."""
        ended: list[tuple[K, T | TimedOut]] = []
        if self._open:
            deadlines = list(self._deadlines.values())
            patience = min([seconds, *(max(0.0, deadline - time.monotonic()) for deadline in deadlines)])
            self._gather(ended, patience)
        for key, deadline in list(self._deadlines.items()):
            if deadline <= time.monotonic() and key in self._open:
                self._end(key)
                ended.append((key, TimedOut()))
                self._hire()  # its thread is lost for now
        return ended

    def close(self) -> None:
        """Let the threads go; one that still waits for its call goes after it."""
        for _ in range(self._threads):
            self._calls.put(None)

    def _hire(self) -> None:
        self._threads += 1
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while (job := self._calls.get()) is not None:
            key, call = job
            self._deadlines[key] = time.monotonic() + self._seconds
            self._results.put((key, call()))

    def _end(self, key: K) -> None:
        self._open.discard(key)
        self._deadlines.pop(key, None)

    def _gather(self, ended: list[tuple[K, T | TimedOut]], patience: float) -> None:
        try:
            key, result = self._results.get(timeout=patience)
            while True:
                if key in self._open:  # one that was given up counts as lost
                    self._end(key)
                    ended.append((key, result))
                key, result = self._results.get_nowait()
        except Empty:
            return

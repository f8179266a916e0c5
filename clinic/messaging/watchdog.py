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
    """At most `size` calls at a time in threads that do not outlive the process, each given up after
    `seconds`. The calls must not raise. Close it in the end."""

    def __init__(self, size: int, seconds: float) -> None:
        self._size = size
        self._seconds = seconds
        self._threads = 0
        self._deadlines: dict[K, float] = {}
        self._calls: SimpleQueue[tuple[K, Callable[[], T]] | None] = SimpleQueue()
        self._results: SimpleQueue[tuple[K, T]] = SimpleQueue()

    @property
    def free(self) -> int:
        """How many calls may be started now."""
        return self._size - len(self._deadlines)

    @property
    def busy(self) -> bool:
        return bool(self._deadlines)

    def start(self, key: K, call: Callable[[], T]) -> None:
        """Begin a call under a key of its own."""
        self._deadlines[key] = time.monotonic() + self._seconds
        if self._threads < len(self._deadlines):
            self._hire()
        self._calls.put((key, call))

    def finished(self, seconds: float) -> list[tuple[K, T | TimedOut]]:
        """What has ended, after waiting up to `seconds` for the first; the overdue come as TimedOut."""
        ended: list[tuple[K, T | TimedOut]] = []
        if self._deadlines:
            patience = min(seconds, max(0.0, min(self._deadlines.values()) - time.monotonic()))
            self._gather(ended, patience)
        for key in [key for key, deadline in self._deadlines.items() if deadline <= time.monotonic()]:
            del self._deadlines[key]
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
            self._results.put((key, call()))

    def _gather(self, ended: list[tuple[K, T | TimedOut]], patience: float) -> None:
        try:
            key, result = self._results.get(timeout=patience)
            while True:
                if self._deadlines.pop(key, None) is not None:  # one that was given up counts as lost
                    ended.append((key, result))
                key, result = self._results.get_nowait()
        except Empty:
            return

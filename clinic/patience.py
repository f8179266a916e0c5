"""How long a page waits for a database that does not answer, and that nobody else then waits as well.

A frozen server takes connections and says nothing, for ever; without an end to the waiting eight such pages
would hold the eight threads of a process, and the page with the help numbers would hang behind them.
"""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from contextvars import ContextVar
from threading import Event, Lock
from time import monotonic
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolIsEmpty

LOCK_SECONDS = 5  # how long a page waits for another writer; the database itself ends that wait
WORK_SECONDS = 15  # how long everything else does
WORKER_SECONDS = 60.0  # for the worker's longest statement; a command that somebody sees run waits without end
LOOK_SECONDS = 1.2  # for pages that can do without the database
PAGE_SECONDS = 6.0  # longer than for a lock, so that a lock is never taken for a database that is away
FREE_CONNECTION_SECONDS = 2
DOUBT_SECONDS = 0.5  # after such a wait one looks whether the database is there at all
SIGN_SECONDS = 1.0  # so long it has to take in somebody new
REST_SECONDS = 1.0  # after a wait in vain nobody asks for so long

waits: ContextVar[float | None] = ContextVar("keshki.waits", default=None)  # seconds; None: as long as it takes

# Of SQLite's own codes: another writer holds it, or the disk is full, read-only or broken.
_SQLITE_AWAY = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_CANTOPEN")


def for_lock() -> int:
    """How many seconds to wait for another writer, here and now."""
    seconds = waits.get()
    return LOCK_SECONDS if seconds is not None and seconds <= PAGE_SECONDS else WORK_SECONDS


class Turns:
    """A lock that is given in the order of asking: with Python's own, who waits may be passed over again and again."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._waiting: deque[Event] = deque()
        self._taken = False

    def acquire(self, seconds: float) -> bool:
        """Wait for the turn, so long at most; whether it came."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            mine = Event()
            self._waiting.append(mine)
        if mine.wait(seconds):
            return True
        with self._guard:
            if mine.is_set():  # it came at that very moment
                return True
            self._waiting.remove(mine)
            return False

    def release(self) -> None:
        """Give the turn to whoever has waited longest."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False


class Busy(Exception):
    """Another writer has had the database for as long as one waits; nothing was done."""


UNREACHED = (Busy, OperationalError, InterfaceError, PoolIsEmpty)


def is_away(error: BaseException) -> bool:
    """Whether an error says that the database can not answer now, and not that it was asked something wrong."""
    cause = getattr(error, "orig", None)
    name = getattr(cause, "sqlite_errorname", None)
    return isinstance(error, UNREACHED) and (name is None or name.startswith(_SQLITE_AWAY))


class Silence:
    """When the database was last waited for in vain; one at a time then tries whether it is there again."""

    def __init__(self) -> None:
        self._until: float | None = None

    def may_ask(self, seconds: float | None) -> bool:
        """Whether to ask now; whoever asks first after a silence keeps the others from waiting beside it."""
        now = monotonic()
        if self._until is None:
            return True
        if now < self._until:
            return False
        self._until = now + (seconds or PAGE_SECONDS)
        return True

    def heard(self) -> None:
        self._until = None

    def unheard(self) -> None:
        self._until = monotonic() + REST_SECONDS


class Sign:
    """Whether the database takes in somebody new: who waits for a lock goes on waiting then, and else nobody does."""

    def __init__(self, ask: Callable[[], "Future[Any]"]) -> None:
        self._ask = ask
        self._asked: Future[Any] | None = None
        self._one_at_a_time = Lock()

    def is_there(self) -> bool:
        """Whether it answers within a second, were it only to refuse; whoever asks meanwhile waits for the same."""
        with self._one_at_a_time:
            if self._asked is None or self._asked.done():
                self._asked = self._ask()
                self._asked.add_done_callback(_close)
            asked = self._asked
        try:
            asked.exception(SIGN_SECONDS)
        except NotInTime:
            return False
        return True


def limit(engine: Engine) -> None:
    """Give the connections to a PostgreSQL server an end to their waiting, as `waits` says where they are used."""
    import psycopg  # late: a site on SQLite has none

    silence = Silence()
    connecting = ThreadPoolExecutor(8, "connect")  # psycopg itself waits two seconds at least

    class Connection(psycopg.Connection[Any]):
        """One that stops waiting. What was being done is unknown then, so it is closed and not used again."""

        def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
            seconds = waits.get()
            if seconds is None:
                return super().wait(gen, interval, timeout)
            if not silence.may_ask(seconds):
                self.pgconn.finish()
                raise psycopg.OperationalError("the database has just not answered")
            try:
                answer = self._waited(gen, interval, seconds)
            except psycopg.errors._WaitTimeout:
                silence.unheard()
                self.pgconn.finish()
                raise
            except psycopg.Error:
                if not self.closed:  # refused, so it is there
                    silence.heard()
                raise
            silence.heard()
            return answer

        def _waited(self, gen: Any, interval: float, seconds: float) -> Any:
            """The answer. A wait that was cut off goes on where it was, for as long as the database is there."""
            if seconds <= LOOK_SECONDS:
                return super().wait(gen, interval, seconds)
            end, turn = monotonic() + seconds, DOUBT_SECONDS
            while (left := end - monotonic()) > turn:
                try:
                    return super().wait(gen, interval, turn)
                except psycopg.errors._WaitTimeout:
                    if not sign.is_there():
                        raise
                turn *= 2
            return super().wait(gen, interval, max(0.0, left))

    def opened(arguments: Any, named: Any) -> Any:
        return Connection.connect(*arguments, **{"connect_timeout": 10, **named})

    def ask() -> "Future[Any]":
        arguments, named = engine.dialect.create_connect_args(engine.url)
        return connecting.submit(opened, arguments, named)

    sign = Sign(ask)

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: object, _record: object, arguments: Any, named: Any) -> Any:
        seconds = waits.get()
        if seconds is None:
            return opened(arguments, named)
        if not silence.may_ask(seconds):
            raise psycopg.OperationalError("the database has just not answered")
        made: Future[Any] = connecting.submit(opened, arguments, named)
        try:
            connection = made.result(min(seconds, DOUBT_SECONDS + SIGN_SECONDS))
        except NotInTime as error:
            silence.unheard()
            made.add_done_callback(_close)
            raise psycopg.OperationalError("the database does not answer") from error
        silence.heard()
        return connection


def _close(made: "Future[Any]") -> None:
    """A connection that came too late is nobody's."""
    if made.exception() is None:
        made.result().close()

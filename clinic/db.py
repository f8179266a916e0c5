"""The database handle, the column types, and the two ways to use it: `reading()` and `writing()`."""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from sqlite3 import Connection as SqliteConnection
from threading import Lock
from typing import Any, cast
from weakref import WeakKeyDictionary

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    ClauseElement,
    Connection,
    CursorResult,
    DateTime,
    Dialect,
    Engine,
    LargeBinary,
    MetaData,
    event,
)
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeDecorator

from clinic import patience
from clinic.patience import LOCK_SECONDS, WORK_SECONDS

LANGUAGES = ("kk", "ru", "en")


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base, session_options={"autoflush": False})


@dataclass(frozen=True, slots=True)
class Text3:
    """One short text in the three languages of the site; an empty one is unknown."""

    kk: str = ""
    ru: str = ""
    en: str = ""

    def __getitem__(self, language: str) -> str:
        return {"kk": self.kk, "ru": self.ru, "en": self.en}[language]

    def __bool__(self) -> bool:
        return bool(self.kk or self.ru or self.en)


class Text3Type(TypeDecorator[Text3]):
    """A Text3 as JSON {kk, ru, en}; anything else is refused on bind."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Text3 | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if not isinstance(value, Text3):
            raise TypeError(f"expected Text3, not {type(value).__name__}")
        return {"kk": value.kk, "ru": value.ru, "en": value.en}

    def process_result_value(self, value: Any, dialect: Dialect) -> Text3 | None:
        return None if value is None else Text3(**value)


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC datetime; SQLite stores it naive, PostgreSQL as timestamptz."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("a moment needs its zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Rid = LargeBinary(16)


def new_rid() -> bytes:
    """A random primary key, so that a personal table tells no order of arrival."""
    return secrets.token_bytes(16)


_LOCK = "keshki.lock"  # for how many seconds this connection waits for one


def prepare(engine: Engine, pages: bool) -> None:
    """Set what each connection needs: how long to wait (with `pages` less long), on SQLite also WAL, full durability,
    keys, secure delete.
    """
    if engine.dialect.name != "sqlite":
        _limit_waiting(engine, LOCK_SECONDS if pages else WORK_SECONDS)
        patience.limit(engine)
        return

    @event.listens_for(engine, "connect")
    def _connect(raw: SqliteConnection, _record: object) -> None:
        raw.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={WORK_SECONDS * 1000}",
            "secure_delete=ON",
            "temp_store=MEMORY",
        ):
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        write = connection.get_execution_options().get("write")
        if write and connection.info.get(_LOCK, WORK_SECONDS) != (seconds := patience.for_lock()):
            connection.connection.dbapi_connection.execute(f"PRAGMA busy_timeout={seconds * 1000}")
            connection.info[_LOCK] = seconds
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _limit_waiting(engine: Engine, seconds: int) -> None:
    @event.listens_for(engine, "connect")
    def _connect(raw: Any, _record: object) -> None:
        with raw.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = '{seconds}s'")
        raw.commit()


_CONNECTION = "keshki.connection"  # of a session that lives for one transaction


@contextmanager
def writing() -> Iterator[Session]:
    """A session whose transaction may write from its first statement on; commits at the end.

    Raises patience.Busy, or SQLAlchemy's OperationalError, when the database can not be written to now.
    SQLite takes the write lock at once (BEGIN IMMEDIATE): one that read first and wrote later would
    fail with "database is locked" whenever another wrote in between.
    """
    engine = db.engine
    with _turn(engine), Session(engine, execution_options={"write": True}, expire_on_commit=False) as s, s.begin():
        s.info[_CONNECTION] = s.connection()
        yield s


_turns: WeakKeyDictionary[Engine, patience.Turns] = WeakKeyDictionary()
_turns_lock = Lock()


@contextmanager
def _turn(engine: Engine) -> Iterator[None]:
    """Wait until no other thread of this process writes, where the database has one writer anyway.

    SQLite's own waiting is sleeping and asking again, up to a tenth of a second at a time; other
    processes are still waited for in that way.
    """
    if engine.dialect.name != "sqlite":
        yield
        return
    with _turns_lock:
        turn = _turns.setdefault(engine, patience.Turns())
    if not turn.acquire(patience.for_lock()):
        raise patience.Busy
    try:
        yield
    finally:
        turn.release()


@contextmanager
def reading() -> Iterator[Session]:
    """A session for reading outside a request; nothing it does is kept."""
    with Session(db.engine, expire_on_commit=False) as s:
        yield s


class Prepared:
    """A Core statement spelt out once per kind of database: for what each booking does.

    SQLAlchemy's way from a statement to the driver costs several times what the database needs for it.
    The statement may hold no list of unknown length; rows come as the driver gives them.
    """

    def __init__(self, statement: ClauseElement, names: Sequence[str] = ()) -> None:
        """`names`: columns of a bare insert."""
        self._statement = statement
        self._names = list(names) or None
        self._spelt: dict[str, _Spelt] = {}

    def run(self, s: Session, values: Mapping[str, Any]) -> CursorResult[Any]:
        """Execute it in the transaction of `s`."""
        connection: Connection = s.info.get(_CONNECTION) or s.connection()
        spelt = self._spelt.get(connection.dialect.name)
        if spelt is None:
            spelt = self._spelt[connection.dialect.name] = self._spell(connection.dialect)
        return connection.exec_driver_sql(spelt.sql, spelt.parameters(values))

    def _spell(self, dialect: Dialect) -> "_Spelt":
        compiled = cast(SQLCompiler, self._statement.compile(dialect=dialect, column_keys=self._names))
        order = compiled.positiontup
        fixed = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        writers = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()
        }
        return _Spelt(str(compiled), tuple(writers.items()), tuple(order) if order else None, fixed)


@dataclass(frozen=True, slots=True)
class _Spelt:
    """A statement in the words of one database."""

    sql: str
    writers: tuple[tuple[str, Callable[[Any], Any] | None], ...]
    order: tuple[str, ...] | None  # None: the driver takes names
    fixed: Mapping[str, Any]

    def parameters(self, values: Mapping[str, Any]) -> Any:
        """Values as the driver wants them."""
        known = {**self.fixed, **values} if self.fixed else values
        written = {name: write(known[name]) if write else known[name] for name, write in self.writers}
        return tuple(written[name] for name in self.order) if self.order is not None else written

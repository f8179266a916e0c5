"""What must hold before the site serves or the worker works; each failure is one sentence."""

import errno
import os
import re
import sys
from pathlib import Path

from flask import Flask, current_app
from sqlalchemy import URL, Engine, inspect, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from clinic import clock
from clinic.config import ConfigError
from clinic.db import db, reading, writing
from clinic.directory import holidays
from clinic.privacy import key_check, keys

MIGRATIONS = Path(__file__).parent / "migrations"
HOLIDAYS = "Write seeds/holidays.csv for the years ahead with `make holidays`"
NAMED = 3  # of what is missing
UPGRADE = "Bring the database up to date with `flask db upgrade`"


def check(app: Flask) -> None:
    """Raises ConfigError when zone table, database, schema or keys are not fit to start with."""
    check_zone()
    if clock.today().year + 1 > holidays.last_year():  # a site that is down serves nobody on any day
        app.logger.warning("%s: it ends with %s.", HOLIDAYS, holidays.last_year())
    with app.app_context():
        _schema_is_current()
        _keys_belong()
        if keys.ring().has_leapt(clock.today()):
            app.logger.error("%s", keys.ring().leap(clock.today()))


def fit() -> None:
    """Before a command that reads or writes rows: ends it with one sentence where the site would not start either."""
    try:
        check(current_app._get_current_object())  # type: ignore[attr-defined]
    except ConfigError as error:
        sys.exit(str(error))


def check_zone() -> None:
    """Raises ConfigError with a zone table that would take tomorrow for today, an hour each night."""
    if not clock.zone_is_current():
        raise ConfigError(
            "Update the time zone table (pip install --upgrade tzdata, and unset PYTHONTZPATH): "
            "it still has Asia/Almaty at UTC+6."
        )


def head() -> str:
    """The newest migration that this code knows."""
    known = _migrations()
    (found,) = known.keys() - set(known.values())
    return found


def schema_state(engine: Engine | None = None) -> str:
    """ "current", "older", "newer" or "empty": the database of the app, or another, against this code's migrations."""
    with (engine or db.engine).connect() as connection:
        there = inspect(connection).has_table("alembic_version")
        revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if there else None
    if revision is None:
        return "empty"
    if revision == head():
        return "current"
    return "older" if revision in _migrations() else "newer"


def lacks(engine: Engine | None = None) -> list[str]:
    """The tables, and the columns of its tables, that a database does not have, whatever its number says.

    What it has beyond that is another node's newer code in a rolling upgrade.
    """
    read = inspect(engine or db.engine).get_multi_columns()
    there = {table: {column["name"] for column in columns} for (_, table), columns in read.items()}
    lacking = []
    for name, table in sorted(db.metadata.tables.items()):
        if name not in there:
            lacking.append(f"table {name}")
        else:
            lacking += [f"column {name}.{column.name}" for column in table.columns if column.name not in there[name]]
    return lacking


def upgrade(app: Flask) -> None:
    """Bring the database up to date, or make its tables."""
    import flask_migrate

    register_migrations(app)
    flask_migrate.upgrade()


def register_migrations(app: Flask) -> None:
    """What `flask db` needs."""
    from flask_migrate import Migrate  # late: Alembic takes 20 MB that neither the site nor the worker needs

    Migrate(app, db, directory=str(MIGRATIONS), render_as_batch=True)


def _migrations() -> dict[str, str]:
    """Each migration of this code, and the one before it ("" for the first); read without Alembic."""
    found = {}
    for file in (MIGRATIONS / "versions").glob("*.py"):
        named = dict(re.findall(r'^(revision|down_revision)\b[^=\n]*= "(\w+)"', file.read_text(), re.MULTILINE))
        found[named["revision"]] = named.get("down_revision", "")
    return found


def _keys_belong() -> None:
    with reading() as s:
        belong = key_check.belong(s)
    if belong is None:
        with writing() as s:
            key_check.accept(s, clock.now())
    elif not belong:
        raise ConfigError(
            "Set KESHKI_KEYS to the folder that belongs to this database: it holds other keys. "
            "If the right ones are lost for good, `flask keys accept` goes on with these."
        )


def unreachable(url: str | URL, reason: str) -> str:
    """What a person is told of a database that can't be reached; no password, wherever the address holds it."""
    read = make_url(url)
    for secret in filter(None, (read.password, *read.normalized_query.get("password", ()))):
        reason = reason.replace(secret, "***")
    shown = read.set(query={}).render_as_string(hide_password=True)
    return f"Set KESHKI_DATABASE_URL to a database that can be reached: {shown} can not ({reason})."


def _reason(error: SQLAlchemyError) -> str:
    """Why a database can't be reached, in the words of the machine."""
    url = db.engine.url
    if url.drivername.startswith("sqlite"):
        file = Path(url.database or "")
        try:
            with file.open("r+b"):
                pass
        except OSError as refused:
            return refused.strerror or type(refused).__name__
        if not os.access(file.parent, os.W_OK):  # SQLite writes beside the file too
            return f"{file.parent}: {os.strerror(errno.EACCES)}"
        if not os.statvfs(file.parent).f_bavail:
            return os.strerror(errno.ENOSPC)
    said = str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__]
    return said[0]


def _schema_is_current() -> None:
    try:
        state = schema_state()
    except SQLAlchemyError as error:
        raise ConfigError(unreachable(db.engine.url, _reason(error))) from error
    if state == "empty":
        raise ConfigError("Make the tables of the empty database with `flask db upgrade`.")
    if state == "older":
        raise ConfigError(f"{UPGRADE}: it is older than this code.")
    if state == "newer":
        raise ConfigError("Install the newer code that the database belongs to, or restore an older backup.")
    if lacking := lacks():
        raise ConfigError(
            "Restore a backup and run `flask db upgrade`: "
            f"the database calls itself up to date, but has no {' and no '.join(lacking[:NAMED])}."
        )

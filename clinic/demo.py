"""`make run`: prepares the demo (tables, example data, a staff account), then runs site and worker.

Both stop when one of them ends or on Ctrl-C.
"""

import os
import sys
from pathlib import Path

from flask import Flask

from clinic import clock, create_app, start
from clinic.config import ROOT, ConfigError, settings
from clinic.db import db, writing
from clinic.directory import seeding
from clinic.staff import accounts, memberships


def main() -> None:
    """Prepare, then hand over to honcho, which starts the two processes."""
    try:
        app = create_app()
        prepare(app)
    except ConfigError as error:
        sys.exit(str(error))
    procfile = ROOT / "instance" / "Procfile"
    binaries = Path(sys.executable).parent
    procfile.write_text(
        f"web: {binaries}/granian --interface wsgi --host {settings_of(app).host} --port {settings_of(app).port} "
        "--workers 1 --blocking-threads 8 --no-ws --log-level warning "
        f"--static-path-route /static --static-path-mount {ROOT}/clinic/static wsgi:app\n"
        f"worker: {binaries}/flask worker\n"
    )
    db_free(app)
    os.chdir(ROOT)
    os.execv(f"{binaries}/honcho", ["honcho", "--no-prefix", "-f", str(procfile), "-e", "", "start"])


def settings_of(app: Flask):  # type: ignore[no-untyped-def]
    with app.app_context():
        return settings()


def db_free(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose()


def prepare(app: Flask) -> None:
    """Tables, example data and staff: made the first time, brought up to date afterwards."""
    with app.app_context():
        if start.schema_state() in ("empty", "older"):
            from flask_migrate import upgrade

            upgrade()
        with writing() as s:
            seeding.load_real(s)
            seeding.load_demo(s, clock.now())
    start.check(app)


if __name__ == "__main__":
    main()

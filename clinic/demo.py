"""`make run`: prepares the demo (tables, example data, a staff account), then runs site and worker.

Both stop when one of them ends, or on Ctrl-C.
"""

import os
import sys
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from clinic import clock, create_app, demo_day, start
from clinic.booking import seeding as past
from clinic.config import INSTANCE, ROOT, ConfigError, Settings, settings
from clinic.db import db, writing
from clinic.directory import seeding
from clinic.directory.models import Location
from clinic.kits import seeding as kits
from clinic.safety.pages import seeding as pages
from clinic.safety.trainings import seeding as trainings
from clinic.staff import accounts
from clinic.staff.models import Staff

LOGIN = "desk"
ROLES_OF_ALL = ("receptionist", "clinician", "responder", "point_keeper", "coordinator")
BINARIES = Path(sys.executable).parent


def main() -> None:
    """Prepare, then become honcho, which runs the two processes."""
    try:
        app = create_app(pages=False)
        prepare(app)
    except ConfigError as error:
        sys.exit(str(error))
    with app.app_context():
        found = settings()
        db.engine.dispose()
    INSTANCE.mkdir(exist_ok=True)
    procfile = INSTANCE / f"Procfile.{found.port}"  # two demos of one checkout keep apart
    procfile.write_text(f"web: {web(found)}\nworker: {sys.executable} -m clinic.run_worker\n")
    print(f"Keshki is on http://{found.host}:{found.port}  (staff: /staff/, SMS outbox: /dev/outbox)  Ctrl-C ends it.")
    sys.stdout.flush()
    os.chdir(ROOT)
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")  # the threads' own heaps would take 10 MB more
    os.execv(BINARIES / "honcho", ["honcho", "--no-prefix", "-f", str(procfile), "start"])  # noqa: S606


def web(found: Settings) -> str:
    """The command that serves the site."""
    threads = min(8, 2 * (os.cpu_count() or 1) + 1)  # granian warns of more
    return (
        f"{BINARIES}/granian --interface wsgi --host {found.host} --port {found.port} --workers 1 "
        f"--blocking-threads {threads} --no-ws --log-level warning --respawn-failed-workers "
        "--workers-kill-timeout 10 wsgi:app"  # one that is told to stop while it starts does not hear it
    )


def prepare(app: Flask) -> None:
    """Tables, example data and staff: made the first time, brought up to date afterwards."""
    with app.app_context():
        if start.schema_state() in ("empty", "older"):
            start.upgrade(app)
        with writing() as s:
            seeding.load_demo(s, clock.now())
            kits.load_demo(s, clock.now())
            pages.load(s, clock.today())
            trainings.load_demo(s, clock.now())
            past.load_demo(s, clock.now())
            demo_day.load(s, clock.now())
            known = s.scalar(select(Staff.id).where(Staff.login == LOGIN))
        if known is None:
            _print_once(*_account())
        else:
            print(f"Staff account of this demo: login {LOGIN}. `make password` makes a new password.")
    start.check(app)


def _account() -> tuple[str, str]:
    """An account that may do at all example places what anybody there may do; its random password and PIN."""
    password, pin = accounts.new_password(), accounts.new_pin()
    with writing() as s:
        person = accounts.add(s, LOGIN, "Гүлнар", "ru", password, pin)
        theirs = select(Location.organization_id).where(Location.example).distinct()
        for organization in s.scalars(theirs):
            for role in ROLES_OF_ALL:
                accounts.give_role(s, person, role, organization, None)
    return password, pin


def _print_once(password: str, pin: str) -> None:
    print(f"Staff account of this demo, shown once: login {LOGIN}, password {password}, PIN {pin}, no second factor")


if __name__ == "__main__":
    main()

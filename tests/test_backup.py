"""A backup under load holds every confirmed visit; a restore never runs under a running site (cases.md 20, 21)."""

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from time_machine import Traveller

from clinic import backup, clock, start
from clinic.booking import availability, book, forgetting
from clinic.config import settings
from clinic.db import db, reading, writing
from clinic.directory import catalogue
from clinic.passes import passes
from clinic.privacy import keys
from tests import world
from tests.booking.place import booked, open_place, wish
from tests.conftest import Maker


def free_starts(city: world.City, count: int) -> list[datetime]:
    with reading() as s:
        cat = catalogue.current(s)
        loc = cat.locations[city.saya_id]
        slots = availability.slots(s, cat, loc, frozenset({city.quick}), clock.today(), 14, clock.now())
    return [slot.start for slot in slots[::3]][:count]


def test_case_21_a_backup_under_load_holds_every_visit_confirmed_before_its_end(
    app: Flask, evening: Traveller, tmp_path: Path
) -> None:
    city = world.build()
    codes: list[tuple[float, str]] = []
    stop = threading.Event()

    def women() -> None:
        with app.app_context():
            for start in free_starts(city, 200):
                if stop.is_set():
                    return
                with writing() as s:
                    cat = catalogue.current(s)
                    request = book.Request(
                        cat.locations[city.saya_id],
                        frozenset({city.quick}),
                        start,
                        "kk",
                        "plain",
                        None,
                        None,
                        False,
                        None,
                    )
                    code = book.confirm(s, cat, request, clock.now()).code
                codes.append((time.perf_counter(), code or ""))
            db.session.remove()

    thread = threading.Thread(target=women)
    thread.start()
    while len(codes) < 10:
        time.sleep(0.005)
    begun = time.perf_counter()
    backup.write(settings(), tmp_path / "b.db")
    stop.set()
    thread.join()
    confirmed = [code for at, code in codes if at < begun]
    assert len(confirmed) >= 10

    with sqlite3.connect(tmp_path / "b.db") as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert copy.execute("SELECT count(*) FROM appointment").fetchone()[0] >= len(confirmed)
    db.engine.dispose()
    backup.restore(settings(), tmp_path / "b.db")
    with reading() as s:
        assert passes.find(s, confirmed[-1]).language == "kk"


def test_case_21_restoring_under_a_running_site_is_refused(app: Flask, evening: Traveller, tmp_path: Path) -> None:
    world.build()
    backup.write(settings(), tmp_path / "b.db")
    holder = subprocess.Popen(
        [
            sys.executable, "-c",
            "import sys, clinic.backup as b, clinic.config as c\n"
            "mark = b.in_use(c.read(dict(a.split('=', 1) for a in sys.argv[1:])))\n"
            "print('in use', flush=True); sys.stdin.read()",
            *(f"{k}={v}" for k, v in app.config["KESHKI_ENVIRON"].items()),
        ],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout
    assert holder.stdin
    assert holder.stdout.readline().strip() == "in use"
    with pytest.raises(backup.RestoreRefused, match="Stop the site"):
        backup.restore(settings(), tmp_path / "b.db")
    holder.stdin.close()
    holder.wait(10)
    holder.stdout.close()
    db.engine.dispose()
    backup.restore(settings(), tmp_path / "b.db")


def test_case_21_what_is_no_backup_is_refused(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("not a database, but long enough to look like one" * 40)
    with pytest.raises(backup.RestoreRefused):
        backup.restore(settings(), tmp_path / "x.db")
    backup.write(settings(), tmp_path / "y.db")
    with pytest.raises(backup.RestoreRefused, match="exists"):
        backup.write(settings(), tmp_path / "y.db")
    with pytest.raises(backup.RestoreRefused, match=r"can not be read: Is a directory\."):
        backup.restore(settings(), tmp_path)
    whole = (tmp_path / "y.db").read_bytes()
    (tmp_path / "z.db").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(backup.RestoreRefused, match="damaged"):
        backup.restore(settings(), tmp_path / "z.db")


def test_a_disk_that_is_full_in_the_middle_of_a_restore_changes_nothing(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, file = a_copy(tmp_path / "b.db"), closed()
    before = file.read_bytes()

    def full(_from: object, _to: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(backup.RestoreRefused, match="No space left on device"):
        backup.restore(settings(), copy)
    assert file.read_bytes() == before
    assert not file.with_suffix(".restored").exists()


def test_a_backup_of_a_database_without_tables_is_refused(make_app: Maker, tmp_path: Path) -> None:
    make_app.on(make_app.environ() | {"KESHKI_DATABASE_URL": f"sqlite:///{tmp_path}/wrong/keshki.db"})
    with pytest.raises(backup.RestoreRefused, match="is KESHKI_DATABASE_URL right"):
        backup.write(settings(), tmp_path / "b.db")
    assert not (tmp_path / "b.db").exists()


@pytest.mark.parametrize(("old", "new"), [(0o600, 0o600), (0o640, 0o640), (0o644, 0o640)])
def test_what_is_restored_has_the_mode_of_what_it_replaces_and_is_never_everybodys(
    app: Flask, tmp_path: Path, old: int, new: int
) -> None:
    copy = a_copy(tmp_path / "b #1.db")
    db.session.remove()
    db.engine.dispose()
    file = backup.database_file(settings())
    file.chmod(old)
    backup.restore(settings(), copy)
    assert file.stat().st_mode & 0o777 == new


def closed() -> Path:
    """The database, which nobody has open any more."""
    db.session.remove()
    db.engine.dispose()
    return backup.database_file(settings())


def a_copy(to: Path, *changes: str) -> Path:
    """A backup, changed afterwards."""
    backup.write(settings(), to)
    with closing(sqlite3.connect(to)) as copy:
        for change in changes:
            copy.execute(change)
        copy.commit()
    return to


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (["DROP TABLE alembic_version"], "is no database of Keshki"),
        (["UPDATE alembic_version SET version_num = 'ffffffffffff'"], "belongs to a newer Keshki"),
        (["DROP TABLE heartbeat"], "has no table heartbeat"),
    ],
)
def test_what_this_code_can_not_work_with_is_refused_before_anything_is_changed(
    app: Flask, tmp_path: Path, changes: list[str], why: str
) -> None:
    copy, file = a_copy(tmp_path / "b.db", *changes), closed()
    before = file.read_bytes()
    with pytest.raises(backup.RestoreRefused, match=why):
        backup.restore(settings(), copy)
    assert file.read_bytes() == before


def test_an_older_backup_is_brought_up_to_date(app: Flask, tmp_path: Path) -> None:
    from flask_migrate import downgrade

    start.register_migrations(app)
    downgrade(str(start.MIGRATIONS), "-1")
    assert start.schema_state() == "older"
    backup.write(settings(), tmp_path / "b.db")
    db.session.remove()
    db.engine.dispose()
    keys.ring().advance(clock.today(), leap_days=100_000)
    said = app.test_cli_runner().invoke(args=["restore", str(tmp_path / "b.db")])
    assert said.exit_code == 0, said.output
    assert "Brought up to date." in said.output
    assert start.schema_state() == "current"


def test_what_root_restores_belongs_to_whom_it_belonged(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, file = a_copy(tmp_path / "b.db"), closed()
    owner = file.stat()
    given: dict[str, tuple[int, int]] = {}

    def give(path: Path, user: int, group: int) -> None:
        given[path.name] = (user, group)

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", give)
    backup.restore(settings(), copy)
    ours = (owner.st_uid, owner.st_gid)
    assert given == {f"{file.name}.in-use": ours, file.with_suffix(".restored").name: ours}


def test_case_21_the_old_log_does_not_come_back_over_the_restored_file(
    app: Flask, evening: Traveller, tmp_path: Path
) -> None:
    place, kind = open_place(hours="Mo-Su 06:00-30:00", minutes=20)
    kept = booked(wish(place, kind, clock.at(clock.today(), 22 * 60)))
    backup.write(settings(), tmp_path / "b.db")
    late = booked(wish(place, kind, clock.at(clock.today(), 23 * 60)))
    db.session.remove()
    db.engine.dispose()
    backup.restore(settings(), tmp_path / "b.db")
    with reading() as s:
        assert passes.find(s, kept.code or "")
        with pytest.raises(passes.CodeUnknown):
            passes.find(s, late.code or "")


@pytest.mark.alone
def test_case_20_nobody_meets_a_locked_database(demo_app: Flask, tmp_path: Path) -> None:
    """32 threads book, cancel and search while the forgetting job and backups run: no error, no wait past the limit."""
    city = world.build(clock.today())
    ends = time.monotonic() + 12
    seen: Counter[int] = Counter()
    slowest: list[float] = [0.0]
    trouble: list[str] = []
    starts = free_starts(city, 400)

    def woman(n: int) -> None:
        client = demo_app.test_client()
        turn = n
        while time.monotonic() < ends:
            turn += 32
            begun = time.monotonic()
            start = clock.local(starts[turn % len(starts)]).strftime("%Y-%m-%dT%H:%M:%S+05:00")
            loc = f"/api/v1/locations/{city.saya}"
            seen[client.get(f"{loc}/slots?service=check&days=2").status_code] += 1
            answer = client.post(
                "/api/v1/appointments",
                json={"location": city.saya, "services": ["check"], "start": start},
                headers={"Idempotency-Key": f"key-of-woman-{n}-turn-{turn}-xxxxxxx"},
            )
            seen[answer.status_code] += 1
            if answer.status_code == 201:
                seen[client.post("/api/v1/appointments/cancel", json={"code": answer.json["code"]}).status_code] += 1  # type: ignore[index]
            slowest[0] = max(slowest[0], time.monotonic() - begun)

    def jobs() -> None:
        n = 0
        with demo_app.app_context():
            while time.monotonic() < ends:
                forgetting.run(clock.now())
                n += 1
                backup.write(settings(), tmp_path / f"{n}.db")
                db.session.remove()

    def guarded(run: Callable[..., None], *args: object) -> None:
        try:
            run(*args)
        except Exception as error:
            trouble.append(repr(error))

    threads = [threading.Thread(target=guarded, args=(woman, n)) for n in range(32)]
    threads.append(threading.Thread(target=guarded, args=(jobs,)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not trouble
    assert not [status for status in seen if status >= 500], seen
    assert seen[201] >= 50, seen
    assert slowest[0] < 15, slowest


def test_nobody_else_reads_a_backup_while_it_is_written_nor_what_is_restored(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.build()
    modes: list[int] = []
    real = sqlite3.connect

    def connect(name: Any, **named: Any) -> sqlite3.Connection:
        if name == tmp_path / "b.db":
            modes.append(name.stat().st_mode & 0o777)
        made: sqlite3.Connection = real(name, **named)
        return made

    monkeypatch.setattr("clinic.backup.sqlite3.connect", connect)
    old = os.umask(0)
    try:
        backup.write(settings(), tmp_path / "b.db")
        db.engine.dispose()
        backup.restore(settings(), tmp_path / "b.db")
    finally:
        os.umask(old)
    assert modes == [0o600]
    assert backup.database_file(settings()).stat().st_mode & 0o777 == 0o600


def test_a_restored_file_is_on_the_disk_before_it_has_the_name_and_the_name_after(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup.write(settings(), tmp_path / "b.db")
    db.engine.dispose()
    done: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def synced(handle: int) -> None:
        done.append("sync")
        fsync(handle)

    def named(self: Path, to: Path) -> None:
        done.append("name")
        rename(self, to)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "rename", named)
    backup.restore(settings(), tmp_path / "b.db")
    assert done == ["sync", "name", "sync"]


def test_a_new_database_is_nobody_elses(make_app: Maker, tmp_path: Path) -> None:
    environ = make_app.environ() | {"KESHKI_DATABASE_URL": f"sqlite:///{tmp_path}/fresh/keshki.db"}
    old = os.umask(0)
    try:
        make_app.on(environ)
    finally:
        os.umask(old)
    assert (tmp_path / "fresh" / "keshki.db").stat().st_mode & 0o777 == 0o600


def test_a_database_that_root_makes_belongs_to_whom_its_folder_belongs(
    make_app: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = make_app.environ() | {"KESHKI_DATABASE_URL": f"sqlite:///{tmp_path}/theirs/keshki.db"}
    (tmp_path / "theirs").mkdir()
    owner = (tmp_path / "theirs").stat()
    given: list[tuple[Path, int, int]] = []

    def give(path: Path, user: int, group: int) -> None:
        given.append((path, user, group))

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", give)
    make_app.on(environ)
    make_app.on(environ)
    assert given == [(tmp_path / "theirs" / "keshki.db", owner.st_uid, owner.st_gid)]

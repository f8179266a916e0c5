"""The database is stopped, frozen or held by somebody else: the numbers for help are there, and what she typed."""

import os
import re
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from html import unescape
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError

from clinic import clock, heartbeat, patience, worker
from clinic.config import EXTENSION
from clinic.db import db, reading, writing
from clinic.passes import passes
from tests import world

WITHOUT = ("/ru/", "/kk/now", "/ru/p/1")
SECONDS = 2


def processes_of(folder: Path) -> list[int]:
    """The server whose data is in `folder`, and its children."""
    postmaster = int((folder / "postmaster.pid").read_text().split()[0])
    found = [postmaster]
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == postmaster:
            found.append(int(stat.parent.name))
    return found


@contextmanager
def frozen() -> Iterator[None]:
    """The server of this app takes connections and says nothing."""
    with db.engine.connect() as connection:
        folder = Path(connection.execute(text("SHOW data_directory")).scalar_one())
    ours = processes_of(folder)
    for process in ours:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in ours:
            os.kill(process, signal.SIGCONT)


@contextmanager
def stopped() -> Iterator[None]:
    """The server of this app takes nobody in, and throws out who is there."""
    ours = db.engine.url
    server = ours.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as other:
        other.execute(f"ALTER DATABASE {ours.database} ALLOW_CONNECTIONS false".encode())
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [ours.database])
        yield
        other.execute(f"ALTER DATABASE {ours.database} ALLOW_CONNECTIONS true".encode())


@pytest.fixture
def hers(pg_app: Flask) -> str:
    """Her code, in a city on PostgreSQL; the connections of the site are in use already."""
    world.build()
    with writing() as s:
        code = passes.open_pass(s, "ru", "plain", None, clock.today())[1]
    client = pg_app.test_client()
    assert client.post("/ru/mine", data={"code": code}).status_code == 200
    for path in WITHOUT:
        assert client.get(path).status_code == 200
    db.session.remove()
    assert code
    return code


@pytest.mark.parametrize("away", [frozen, stopped])
def test_the_numbers_are_there_and_what_she_typed_is_kept(pg_app: Flask, hers: str, away: Callable[[], object]) -> None:
    client = pg_app.test_client()
    with away():  # type: ignore[attr-defined]
        for path in WITHOUT * 2:
            answer = client.get(path)
            assert answer.status_code == 503
            assert 'href="tel:112"' in answer.text
            assert 'href="tel:103"' in answer.text
            assert int(answer.headers["Retry-After"]) > 0
            assert answer.headers["Cache-Control"] == "no-store"
        sent = client.post("/ru/mine", data={"code": hers, "act": "open"})
        assert sent.status_code == 503
        assert 'href="tel:112"' in sent.text
        again = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', sent.text))
        assert {name: unescape(value) for name, value in again.items()} == {"code": hers, "act": "open"}
        assert hers not in str(sent.headers)
        machine = client.post("/api/v1/appointments/find", json={"code": hers})
        assert (machine.status_code, machine.mimetype) == (503, "application/problem+json")
        assert machine.headers["Retry-After"]
    _found_again(client, "/ru/p/1")
    assert client.post("/ru/mine", data=again).status_code == 200
    for path in WITHOUT:
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("away", [frozen, stopped])
@pytest.mark.parametrize("path", WITHOUT)
def test_the_numbers_come_within_two_seconds(pg_app: Flask, hers: str, away: Callable[[], object], path: str) -> None:
    assert hers
    client, waited = pg_app.test_client(), []
    for _turn in range(3):  # one of them the machine leaves in peace
        with away():  # type: ignore[attr-defined]
            began = time.monotonic()
            assert 'href="tel:112"' in client.get(path).text
            waited.append(time.monotonic() - began)
        if waited[-1] < SECONDS:
            break
        _found_again(client, path)
    assert min(waited) < SECONDS, waited


def waiting_for_a_lock() -> int:
    """How many of the site's statements wait for one at this moment."""
    with db.engine.connect() as connection:
        waits = "datname = current_database() AND wait_event_type = 'Lock'"
        return int(connection.execute(text(f"SELECT count(*) FROM pg_stat_activity WHERE {waits}")).scalar_one())


@contextmanager
def passes_held() -> Iterator[None]:
    """Somebody else holds all passes: whoever asks for one waits."""
    ours = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(ours) as other:
        other.execute("LOCK TABLE pass IN ACCESS EXCLUSIVE MODE")
        yield
        other.rollback()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_who_waits_at_the_moment_it_freezes_keeps_nobody_from_the_numbers(pg_app: Flask, hers: str) -> None:
    threads, waited = 4, []
    for _turn in range(3):  # one of them the machine leaves in peace
        with ThreadPoolExecutor(threads) as process, passes_held():

            def ask() -> int:
                return pg_app.test_client().post("/ru/mine", data={"code": hers, "act": "open"}).status_code

            def look() -> tuple[str, float]:
                return pg_app.test_client().get("/ru/p/1").text, time.monotonic()

            asked = [process.submit(ask) for _ in range(threads)]
            until(lambda: waiting_for_a_lock() == threads)
            with frozen():
                began = time.monotonic()
                page, came = process.submit(look).result()
                assert 'href="tel:112"' in page
                waited.append(came - began)
                assert {one.result() for one in asked} == {503}
        if waited[-1] < SECONDS:
            break
        _found_again(pg_app.test_client(), "/ru/p/1")
    assert min(waited) < SECONDS, waited


def test_who_waits_for_another_writer_goes_on_waiting(pg_app: Flask, hers: str) -> None:
    with ThreadPoolExecutor(1) as process:
        with passes_held():
            asked = process.submit(lambda: pg_app.test_client().post("/ru/mine", data={"code": hers}).status_code)
            until(lambda: waiting_for_a_lock() == 1)
            time.sleep(4 * patience.DOUBT_SECONDS)  # long enough to doubt, and to find it there
            assert not asked.done()
        assert asked.result() == 200


def test_a_worker_on_a_frozen_database_ends_when_it_is_told_to_and_goes_on_when_it_is_back(
    pg_app: Flask, hers: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hers
    patience.waits.set(None)  # who looks on waits as long as it takes
    monkeypatch.setattr(heartbeat, "EVERY_SECONDS", 0.2)
    monkeypatch.setattr(worker, "AWAY_EVERY_SECONDS", 3600.0)
    monkeypatch.setattr(worker, "_away", worker.Away())
    stop = threading.Event()
    whole = threading.Thread(target=worker.run_forever, args=(pg_app, stop))
    try:
        with frozen():
            whole.start()
            until(lambda: "the database does not answer" in caplog.text)
        with reading() as s:
            until(lambda: not heartbeat.silent(s, clock.now()))
        with frozen():
            time.sleep(patience.DOUBT_SECONDS)
            stop.set()
            whole.join(worker.STOP_SECONDS + 30)
            assert not whole.is_alive()
    finally:
        stop.set()
        whole.join()
    assert caplog.text.count("the database does not answer") == 1


def _found_again(client: FlaskClient, path: str) -> None:
    deadline = time.monotonic() + 30
    while client.get(path).status_code == 503:
        assert time.monotonic() < deadline, "it did not find its way back"
        time.sleep(0.2)


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/ru/staff/sign-in", {"login": "gulnar", "password": "planted-password", "csrf_token": "x"}),
        ("/ru/staff/sit-down", {"who": "1", "pin": "planted-password", "csrf_token": "x"}),
    ],
)
def test_no_password_of_the_desk_stands_in_the_page(
    app: Flask, monkeypatch: pytest.MonkeyPatch, path: str, form: dict[str, str]
) -> None:
    def broken(*_: object, **_more: object) -> None:
        raise patience.Busy

    for endpoint in ("desk.sign_in", "desk.sit_down"):
        monkeypatch.setitem(app.view_functions, endpoint, broken)
    answer = app.test_client().post(path, data=form)
    assert answer.status_code == 503
    assert "planted-password" not in answer.text
    assert 'href="tel:112"' in answer.text


@pytest.fixture
def held(app: Flask) -> Iterator[Callable[[], object]]:
    """A SQLite database in which somebody else writes, until the call."""
    world.build()
    path = app.extensions[EXTENSION].database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield lambda: other.execute("COMMIT")
        if other.in_transaction:
            other.execute("ROLLBACK")


def test_a_writer_in_the_way_costs_a_moment_and_nothing_she_typed(app: Flask, held: Callable[[], object]) -> None:
    client: FlaskClient = app.test_client()
    for path in WITHOUT:
        assert client.get(path).status_code == 200, "reading waits for no writer"
    note = {"code": "ABCEH KMPTX Y2345", "act": "forget", "token": "x" * 30}
    sent = client.post("/ru/mine", data=note)
    assert sent.status_code == 503
    assert "Send it" not in sent.text
    kept = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', sent.text))
    assert kept == note
    held()
    assert client.post("/ru/mine", data=kept).status_code == 404  # heard, and there is no such code


def test_a_question_that_is_wrong_is_not_taken_for_a_database_that_is_away(app: Flask) -> None:
    with pytest.raises(OperationalError) as wrong, db.engine.connect() as connection:
        connection.execute(text("SELECT * FROM no_such_table"))
    assert not patience.is_away(wrong.value)
    assert not patience.is_away(ProgrammingError("", {}, Exception()))
    assert patience.is_away(patience.Busy())

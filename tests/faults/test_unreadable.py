"""The keys were lost and new ones made, as the manual says: what is sealed is gone, and everything else goes on."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from time_machine import Traveller

from clinic import clock, worker
from clinic.booking.models import Appointment
from clinic.db import db, reading, writing
from clinic.messaging.models import Message
from clinic.passes.models import Pass
from clinic.privacy import keys
from tests.conftest import EVENING, Maker
from tests.desk import routes
from tests.desk.conftest import cheap_argon2, csrf
from tests.faults import sealed_rows
from tests.faults.sealed_rows import World
from tests.faults.worker_process import every_task
from tests.site.conftest import hidden

__all__ = ["cheap_argon2"]


@pytest.fixture(params=["sqlite", "postgresql"])
def world(
    request: pytest.FixtureRequest, make_app: Maker, evening: Traveller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> World:
    """A day's work with a row for everything that is sealed; messages may be sent."""
    monkeypatch.chdir(tmp_path)
    environ = make_app.environ(request.param)
    demo = {"KESHKI_DEMO": "1", "KESHKI_LIMITS": "off"}
    app = make_app.on({name: environ[name] for name in ("KESHKI_DATABASE_URL", "KESHKI_KEYS")} | demo)
    app.config["PROPAGATE_EXCEPTIONS"] = app.testing = False
    found = sealed_rows.build(app)
    assert sealed_rows.empty_columns() == []
    db.session.remove()
    return found


def exchange(app: Flask, folder: Path, lasting: bool) -> None:
    """Another day key, as after `flask keys new`; the lasting one was saved, or is another as well."""
    old = Path(app.config["KESHKI_ENVIRON"]["KESHKI_KEYS"])
    keys.make(folder, EVENING.date())
    if lasting:
        (folder / keys.LASTING).write_text((old / keys.LASTING).read_text())
    app.extensions[keys.EXTENSION] = keys.KeyRing(folder)


@pytest.fixture
def exchanged(world: World, tmp_path: Path) -> World:
    """On SQLite only the day key is another, on PostgreSQL the lasting one too."""
    exchange(world.desk.app, tmp_path / "new", lasting=db.engine.dialect.name == "sqlite")
    return world


def test_every_task_of_the_worker_goes_on(
    exchanged: World, evening: Traveller, caplog: pytest.LogCaptureFixture
) -> None:
    for seconds in (0, 40, 100, 14 * 3600, 26 * 3600, 14 * 86400):
        evening.shift(timedelta(seconds=seconds))
        keys.ring().advance(clock.today(), leap_days=100)
        for task in every_task():
            for _ in range(3):
                worker.do(task)
    failed = [record.getMessage() for record in caplog.records if "failed" in record.getMessage()]
    assert failed == []


def test_a_message_that_cannot_be_read_is_put_aside_and_the_next_one_goes(
    exchanged: World, caplog: pytest.LogCaptureFixture, evening: Traveller
) -> None:
    with reading() as s:
        old = set(s.scalars(select(Message.rid).where(Message.state == "waiting")))
    assert old
    fresh = exchanged.desk.booked(180, "+77010000002").appointment.rid
    with writing() as s:
        s.execute(update(Message).values(due_at=clock.now(), not_after=clock.now() + timedelta(hours=1)))
    assert fresh
    for _ in range(5):
        for task in every_task():
            worker.do(task)
    with reading() as s:
        assert set(s.execute(select(Message.state, Message.error).where(Message.rid.in_(old)))) == {
            ("failed", "unreadable")
        }
    said = [r.getMessage() for r in caplog.records if "does not open" in r.getMessage()]
    assert len(said) == len(set(said)), "the log says it once for each column"


def test_every_page_of_the_desk_opens(exchanged: World) -> None:
    desk, table = exchanged.desk, routes.table()
    with reading() as s:
        tickets = s.scalars(select(Appointment.ticket).where(Appointment.location_id == desk.location_id)).all()
        signal = exchanged_signal(s)
    clients: dict[str, FlaskClient] = {}
    broken = []
    for rule in routes.rules(desk.app):
        if "GET" not in (rule.methods or ()):
            continue
        role = next((role for role, cell in table[f"GET {rule.rule}"].items() if cell == routes.YES), None)
        if role is None:
            continue
        if role not in clients:
            clients[role] = desk.client(routes.login_of(role))
        for ticket in tickets if "ticket" in rule.arguments else tickets[:1]:
            parts: dict[str, Any] = {**routes.PARTS, "ticket": lambda _, n=ticket: n, "signal": signal}
            path = routes.address(rule, desk, desk.slug, parts)
            status = clients[role].get(path).status_code
            if status >= 500:
                broken.append((path, status))
    assert broken == []


def exchanged_signal(s: Any) -> str:
    from clinic.safety.alerts.models import Alert

    return bytes(s.scalars(select(Alert.rid).limit(1)).one()).hex()


def test_the_desk_finds_moves_and_stops_a_visit_of_which_only_the_hour_is_known(exchanged: World) -> None:
    desk = exchanged.desk
    client = desk.client(routes.login_of("coordinator"))
    with reading() as s:
        ticket = s.scalars(select(Appointment.ticket).where(Appointment.rid == exchanged.visit)).one()
    page = client.get(desk.url(f"/visit/{ticket}"))
    assert page.status_code == 200, page.text[:500]
    assert f">{ticket}<" in page.text.replace(" ", "")
    stop = client.get(f"/staff/stop/{desk.slug}")
    assert stop.status_code == 200
    token = csrf(client, f"/staff/stop/{desk.slug}")
    assert client.post(f"/staff/stop/{desk.slug}", data={"csrf_token": token, "act": "stop"}).status_code < 500


def test_her_page_shows_her_visit_without_what_it_is_for_and_she_may_cancel(world: World, tmp_path: Path) -> None:
    exchange(world.desk.app, tmp_path / "new", lasting=True)
    she = world.desk.app.test_client()
    page = she.post("/en/mine", data={"code": world.code})
    assert page.status_code == 200, page.text[:500]
    assert "Saya" in page.text
    visit = hidden(page, "visit")[0]
    for act in ("times", "move", "calendar", "cancel", "quiet", "forget"):
        answer = she.post("/en/mine", data={"code": world.code, "visit": visit, "act": act})
        assert answer.status_code < 500, (act, answer.status_code)
    for code in (world.waits, world.order.code):
        assert she.post("/en/mine", data={"code": code}).status_code == 200
    assert she.post("/en/watch", data={"code": world.check_in, "act": "open"}).status_code < 500


def test_every_public_page_opens(exchanged: World) -> None:
    app, she = exchanged.desk.app, exchanged.desk.app.test_client()
    parts = {"slug": exchanged.desk.slug, "number": 1, "code": "invalid", "token": exchanged.token, "language": "uz",
             "training_id": 1, "filename": "keshki.css"}  # fmt: skip
    broken = []
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/staff") or "GET" not in (rule.methods or ()):
            continue
        with app.test_request_context():
            path = app.url_map.bind("localhost").build(rule.endpoint, {p: parts[p] for p in rule.arguments})
        status = she.get(path).status_code
        if status >= 500:
            broken.append((path, status))
    assert broken == [("/workz", 503)]  # no worker runs here, and it says so
    with she.session_transaction() as session:
        session["signal"] = exchanged.token


def test_one_damaged_row_keeps_nobody_else_from_her_message(world: World, evening: Traveller) -> None:
    with writing() as s:
        rid = s.scalars(select(Message.rid).where(Message.state == "waiting").order_by(Message.due_at).limit(1)).one()
        s.execute(update(Message).where(Message.rid == rid).values(to=b"\x01\x00", body=b""))
        s.execute(update(Pass).values(cover=b""))
        s.execute(update(Appointment).where(Appointment.rid == world.visit).values(details=b"\x07"))
        s.execute(update(Message).values(due_at=clock.now(), not_after=clock.now() + timedelta(hours=1)))
    for _ in range(10):
        for task in every_task():
            worker.do(task)
    with reading() as s:
        states = dict(s.execute(select(Message.rid, Message.state)).all())
    assert states.pop(rid) == "failed"
    assert "waiting" not in states.values(), states

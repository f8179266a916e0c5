"""A clock that was wrong for a minute or over midnight, either way: nothing is taken away, nothing comes back."""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from time_machine import Traveller

from clinic import cli, clock, worker
from clinic.booking.models import Appointment, Wish
from clinic.db import db, reading, writing
from clinic.kits.models import KitOrder
from clinic.messaging.models import Message
from clinic.privacy import keys, tokens
from clinic.privacy.models import Once
from clinic.safety.alerts.models import Alert
from clinic.staff import sign_in
from clinic.staff.models import Staff
from tests.conftest import Maker
from tests.desk.conftest import PASSWORD, Desk, cheap_argon2, furnish, post
from tests.faults import sealed_rows
from tests.faults.sealed_rows import World
from tests.faults.worker_process import every_task
from tests.site.conftest import hidden

__all__ = ["cheap_argon2"]

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)


@pytest.fixture(params=["sqlite", "postgresql"])
def demo(
    request: pytest.FixtureRequest, make_app: Maker, evening: Traveller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Flask:
    """A demo, in which all forms are open and messages may be sent."""
    monkeypatch.chdir(tmp_path)
    environ = make_app.environ(request.param)
    more = {"KESHKI_DEMO": "1", "KESHKI_LIMITS": "off"}
    app = make_app.on({name: environ[name] for name in ("KESHKI_DATABASE_URL", "KESHKI_KEYS")} | more)
    app.config["PROPAGATE_EXCEPTIONS"] = app.testing = False
    keys.ring().advance(clock.today(), leap_days=100)
    return app


@pytest.fixture
def world(demo: Flask) -> World:
    found = sealed_rows.build(demo)
    db.session.remove()
    return found


class Machine:
    """A machine with a clock on the wall, which can be set, and a worker that looks at it every minute."""

    def __init__(self, wall: Traveller, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall, self.elapsed = wall, 0.0
        monkeypatch.setattr(clock, "running", SimpleNamespace(monotonic=lambda: self.elapsed))
        monkeypatch.setattr(clock, "watch", clock.Watch())

    def run(self, minutes: int) -> None:
        """Time passes, and the worker does every task once a minute."""
        for _ in range(minutes):
            for task in every_task():
                worker.do(task)
            self.wall.shift(MINUTE)
            self.elapsed += 60

    def set(self, by: timedelta) -> None:
        self.wall.shift(by)


@pytest.fixture
def machine(evening: Traveller, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(evening, monkeypatch)


def rows() -> dict[str, int]:
    """How many rows each table of hers has, and how many messages are in each state."""
    with reading() as s:
        found = {t.__tablename__: s.scalar(select(func.count()).select_from(t)) or 0
                 for t in (Appointment, Wish, KitOrder, Once)}  # fmt: skip
        states = s.execute(select(Message.state, func.count()).group_by(Message.state))
        return found | {state: n for state, n in states if state == "expired"}


@pytest.mark.parametrize("ahead", [25 * HOUR, 3 * DAY, 10 * DAY], ids=["a day", "three days", "ten days"])
def test_a_clock_that_is_ahead_for_some_minutes_takes_no_key_no_visit_and_no_reminder(
    world: World, machine: Machine, ahead: timedelta
) -> None:
    machine.run(15)
    with writing() as s:  # the window is open at this hour or not: a reminder that waits is what could be lost
        s.execute(update(Message).where(Message.state == "waiting").values(due_at=clock.now() + HOUR))
    before, day = rows(), keys.ring().day
    machine.set(ahead)
    machine.run(5)
    machine.set(-ahead)
    machine.run(2)
    assert keys.ring().day == day
    assert rows() == before


def test_at_midnight_the_key_goes_within_a_minute_and_nothing_waits(world: World, machine: Machine) -> None:
    machine.run(15)
    machine.set(clock.at(clock.today(), 24 * 60) - clock.now() - MINUTE)
    machine.run(9)  # nobody believes a clock that was just set
    assert keys.ring().day == clock.today() - DAY
    machine.run(5)
    assert keys.ring().day == clock.today()
    assert not worker.date_is_sure(clock.now() + DAY)
    assert worker.date_is_sure(clock.now())


def test_a_worker_that_was_off_for_a_night_believes_the_date_after_ten_minutes(world: World, machine: Machine) -> None:
    machine.wall.shift(DAY)
    machine.run(9)
    assert keys.ring().day < clock.today()
    machine.run(3)
    assert keys.ring().day == clock.today()


def key_ahead(world: World) -> None:
    """The day key is of tomorrow already: another node's clock was ahead, or this one's was set back over midnight."""
    keys.ring().advance(clock.today() + DAY)


def books(desk: Desk, client: FlaskClient, token: str = "") -> Any:
    """She books Wednesday at noon by the form."""
    address = f"/en/at/{desk.slug}/book"
    fields = {"service": desk.service_id, "start": "2026-11-25T12:00"}
    token = token or hidden(client.post(address, data={**fields, "act": "show"}), "token")[-1]
    return client.post(address, data={**fields, "act": "plain", "token": token})


def walks_in(desk: Desk) -> None:
    answer = post(desk.client(), desk.url(), "/walk-in", {"minutes": "20"}, scripted=False)
    assert answer.status_code < 500


MADE = (sealed_rows.a_visit, sealed_rows.a_wish, sealed_rows.a_shift_note, sealed_rows.an_order, sealed_rows.signals_of,
        sealed_rows.a_note, walks_in)  # fmt: skip


def test_with_a_day_key_of_tomorrow_all_that_is_written_is_written(world: World) -> None:
    key_ahead(world)
    for make in MADE:
        make(world.desk)


def test_what_is_booked_with_a_day_key_of_tomorrow_stands_and_is_shown(world: World) -> None:
    key_ahead(world)
    before = rows()["appointment"]
    assert books(world.desk, world.desk.app.test_client()).status_code == 200
    assert rows()["appointment"] == before + 1
    fresh = world.desk.booked(120, "+77010000007")
    page = world.desk.app.test_client().post("/en/mine", data={"code": fresh.code})
    assert "Saya" in page.text
    with reading() as s:
        assert s.scalars(select(Alert.rid)).first()


def test_a_form_made_before_the_clock_was_set_back_an_hour_is_taken_and_does_not_book_twice(
    demo: Flask, evening: Traveller
) -> None:
    desk = furnish(demo)
    she, address = demo.test_client(), f"/en/at/{desk.slug}/book"
    page = she.post(address, data={"service": desk.service_id, "start": "2026-11-25T12:00", "act": "show"})
    token = hidden(page, "token")[-1]
    evening.shift(-HOUR)
    for _ in range(2):
        answer = books(desk, she, token)
        assert answer.status_code == 200, answer.text
    evening.shift(HOUR)
    books(desk, she, token)
    evening.shift(2 * HOUR)
    books(desk, she, token)
    assert rows()["appointment"] == 1


def test_a_token_is_as_good_as_long_before_its_minute_as_after(demo: Flask, evening: Traveller) -> None:
    token = tokens.new("book")
    for good in (-HOUR, HOUR):
        tokens.check("book", token, clock.now() + good)
    for bad in (-3 * HOUR, 3 * HOUR):
        with pytest.raises(tokens.TokenExpired):
            tokens.check("book", token, clock.now() + bad)


def test_who_was_switched_off_stays_so_when_the_clock_is_set_back(demo: Flask, evening: Traveller) -> None:
    desk = furnish(demo)
    client = desk.client()
    with writing() as s:
        s.execute(update(Staff).where(Staff.login == "gulnar").values(off_at=clock.now()))
    evening.shift(-HOUR)
    assert client.get(desk.url()).status_code in (302, 303)
    with reading() as s, pytest.raises(sign_in.SignInRefused):
        sign_in.check(s, "gulnar", PASSWORD)


@pytest.mark.parametrize("command", [["forget"], ["restore", "FILE"], ["keys", "advance", "2026-11-24", "FOLDER"],
                                     ["keys", "new", "FOLDER"]], ids=" ".join)  # fmt: skip
def test_a_command_with_an_old_zone_table_takes_no_tomorrow_for_today(
    app: Flask, evening: Traveller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    (tmp_path / "backup").write_bytes(b"")
    named = {"FILE": str(tmp_path / "backup"), "FOLDER": str(tmp_path / "more keys")}
    monkeypatch.setattr(clock, "zone_is_current", lambda: False)
    group: Any = {"forget": cli.forget, "restore": cli.restore, "keys": cli.keys}[command[0]]
    said = app.test_cli_runner().invoke(group, [named.get(word, word) for word in command[1:]])
    assert said.exit_code == 1
    assert "time zone table" in said.output
    assert not (tmp_path / "more keys").exists()


def test_the_site_goes_on_when_the_folder_of_keys_is_away_over_midnight(
    app: Flask, evening: Traveller, tmp_path: Path
) -> None:
    keys.ring().advance(clock.today(), leap_days=100)
    app.config["PROPAGATE_EXCEPTIONS"] = app.testing = False
    folder = Path(app.config["KESHKI_ENVIRON"]["KESHKI_KEYS"])
    folder.rename(tmp_path / "away")
    evening.shift(DAY)
    she = app.test_client()
    assert [she.get("/en/p/1").status_code for _ in range(3)] == [200, 200, 200]
    answer = she.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "keys\n")
    (tmp_path / "away").rename(folder)

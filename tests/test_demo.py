"""The first start shows the thing alive: visits in every state, a queue, orders; its account may try all of it."""

from collections import Counter
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from time_machine import Traveller

from clinic import clock, demo, demo_day
from clinic.booking.models import Appointment
from clinic.db import reading, writing
from clinic.kits.models import KitOrder
from clinic.staff.models import Membership, Staff
from tests.conftest import Maker


def states(s: Session) -> Counter[str]:
    """How many visits of today stand in each state; those of the queue are "in line"."""
    rows = s.execute(
        select(Appointment.status, Appointment.room_id, func.count())
        .where(Appointment.day == clock.service_day(clock.now()))
        .group_by(Appointment.status, Appointment.room_id)
    )
    found: Counter[str] = Counter()
    for status, room, count in rows:
        found[status if room is not None else "in line"] += count
    return found


def ready(make_app: Maker, folder: Path) -> Flask:
    """A demo made from nothing, as `make run` makes it."""
    url = f"sqlite:///{folder}/demo/keshki.db"
    app = make_app.on({"KESHKI_DEMO": "1", "KESHKI_DATABASE_URL": url, "KESHKI_KEYS": str(folder / "demo-keys")})
    demo.prepare(app)
    return app


def test_the_demos_evening_has_visits_in_every_state_a_queue_and_orders(
    make_app: Maker, tmp_path: Path, evening: Traveller
) -> None:
    ready(make_app, tmp_path)
    with reading() as s:
        found = states(s)
        assert {"booked", "here", "in_room", "done", "missed", "in line"} <= set(found), found
        assert s.scalar(select(func.count()).select_from(KitOrder).where(KitOrder.status == "reserved"))
    with writing() as s:
        demo_day.load(s, clock.now())
    with reading() as s:
        assert states(s) == found, "a second start of the same day changes nothing"
    evening.shift(86_400)
    with writing() as s:
        demo_day.load(s, clock.now())
    with reading() as s:
        assert states(s)["done"], "the next day has its own"


def test_every_start_says_how_to_get_into_the_desk_and_its_account_may_try_all(
    make_app: Maker, tmp_path: Path, evening: Traveller, capsys: pytest.CaptureFixture[str]
) -> None:
    app = ready(make_app, tmp_path)
    assert "password" in capsys.readouterr().out
    demo.prepare(app)
    assert "make password" in capsys.readouterr().out
    with reading() as s:
        person = s.scalars(select(Staff.id).where(Staff.login == demo.LOGIN)).one()
        roles = s.execute(
            select(Membership.role, func.count(Membership.organization_id), func.count(Membership.location_id))
            .where(Membership.staff_id == person)
            .group_by(Membership.role)
        ).all()
    assert {role for role, _, _ in roles} == set(demo.ROLES_OF_ALL)
    assert all(whole and not single for _, whole, single in roles)  # a new place is a whole organization's

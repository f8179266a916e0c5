"""People on duty, a provider that answers, her phone and theirs, on a Tuesday evening at 19:40 in Almaty."""

import re
from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from clinic import clock
from clinic.db import reading, writing
from clinic.directory import catalogue
from clinic.messaging import urgent
from clinic.privacy import sealing
from clinic.safety.alerts import answering, calling, duty, events, offering, signals, standing
from clinic.safety.alerts.models import Alert, Duty
from clinic.safety.alerts.told import Told
from clinic.staff.models import Staff
from tests import factories
from tests.conftest import EVENING, Maker
from tests.desk.conftest import cheap_argon2, person
from tests.twilio_stand_in import StandIn

__all__ = ["cheap_argon2"]

PHONES = {"saule": "+77010000091", "aizhan": "+77010000092"}


@pytest.fixture
def travel() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(EVENING, tick=False) as moved:
        yield moved


@pytest.fixture
def twilio(travel: time_machine.Traveller) -> Iterator[StandIn]:
    server = StandIn(clock=clock.now)
    server.start()
    yield server
    server.stop()


def furnish() -> int:
    """An organization with two responders, a coordinator and somebody from elsewhere; its id."""
    with writing() as s:
        place = factories.a_location(s, "Shamshyraq", kind="ngo")
        other = factories.a_location(s, "Dala", organization="other")
        person(s, "saule", "responder", place.id)
        person(s, "aizhan", "responder", None, place.organization_id)
        person(s, "chief", "coordinator", None, place.organization_id)
        person(s, "dala", "responder", other.id)
        catalogue.changed(s)
        return place.organization_id


@pytest.fixture
def chain(make_app: Maker, twilio: StandIn) -> Flask:
    app = make_app("sqlite", twilio.environ())
    furnish()
    return app


@pytest.fixture(params=["sqlite", "postgresql"])
def chain_on(request: pytest.FixtureRequest, make_app: Maker, twilio: StandIn) -> Flask:
    app = make_app(request.param, twilio.environ())
    furnish()
    return app


def staff_id(login: str) -> int:
    with reading() as s:
        return s.scalars(select(Staff.id).where(Staff.login == login)).one()


def on_duty(login: str = "saule", hours: int = 8, phone: str = "") -> bytes:
    """Press, let the test arrive, type its number; the worker is there."""
    now = clock.now()
    with writing() as s:
        organization = 1 if login != "dala" else 2
        rid = duty.begin(s, staff_id(login), organization, login.title(), phone or PHONES[login], hours, now)
        number = sealing.open_(duty.PROOF, rid, s.scalars(select(Duty.proof).where(Duty.rid == rid)).one())
        assert duty.confirm(s, staff_id(login), number, now)
        duty.beat(s, now)
    return rid


def turn() -> None:
    """One turn of the worker's urgent thread, and what it sent is answered."""
    calling.turn(clock.now())
    lane = urgent.lane()
    lane.turn(clock.now())
    while lane.open:
        lane.turn(clock.now())


def give(told: Told | None = None) -> bytes:
    """A signal whose countdown has begun."""
    with writing() as s:
        return signals.find(s, signals.start(s, told or Told(language="ru"), clock.now()))


def fired(travel: time_machine.Traveller, told: Told | None = None) -> bytes:
    """A signal that has gone out."""
    rid = give(told)
    travel.shift(signals.COUNTDOWN)
    turn()
    return rid


def state(rid: bytes) -> str:
    with reading() as s:
        return s.scalar(select(Alert.state).where(Alert.rid == rid)) or "gone"


def log(rid: bytes) -> list[str]:
    with reading() as s:
        return [what for _at, what in events.of(s, rid)]


def calls(twilio: StandIn, login: str = "saule") -> list[str]:
    """What came to somebody's telephone, without the test."""
    return [m.body for m in twilio.taken if m.to == PHONES[login] and "проверка" not in m.body]


def field(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, f"no field {name}"
    return found[1]


def stand(rid: bytes) -> standing.Stand:
    with reading() as s:
        return standing.stand(s, rid, clock.now())


def take(rid: bytes, login: str = "saule") -> bool:
    with writing() as s:
        return answering.take(s, rid, staff_id(login), login, clock.now())


def offered() -> bool:
    with reading() as s:
        return offering.offer(s, clock.now()) is not None


def untaken(login: str = "saule", page: int = 1) -> list[bytes]:
    """One page of what nobody has taken, as somebody on duty sees it."""
    with reading() as s:
        organization = 1 if login != "dala" else 2
        return [line.rid for line in answering.waiting(s, organization, staff_id(login), page).untaken]

"""An app that sends to the stand-in, on a Tuesday evening at 19:40 in Almaty."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from clinic import clock, messaging
from clinic.db import reading, writing
from clinic.messaging import outbox
from clinic.messaging.gate import EXTENSION as GATE
from clinic.messaging.models import Attempt, Message
from tests.conftest import Maker
from tests.twilio_stand_in import StandIn

EVENING = datetime(2026, 11, 24, 14, 40, tzinfo=UTC)
FORGET = date(2026, 11, 26)
HERS = "+77010000001"


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


@pytest.fixture
def sms_app(make_app: Maker, twilio: StandIn) -> Flask:
    return make_app("sqlite", twilio.environ())


@pytest.fixture(params=["sqlite", "postgresql"])
def sms_app_on(make_app: Maker, twilio: StandIn, request: pytest.FixtureRequest) -> Flask:
    return make_app(request.param, twilio.environ())


@pytest.fixture
def restarted(sms_app: Flask) -> Callable[[], None]:
    """The worker process was replaced by a new one: what it held in memory is gone."""

    def restart() -> None:
        sms_app.extensions.pop(GATE, None)
        sms_app.extensions.pop(messaging.EXTENSION, None)

    return restart


def put(
    to: str = HERS,
    due: datetime | None = None,
    start: datetime | None = None,
    about: str = "appointment:1",
    kind: str = "reminder",
    body: str = "Напоминание: вторник, 24 ноября, 20:20.",
    pass_id: bytes | None = None,
) -> bytes:
    """Put a message that is due now, about a visit in forty minutes."""
    now = clock.now()
    with writing() as s:
        return outbox.put(
            s, pass_id, about, kind, to, body, due or now, start or now + timedelta(minutes=40), FORGET
        )  # fmt: skip


def state(rid: bytes) -> str:
    with reading() as s:
        return s.scalar(select(Message.state).where(Message.rid == rid)) or "gone"


def error(rid: bytes) -> str:
    with reading() as s:
        return s.scalar(select(Message.error).where(Message.rid == rid)) or ""


def token(rid: bytes, n: int = 1) -> str:
    with reading() as s:
        return s.scalars(select(Attempt.token).where(Attempt.message_id == rid, Attempt.n == n)).one()

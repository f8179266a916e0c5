"""On a day whose messages are used up nothing is offered that would not come."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, update
from time_machine import Traveller

from clinic import clock
from clinic.db import reading, writing
from clinic.messaging import outbox
from clinic.messaging.models import Attempt, Message
from clinic.messaging.today import is_spent
from tests import world
from tests.conftest import Maker

CAP = 3


@pytest.fixture
def capped(make_app: Maker, evening: Traveller) -> Flask:
    evening.move_to(clock.at(clock.local(clock.now()).date(), 12 * 60))
    return make_app(
        "sqlite",
        {
            "TWILIO_ACCOUNT_SID": "AC0", "TWILIO_AUTH_TOKEN": "t", "TWILIO_FROM": "Keshki",
            "KESHKI_BASE_URL": "https://example.kz", "KESHKI_SMS_DAILY_CAP": str(CAP),
        },
    )  # fmt: skip


def tried(n: int, outcome: str = "taken", kind: str = "reminder") -> None:
    now = clock.now()
    with writing() as s:
        rid = outbox.put(s, None, f"v:{kind}{n}{outcome}", kind, "+77010000001", "x", now, now, now.date())
        s.execute(
            insert(Attempt).values(message_id=rid, n=1, token=f"t{kind}{n}{outcome}", started_at=now, outcome=outcome)
        )
        s.execute(update(Message).values(state="sent"))


def spent() -> bool:
    with reading() as s:
        return is_spent(s, clock.now())


def test_it_is_used_up_with_the_last_that_may_go_and_not_before_nor_tomorrow(capped: Flask, evening: Traveller) -> None:
    tried(0, "unsent")
    tried(0, "taken", "duty")
    for n in range(CAP):
        assert not spent()
        tried(n)
    assert spent()
    evening.shift(timedelta(days=1))
    assert not spent()


def test_the_page_offers_no_reminder_that_would_be_due_today(capped: Flask, evening: Traveller) -> None:
    city = world.build()
    she = capped.test_client()
    start = clock.local(clock.at(clock.today(), 20 * 60)).strftime("%Y-%m-%dT%H:%M")
    form = {"service": str(city.quick), "start": start}
    slug = city.saya
    before = she.post(f"/en/at/{slug}/book", data=form, base_url="https://example.kz").text
    assert "Remind me by SMS" in before
    for n in range(CAP):
        tried(n)
    after = she.post(f"/en/at/{slug}/book", data=form, base_url="https://example.kz").text
    assert "Remind me by SMS" not in after
    assert "used up" in after
    wait = she.get(f"/en/wait?at={slug}&service={city.quick}", base_url="https://example.kz")
    assert wait.status_code == 200, wait.text
    assert "used up" in wait.text

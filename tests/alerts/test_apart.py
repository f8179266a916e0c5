"""One row that nobody can read, one person, one step: whatever fails, the others are called."""

import logging
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from clinic import clock
from clinic.db import reading, writing
from clinic.messaging import outbox
from clinic.safety.alerts import calling, check_ins, duty, signals
from clinic.safety.alerts.models import Alert, CheckIn, Duty
from clinic.safety.alerts.told import Told
from tests.alerts.conftest import calls, fired, offered, on_duty, staff_id, stand, state, take, turn
from tests.desk.conftest import PASSWORD, sign_in
from tests.twilio_stand_in import StandIn

DAMAGED = b"\x01\x00\x00 of another key"


def damage(login: str, column: str) -> None:
    with writing() as s:
        s.execute(update(Duty).where(Duty.staff_id == staff_id(login)).values({column: DAMAGED}))


@pytest.mark.parametrize("column", ["phone", "proof"])
def test_with_one_duty_that_cannot_be_read_the_others_are_called(
    chain_on: Flask, twilio: StandIn, travel: time_machine.Traveller, column: str
) -> None:
    on_duty("saule")
    on_duty("aizhan")
    damage("saule", column)
    rid = fired(travel)
    assert (calls(twilio), calls(twilio, "aizhan")) == ([], ["Дежурство: 1"])
    assert stand(rid).called == ("Aizhan",)
    they = chain_on.test_client()
    sign_in(they, "saule", PASSWORD)
    assert "Начать дежурство" in they.get("/staff/duty").text  # she goes on duty anew
    damage("aizhan", column)
    assert not offered()


def test_whoever_cannot_be_called_stands_in_nobodys_way(
    chain_on: Flask,
    twilio: StandIn,
    travel: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    on_duty("saule")
    on_duty("aizhan")
    real = outbox.put

    def put(*given: object) -> object:
        if "91" in str(given[4])[-2:]:
            raise RuntimeError("this one")
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(outbox, "put", put)
    rid = fired(travel)
    travel.shift(signals.STEP)
    turn()
    assert calls(twilio, "aizhan") == ["Дежурство: 1"]
    assert any(record.levelno == logging.ERROR for record in caplog.records)
    assert take(rid, "aizhan")


@pytest.mark.parametrize("step", ["fire", "escalate", "page", "beat"])
def test_a_step_that_fails_takes_no_other_with_it(
    chain_on: Flask, travel: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    on_duty()
    with writing() as s:
        check_ins.start(s, Told(), clock.now() + timedelta(hours=1), "2581", "9136", clock.now())
    travel.shift(timedelta(hours=1))

    def fails(*_given: object) -> int:
        raise RuntimeError(step)

    with monkeypatch.context() as patched:
        patched.setattr(duty if step == "beat" else calling, step, fails)
        turn()
    turn()
    with reading() as s:
        assert s.scalars(select(Alert.state)).one() == "calling"


def test_a_check_in_that_cannot_be_read_calls_all_the_same_and_so_do_the_others(
    chain_on: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    on_duty()
    due_at = clock.now() + timedelta(hours=1)
    with writing() as s:
        codes = [check_ins.start(s, Told(where="x"), due_at, "2581", "9136", clock.now()) for _ in range(3)]
        first = check_ins.find(s, codes[0]).rid
        s.execute(update(CheckIn).where(CheckIn.rid == first).values(body=DAMAGED))
    with writing() as s:
        assert check_ins.check_in(s, codes[0], "2581", None, clock.now())[1] == check_ins.WrongWord(0)
    travel.shift(timedelta(hours=1))
    turn()
    assert calls(twilio) == ["Дежурство: 3"]
    for code in codes:
        with reading() as s:
            alert_id = check_ins.find(s, code).alert_id
        assert alert_id is not None
        assert state(alert_id) == "calling"
        assert stand(alert_id).told.where == ("" if code == codes[0] else "x")

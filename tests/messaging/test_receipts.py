"""Receipts in any order, their signatures behind a proxy (case 12), and the copies that they let us erase."""

from datetime import timedelta
from itertools import permutations

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from clinic import clock
from clinic.db import reading, writing
from clinic.messaging import erasing, receipts, sending
from clinic.messaging.models import Attempt, Erasure
from clinic.messaging.senders import AskFailed
from clinic.messaging.senders.twilio import TwilioSender
from tests.conftest import Maker
from tests.messaging.conftest import EVENING, error, put, state, token
from tests.twilio_stand_in import Fault, StandIn, Taken, signed_receipt

RANKS = {"accepted": 2, "sent": 3, "delivered": 5}


def send() -> int:
    return sending.work_once(clock.now())


def take(rid: bytes, sid: str, status: str, code: str = "") -> bool:
    with writing() as s:
        return receipts.take(s, token(rid), sid, status, code, clock.now())


def erasures() -> int:
    with reading() as s:
        return s.scalar(select(func.count()).select_from(Erasure)) or 0


@pytest.mark.parametrize("order", list(permutations(("queued", "sent", "delivered", "sent"), 4))[::3])
def test_receipts_move_a_message_forward_in_whatever_order_they_come(
    sms_app_on: Flask, twilio: StandIn, order: tuple[str, ...]
) -> None:
    assert sms_app_on is not None
    rid = put()
    send()
    seen = []
    for status in order:
        take(rid, twilio.taken[0].sid, status)
        seen.append(RANKS[state(rid)])
    assert seen == sorted(seen)
    assert state(rid) == "delivered"


@pytest.mark.parametrize(
    ("status", "code", "after"),
    [("undelivered", "30003", "undelivered"), ("failed", "30007", "failed"), ("canceled", "", "failed"),
     ("read", "", "delivered"), ("something new", "", "accepted")],
)  # fmt: skip
def test_what_ends_badly_is_kept_with_its_code(
    sms_app: Flask, twilio: StandIn, status: str, code: str, after: str
) -> None:
    assert sms_app is not None
    rid = put()
    send()
    take(rid, twilio.taken[0].sid, status, code)
    assert (state(rid), error(rid)) == (after, code)


def test_a_receipt_before_the_result_is_written_stays(sms_app: Flask, twilio: StandIn) -> None:
    assert sms_app is not None
    rid = put()

    def receipt(form: dict[str, str]) -> None:
        with sms_app.app_context(), writing() as s:
            receipts.take(s, form["StatusCallback"].rsplit("/", 1)[1], f"SM{0:032x}", "delivered", "", EVENING)

    twilio.on_create = receipt
    send()
    assert state(rid) == "delivered"


def test_a_receipt_ends_unknown(sms_app: Flask, twilio: StandIn) -> None:
    assert sms_app is not None
    twilio.plan = lambda _n, _form: Fault(takes=True, answer="lost")
    rid = put()
    send()
    with writing() as s:
        from clinic.messaging import states

        states.end(s, rid, 1, "unknown", "redacted")
    take(rid, twilio.taken[0].sid, "sent")
    assert (state(rid), error(rid)) == ("sent", "")


def test_a_receipt_for_a_message_that_is_gone_has_the_copy_erased(sms_app: Flask) -> None:
    assert sms_app is not None
    with writing() as s:
        assert not receipts.take(s, "no such token", "SM5", "sent", "", EVENING)
        assert not receipts.take(s, "no such token", "", "sent", "", EVENING)
        assert not receipts.take(s, "no such token", "S" * 41, "sent", "", EVENING)
    assert erasures() == 1


def test_a_sid_that_a_twin_holds_is_left_to_it(sms_app: Flask, twilio: StandIn) -> None:
    assert sms_app is not None
    first, second = put(about="a"), put(about="b", to="+77010000002")
    send()
    twilio.plan = lambda _n, _form: Fault(takes=True, answer="lost")
    third = put(about="c", to="+77010000003")
    send()
    assert take(third, twilio.taken[0].sid, "sent")
    assert [state(rid) for rid in (first, second, third)] == ["accepted", "accepted", "sent"]


def test_the_copy_goes_when_the_message_is_final(sms_app: Flask, twilio: StandIn) -> None:
    assert sms_app is not None
    rid = put()
    send()
    copy = twilio.taken[0]
    assert erasing.work_once(clock.now()) == 0
    copy.status = "sent"
    take(rid, copy.sid, "sent")
    assert erasing.work_once(clock.now() + timedelta(seconds=9)) == 0
    copy.status = "delivered"
    take(rid, copy.sid, "delivered")
    assert erasing.work_once(clock.now()) == 1
    assert copy.deleted
    assert erasures() == 0


def test_the_copy_goes_after_a_day_without_news(
    sms_app: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    assert sms_app is not None
    put()
    send()
    twilio.taken[0].status = "sent"
    travel.shift(timedelta(hours=23))
    assert erasing.work_once(clock.now()) == 0
    travel.shift(timedelta(hours=2))
    assert erasing.work_once(clock.now()) == 1
    assert twilio.taken[0].deleted


def test_a_copy_that_does_not_go_yet_is_tried_again(
    sms_app: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    assert sms_app is not None
    rid = put()
    send()
    take(rid, twilio.taken[0].sid, "delivered")  # the stand-in itself still calls it queued: 409
    assert erasing.work_once(clock.now()) == 0
    twilio.taken[0].status = "delivered"
    assert erasing.work_once(clock.now()) == 0
    travel.shift(timedelta(minutes=11))
    twilio.deletes_answer = False
    assert erasing.work_once(clock.now()) == 0
    travel.shift(timedelta(minutes=21))
    twilio.deletes_answer = True
    assert erasing.work_once(clock.now()) == 1
    assert twilio.taken[0].deleted


def test_a_provider_that_does_not_answer_is_asked_once_not_twenty_times(
    sms_app: Flask, twilio: StandIn, travel: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(5):
        put(f"+7701000000{n}", about=f"v:{n}")
    while send():
        pass
    for taken in twilio.taken:
        with writing() as s:
            receipts.take(s, s.scalars(select(Attempt.token).where(Attempt.sid == taken.sid)).one(), taken.sid,
                          "delivered", "", clock.now())  # fmt: skip
        taken.status = "delivered"
    asked: list[str] = []

    def silent(_sender: TwilioSender, sid: str) -> None:
        asked.append(sid)
        raise AskFailed("time is up")

    monkeypatch.setattr(TwilioSender, "erase", silent)
    assert erasing.work_once(clock.now()) == 0
    assert len(asked) == 1
    monkeypatch.undo()
    travel.shift(timedelta(minutes=6))
    assert erasing.work_once(clock.now()) == 4  # the others did not wait for nothing
    travel.shift(timedelta(minutes=6))
    assert erasing.work_once(clock.now()) == 1


def test_a_copy_that_is_gone_counts_as_deleted(sms_app: Flask, twilio: StandIn) -> None:
    assert sms_app is not None
    rid = put()
    send()
    twilio.taken[0].deleted = True
    take(rid, twilio.taken[0].sid, "delivered")
    assert erasing.work_once(clock.now()) == 1


def test_nothing_is_erased_while_the_list_is_still_needed(
    sms_app: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    assert sms_app is not None
    rid = put()
    send()
    twilio.taken[0].status = "delivered"
    take(rid, twilio.taken[0].sid, "delivered")
    twilio.plan = lambda _n, _form: Fault(takes=True, answer="lost")
    put(about="b", to="+77010000002")
    send()
    travel.shift(timedelta(seconds=61))
    assert erasing.work_once(clock.now()) == 0
    assert not twilio.taken[0].deleted


# --- over HTTP, behind a proxy

PUBLIC = "https://keshki.example"


@pytest.fixture
def public_app(make_app: Maker, twilio: StandIn) -> Flask:
    return make_app("sqlite", twilio.environ() | {"KESHKI_BASE_URL": PUBLIC, "KESHKI_PROXIES": "1"})


@pytest.fixture
def sent(public_app: Flask, twilio: StandIn) -> tuple[bytes, Taken]:
    assert public_app is not None
    rid = put()
    send()
    return rid, twilio.taken[0]


@pytest.mark.parametrize(
    "proxy",
    [{}, {"X-Forwarded-Proto": "https"}, {"X-Forwarded-Proto": "http"}, {"Host": "evil.example"},
     {"X-Forwarded-Host": "evil.example", "X-Forwarded-For": "203.0.113.9"}],
)  # fmt: skip
def test_case_12_a_signature_for_the_public_address_passes_whatever_the_proxy_says(
    public_app: Flask, sent: tuple[bytes, Taken], proxy: dict[str, str]
) -> None:
    rid, message = sent
    assert message.callback == f"{PUBLIC}/hooks/twilio/status/{token(rid)}"
    form, headers = signed_receipt(message, "delivered")
    answer = public_app.test_client().post(message.callback.removeprefix(PUBLIC), data=form, headers=headers | proxy)
    assert answer.status_code == 204
    assert "Set-Cookie" not in answer.headers
    assert state(rid) == "delivered"


def test_case_12_a_parameter_twice_is_signed_twice(public_app: Flask, sent: tuple[bytes, Taken]) -> None:
    from twilio.request_validator import RequestValidator
    from werkzeug.datastructures import MultiDict

    rid, message = sent
    form = MultiDict([("MessageSid", message.sid), ("MessageStatus", "sent"), ("X", "1"), ("X", "2")])
    signature = RequestValidator("stand-in-token").compute_signature(message.callback, form)
    path = message.callback.removeprefix(PUBLIC)
    client = public_app.test_client()
    assert client.post(path, data=form, headers={"X-Twilio-Signature": signature}).status_code == 204
    assert state(rid) == "sent"
    form.add("X", "3")
    assert client.post(path, data=form, headers={"X-Twilio-Signature": signature}).status_code == 403


@pytest.mark.parametrize(
    "wrong", ["none", "garbage", "letters", "another host", "http", "another body", "no body", "another token"]
)
def test_case_12_every_other_signature_is_refused(public_app: Flask, sent: tuple[bytes, Taken], wrong: str) -> None:
    from dataclasses import replace

    rid, message = sent
    signed_for = {
        "another host": message.callback.replace("keshki", "evil"),
        "http": message.callback.replace("https", "http"),
        "another token": message.callback + "x",
    }.get(wrong, message.callback)
    form, headers = signed_receipt(replace(message, callback=signed_for), "delivered")
    if wrong == "none":
        headers = {}
    elif wrong == "garbage":
        headers = {"X-Twilio-Signature": "AAAA"}
    elif wrong == "letters":
        headers = {"X-Twilio-Signature": "ÿ"}
    elif wrong == "another body":
        form["MessageStatus"] = "failed"
    elif wrong == "no body":
        form = {}
    answer = public_app.test_client().post(message.callback.removeprefix(PUBLIC), data=form, headers=headers)
    assert answer.status_code == 403
    assert state(rid) == "accepted"


def test_case_12_an_empty_body_rightly_signed_changes_nothing(public_app: Flask, sent: tuple[bytes, Taken]) -> None:
    from twilio.request_validator import RequestValidator

    rid, message = sent
    signature = RequestValidator("stand-in-token").compute_signature(message.callback, {})
    path = message.callback.removeprefix(PUBLIC)
    answer = public_app.test_client().post(path, headers={"X-Twilio-Signature": signature})
    assert answer.status_code == 204
    assert state(rid) == "accepted"


def test_without_twilio_every_receipt_is_refused(app: Flask) -> None:
    assert app.test_client().post("/hooks/twilio/status/x", data={"MessageSid": "SM1"}).status_code == 403


def test_case_12_twilio_without_a_public_address_stops_the_start() -> None:
    from clinic.config import ConfigError, read

    environ = {
        "TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "x", "TWILIO_FROM": "Keshki", "KESHKI_KEYS": "/keys",
    }  # fmt: skip
    with pytest.raises(ConfigError, match="KESHKI_BASE_URL"):
        read(environ)
    with pytest.raises(ConfigError, match="KESHKI_BASE_URL"):
        read(environ | {"KESHKI_BASE_URL": "http://keshki.example"})


def test_the_demo_shows_what_would_have_gone_out(demo_app: Flask, travel: time_machine.Traveller) -> None:
    assert travel is not None
    put()
    assert send() == 1
    page = demo_app.test_client().get("/ru/dev/outbox").get_data(as_text=True)
    assert "Напоминание: вторник, 24 ноября, 20:20." in page
    assert "сегодня, вт 24 ноября, 19:40" in page


def test_outside_the_demo_there_is_no_outbox_page(sms_app: Flask) -> None:
    assert sms_app.test_client().get("/ru/dev/outbox").status_code == 404

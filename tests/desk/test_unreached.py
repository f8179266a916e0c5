"""A number that no message reaches: she and the desk read that none will come; a refused sender is seen there too."""

from datetime import timedelta

import pytest
from flask_babel import gettext as _
from sqlalchemy import select, update

from clinic import clock
from clinic.booking import appointments, rearranging
from clinic.db import reading, writing
from clinic.messaging import news, outbox
from clinic.messaging.models import Message
from tests.desk.conftest import Desk

PHONE = "+77010000001"
NONE_COMES = "SMS не придёт."


@pytest.mark.parametrize("code", ["21211", "21610", "30005"])
def test_she_and_the_desk_read_that_no_message_will_come(desk: Desk, code: str) -> None:
    made = desk.booked(60, PHONE)
    rid, ticket = made.appointment.rid, made.appointment.ticket
    clerk, page = desk.client(), desk.url(f"/visit/{ticket}?act=stop")
    with desk.app.test_request_context("/ru"):
        told, untold = _("An SMS will tell it."), _("No SMS can tell it: it has to be told at the door.")
    assert told in clerk.get(page).text
    with reading() as s:
        assert rearranging.reachable(s, appointments.row_of(s, rid), clock.now())
    with writing() as s:
        pass_id = appointments.row_of(s, rid).pass_id
        late = clock.now() + timedelta(minutes=60)
        key = outbox.put(s, pass_id, f"appointment:{rid.hex()}", "late", PHONE, "x", clock.now(), late, desk.day)
        s.execute(update(Message).where(Message.rid == key).values(state="sending", tries=1))
        news.refused(s, key, 1, code, clock.now())
    with reading() as s:
        assert not rearranging.reachable(s, appointments.row_of(s, rid), clock.now())
    her = desk.stranger().post("/ru/mine", data={"code": made.code}).text
    assert NONE_COMES in her
    after = clerk.get(page).text
    assert untold in after
    assert told not in after


def test_the_desk_and_the_list_of_what_is_missing_say_that_the_provider_refuses_us(desk: Desk) -> None:
    desk.booked(60, PHONE)
    clerk = desk.client()
    assert "SMS не уходят" not in clerk.get(desk.url()).text
    with writing() as s:
        late = clock.now() + timedelta(minutes=60)
        key = outbox.put(s, None, "appointment:x", "late", PHONE, "x", clock.now(), late, desk.day)
        s.execute(update(Message).where(Message.rid == key).values(error="21606"))
    text = clerk.get(desk.url()).text
    assert "SMS не уходят" in text
    assert "21606" in text
    with reading() as s:
        assert s.scalars(select(Message.state).where(Message.rid == key)).one() == "waiting"

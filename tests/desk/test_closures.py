"""Closures at the desk: one form, who is touched, everything carried out together, and taken back."""

import re
from datetime import timedelta

from sqlalchemy import select

from clinic import clock
from clinic.booking.models import Appointment
from clinic.db import reading
from clinic.directory.models import Closure
from tests.desk.conftest import Desk, csrf
from tests.desk.rearranging import choose, fields
from tests.desk.test_late import PHONE

ROOM_SHUT = {"room": "1", "day": "24.11.2026", "hour": "19:00", "last_hour": "22.00", "reason": "Аигуль заболела"}


def form(client, url: str, **sent: str) -> dict[str, str]:  # type: ignore[no-untyped-def]
    page = client.get(url).text
    token = page.split('name="token" value="')[1].split('"')[0]
    return {"csrf_token": csrf(client, url), "token": token, "act": "look", **sent}


def test_a_closure_moves_and_cancels_and_lists_whom_nobody_told(desk: Desk) -> None:
    women = [desk.booked(20) for _room in desk.rooms]
    clerk, url = desk.client(), f"/staff/closures/{desk.slug}"
    looked = clerk.post(url, data=form(clerk, url, **(ROOM_SHUT | {"room": "0"})))
    assert looked.status_code == 200
    assert looked.text.count('value="stop" required') == 3
    off = women[0].appointment.ticket
    sent = choose(looked.text, {off: "stop"})
    late = desk.booked(60)
    more = clerk.post(url, data={**sent, "act": "close"})
    assert more.status_code == 409
    assert str(late.appointment.ticket) in more.text
    sent = {**choose(more.text, {off: "stop"}), "act": "close"}
    done = clerk.post(url, data=sent)
    assert done.status_code == 200
    assert clerk.post(url, data=sent).text == done.text  # pressed twice, done once
    with reading() as s:
        assert s.scalars(select(Closure.reason)).one().ru == "Аигуль заболела"
        rows = {row.rid: row for row in s.execute(select(Appointment.rid, Appointment.status, Appointment.start_cell))}
    assert rows[women[0].appointment.rid].status == "cancelled"
    opens = clock.now() + timedelta(hours=2, minutes=20)
    for one in (*women[1:], late):
        assert clock.moment(rows[one.appointment.rid].start_cell) >= opens
    page = clerk.get(url).text
    assert "Этим номерам сообщить не удалось" in page
    assert page.count('class="nm"') == 4
    assert "Аигуль заболела" in page
    assert "Аигуль" not in desk.stranger().get(f"/ru/at/{desk.slug}").text


def test_a_closure_is_taken_back_and_a_wrong_form_says_where(desk: Desk) -> None:
    clerk, url = desk.client(), f"/staff/closures/{desk.slug}"
    looked = clerk.post(url, data=form(clerk, url, **ROOM_SHUT)).text
    assert clerk.post(url, data={**fields(looked), "act": "close"}).status_code == 200
    token = csrf(clerk, url)
    assert clerk.post(url, data={"csrf_token": token, "act": "reopen", "closure": "1"}).status_code == 303
    assert clerk.post(url, data={"csrf_token": token, "act": "reopen", "closure": "x"}).status_code == 422
    with reading() as s:
        assert s.scalars(select(Closure)).all() == []
    for wrong in (
        {"day": "31.02.2026"}, {"day": ""}, {"room": "99"}, {"last_day": "20.11.2026"}, {"hour": "25:00"},
        {"day": "01.11.2026", "last_day": "02.11.2026"}, {"last_day": "01.01.2029"}, {"day": "9" * 5000},
    ):  # fmt: skip
        answer = clerk.post(url, data=form(clerk, url, **(ROOM_SHUT | wrong)))
        assert answer.status_code == 422, wrong
        assert 'class="err"' in answer.text
        assert "Аигуль заболела" in answer.text


def test_several_days_and_a_night(desk: Desk) -> None:
    clerk, url = desk.client(), f"/staff/closures/{desk.slug}"
    for sent, since, until in (
        ({"hour": "", "last_hour": "", "last_day": "2026-11-26"}, (24, 6), (27, 6)),
        ({"hour": "20:00", "last_hour": "02:00"}, (24, 20), (25, 2)),
    ):
        looked = clerk.post(url, data=form(clerk, url, **(ROOM_SHUT | sent))).text
        assert clerk.post(url, data={**fields(looked), "act": "close"}).status_code == 200
        with reading() as s:
            shut = s.scalars(select(Closure).order_by(Closure.id.desc()).limit(1)).one()
        starts, ends = clock.local(shut.starts_at), clock.local(shut.ends_at)
        assert ((starts.day, starts.hour), (ends.day, ends.hour)) == (since, until)


def test_a_decree_leaves_visits_outside_the_hours_and_the_desk_settles_them(desk: Desk) -> None:
    one, two = desk.booked(24 * 60), desk.booked(24 * 60 + 20)
    decree = desk.app.test_cli_runner().invoke(args=["locations", "decree", "2026-11-25", "off", "--ru", "Выборы"])
    assert decree.exit_code == 0, decree.output
    clerk, url = desk.client(), f"/staff/closures/{desk.slug}"
    assert "2 записи вне часов работы" in clerk.get(url).text
    looked = clerk.post(url, data={"csrf_token": csrf(clerk, url), "act": "outside"}).text
    done = clerk.post(url, data={**choose(looked, {two.appointment.ticket: "stop"}), "act": "settle"})
    assert done.status_code == 200, done.text
    with reading() as s:
        rows = dict(s.execute(select(Appointment.rid, Appointment.by_place)).all())
    assert rows == {one.appointment.rid: "moved", two.appointment.rid: "closed"}
    assert "вне часов работы" not in clerk.get(url).text
    back = desk.app.test_cli_runner().invoke(args=["locations", "decree", "2026-11-25", "forget"])
    assert back.exit_code == 0


def test_a_later_time_that_can_be_told_is_proposed_and_all_else_needs_a_decision(desk: Desk) -> None:
    told, untold = desk.booked(20, PHONE).appointment, desk.booked(20).appointment
    clerk, url = desk.client(), f"/staff/closures/{desk.slug}"
    looked = clerk.post(url, data=form(clerk, url, **(ROOM_SHUT | {"room": "0"}))).text
    groups: dict[int, list[tuple[str, bool]]] = {told.ticket: [], untold.ticket: []}
    for ticket, value, checked in re.findall(r'name="v:[^"]*:(\d+)" value="([^"]+)" required( checked)?', looked):
        groups[int(ticket)].append((value, bool(checked)))
    assert [value for value, checked in groups[told.ticket] if checked] == [groups[told.ticket][0][0]]
    assert not any(checked for _value, checked in groups[untold.ticket]), "nobody can tell her: the desk decides"
    starts = [clock.moment(int(value.split(":")[1])) for value, _ in groups[told.ticket] if value != "stop"]
    assert starts[0] > told.start, "later, never earlier by itself"
    assert len(starts) > 2, "other times can be chosen"
    assert "Текст SMS: Время изменилось" in looked, "and what the SMS says is shown first"
    hidden = {name: value for name, value in fields(looked).items() if not name.startswith("v:")}
    decided = {f"v:{desk.day}:{told.ticket}": groups[told.ticket][0][0]}
    assert clerk.post(url, data={**hidden, **decided, "act": "close"}).status_code == 409
    chosen = groups[untold.ticket][2][0]
    done = clerk.post(url, data={**hidden, **decided, f"v:{desk.day}:{untold.ticket}": chosen, "act": "close"})
    assert done.status_code == 200
    with reading() as s:
        at = s.scalars(select(Appointment.start_cell).where(Appointment.rid == untold.rid)).one()
    assert at == int(chosen.split(":")[1]), "that very time"


def test_a_reason_takes_no_number_of_anybody(desk: Desk) -> None:
    clerk, url = desk.client(), f"/staff/closures/{desk.slug}"
    looked = clerk.post(url, data=form(clerk, url, **(ROOM_SHUT | {"reason": "спросить +7 701 111 22 33"})))
    assert looked.status_code == 422
    assert "+7 701 111 22 33" in looked.text

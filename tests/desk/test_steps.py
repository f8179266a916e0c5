"""One click per step, undone by one click, and two desks that press at once."""

import itertools
from datetime import timedelta
from threading import Barrier, Thread

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from clinic import clock
from clinic.audit import Audit
from clinic.booking import appointments, marking
from clinic.booking.models import Appointment
from clinic.booking.refusals import StatusChanged
from clinic.db import reading, writing
from clinic.desk import board
from tests.desk.conftest import Desk, furnish, post


def status(ticket: int) -> str:
    with reading() as s:
        return str(s.execute(select(Appointment.status).where(Appointment.ticket == ticket)).scalar_one())


def test_a_visit_goes_through_the_evening_and_all_the_way_back(desk: Desk) -> None:
    ticket, client = desk.woman(0), desk.client()
    way = ["booked", "here", "in_room", "done"]
    for was, to in [*itertools.pairwise(way), *zip(way[::-1], way[::-1][1:], strict=False)]:
        answer = post(client, desk.url(), "/step", {"step": f"{ticket}:{was}:{to}"})
        assert answer.status_code == 200
        assert status(ticket) == to
    post(client, desk.url(), "/step", {"step": f"{ticket}:booked:missed"})
    assert status(ticket) == "missed"
    post(client, desk.url(), "/step", {"step": f"{ticket}:missed:booked"})
    assert status(ticket) == "booked"


def test_the_answer_offers_to_undo_what_was_just_done(desk: Desk) -> None:
    ticket, client = desk.woman(0), desk.client()
    page = post(client, desk.url(), "/step", {"step": f"{ticket}:booked:here"}).text
    said = page.split('id="said"')[1].split("</div>")[0]
    assert f'value="{ticket}:here:booked"' in said


def test_without_the_script_a_step_leads_back_to_the_roster(desk: Desk) -> None:
    ticket, client = desk.woman(0), desk.client()
    answer = post(client, desk.url(), "/step", {"step": f"{ticket}:booked:here"}, scripted=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, desk.url() + "#now")
    again = post(client, desk.url(), "/step", {"step": f"{ticket}:booked:here"}, scripted=False)
    assert again.status_code == 409
    assert '<table class="roster' in again.text


def test_who_comes_second_is_told_the_truth_and_changes_nothing(desk: Desk) -> None:
    ticket = desk.woman(0)
    one, two = desk.client(), desk.client("aigul")
    post(one, desk.url(), "/step", {"step": f"{ticket}:booked:here"})
    post(one, desk.url(), "/step", {"step": f"{ticket}:here:in_room"})
    late = post(two, desk.url(), "/step", {"step": f"{ticket}:booked:missed"})
    assert late.status_code == 409
    assert status(ticket) == "in_room"
    assert f'value="{ticket}:in_room:done"' in late.text
    assert "notice bad" in late.text


def test_two_clicks_at_once_never_lose_one(app_on: Flask, evening: object) -> None:
    desk = furnish(app_on)
    ticket, rounds = desk.woman(0), 12
    with reading() as s:
        rid = board.rid_of(s, desk.location_id, desk.day, ticket)
    assert rid is not None
    outcomes: list[list[str]] = [[] for _ in range(rounds)]
    gate = Barrier(3)

    def press(actor: str) -> None:
        with app_on.app_context():
            for n in range(rounds):
                was, to = ("booked", "here") if n % 2 == 0 else ("here", "booked")
                gate.wait(20)
                try:
                    with writing() as s:
                        marking.set_status(s, desk.location_id, rid, was, to, actor, clock.now())
                    outcomes[n].append("done")
                except StatusChanged as changed:
                    outcomes[n].append(changed.current)

    threads = [Thread(target=press, args=(f"desk {n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n, round_ in enumerate(outcomes):
        to = "here" if n % 2 == 0 else "booked"
        assert sorted(round_) == sorted(["done", to, to])
    with reading() as s:
        deeds = s.execute(select(Audit.actor, Audit.verb).where(Audit.actor.like("desk %"))).all()
    assert {verb for _actor, verb in deeds} == {"visit.here", "visit.booked"}
    assert len(set(deeds)) == len(deeds), "who did what in this hour stands there once: nobody counts visits by it"


@pytest.mark.parametrize(
    "step",
    [
        "", "1", "1:booked", "1:booked:done", "1:booked:cancelled", "1:done:booked", "x:booked:here", "-1:booked:here",
        "1:booked:here:more", "1:\x00:here", "9" * 5000, "1:здесь:here", "1e3:booked:here", "٢:booked:here:",
    ],
)  # fmt: skip
def test_what_is_no_step_is_refused(desk: Desk, step: str) -> None:
    desk.woman(0)
    answer = post(desk.client(), desk.url(), "/step", {"step": step})
    assert answer.status_code == 422


def test_an_unknown_number_is_gone_not_an_error(desk: Desk) -> None:
    answer = post(desk.client(), desk.url(), "/step", {"step": "99999:booked:here"})
    assert answer.status_code == 409


def test_a_visit_that_she_cancelled_meanwhile_stays_cancelled(desk: Desk) -> None:
    from clinic.directory import catalogue
    from clinic.passes import passes

    booked = desk.booked(40)
    assert booked.code is not None
    with writing() as s:
        appointments.cancel(s, catalogue.current(s), passes.find(s, booked.code), booked.appointment.rid, clock.now())
    answer = post(desk.client(), desk.url(), "/step", {"step": f"{booked.appointment.ticket}:booked:here"})
    assert answer.status_code == 409
    assert status(booked.appointment.ticket) == "cancelled"


def test_nobody_is_here_before_the_day_begins(desk: Desk) -> None:
    ticket = desk.woman(24 * 60)
    tomorrow = desk.url(day=desk.day + timedelta(days=1))
    client = desk.client()
    assert f"{ticket}:booked:here" not in client.get(tomorrow).text
    assert post(client, tomorrow, "/step", {"step": f"{ticket}:booked:here"}).status_code == 422


def test_yesterdays_evening_can_be_closed_this_morning(desk: Desk, evening: time_machine.Traveller) -> None:
    ticket = desk.woman(0)
    evening.shift(timedelta(hours=12))
    answer = post(desk.client(), desk.url(), "/step", {"step": f"{ticket}:booked:missed"})
    assert answer.status_code == 200
    assert status(ticket) == "missed"


def test_a_form_of_another_session_does_nothing(desk: Desk) -> None:
    ticket, client = desk.woman(0), desk.client()
    for token in ("", "forged"):
        answer = client.post(desk.url("/step"), data={"csrf_token": token, "step": f"{ticket}:booked:here"})
        assert answer.status_code == 400
        assert status(ticket) == "booked"

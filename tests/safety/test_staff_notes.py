"""/staff/reports: for coordinators of the organization that reads, in classes, and never what is in a note."""

import io
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from time_machine import Traveller

from clinic import clock
from clinic import ready as readiness
from clinic.audit import Audit
from clinic.db import reading, writing
from clinic.directory.models import Location, Organization
from clinic.privacy import keys
from clinic.safety.reports import boxes, canary, exchange
from clinic.wording import speaking
from tests.conftest import Maker
from tests.desk.conftest import Desk, cheap_argon2, csrf, furnish, person
from tests.safety.notes import PAIR, PLANTED, a_reading_desk, notes

__all__ = ["cheap_argon2"]


@pytest.fixture
def desk(make_app: Maker, evening: Traveller) -> Desk:
    """A desk whose organization reads notes."""
    return a_reading_desk(make_app)


def later(evening: Traveller, weeks: int) -> None:
    evening.shift(timedelta(weeks=weeks))
    keys.ring().advance(clock.today(), leap_days=1000)


def test_numbers_stand_in_classes_and_only_of_weeks_that_are_over(desk: Desk, evening: Traveller) -> None:
    canary.send_due(clock.now())
    notes(5)
    assert "Nothing from a week" in desk.client("chief").get("/en/staff/reports").text
    later(evening, 1)
    notes(4)
    later(evening, 1)
    page = desk.client("chief").get("/en/staff/reports").text
    assert "5 or more" in page
    assert page.count("held back") == 1
    assert ">6<" not in page
    assert PLANTED not in page


def test_the_file_holds_boxes_only_and_fetching_it_is_written_down(desk: Desk) -> None:
    notes(2)
    client = desk.client("chief")
    token = csrf(client, "/staff/reports")
    sent = client.post("/staff/reports/file", data={"csrf_token": token}, buffered=True)
    assert sent.status_code == 200
    assert PLANTED.encode() not in sent.data
    found = list(exchange.read(exchange.NOTES, io.BytesIO(sent.data)))
    assert [PLANTED.encode() in boxes.open_hers(PAIR.secret, box) for _head, box in found] == [True, True]
    with reading() as s:
        assert ("chief", "notes exported") in s.execute(select(Audit.actor, Audit.verb)).all()


def test_a_coordinator_of_another_organization_sees_who_reads_and_no_number(desk: Desk, evening: Traveller) -> None:
    with writing() as s:
        foreign = s.execute(select(Location.id).where(Location.slug == desk.foreign_slug)).scalar_one()
        person(s, "foreign", "coordinator", foreign)
    notes(7)
    later(evening, 1)
    client = desk.client("foreign")
    page = client.get("/en/staff/reports").text
    assert "read by Org" in page
    assert "or more" not in page
    token = csrf(client, "/staff/pin")
    assert client.post("/staff/reports/file", data={"csrf_token": token}).status_code == 404


def test_a_canary_that_does_not_come_back_is_said(desk: Desk, evening: Traveller) -> None:
    canary.send_due(clock.now())
    assert "has not come back" in desk.client("chief").get("/en/staff/reports").text
    later(evening, 8)
    assert "That is too long" in desk.client("chief").get("/en/staff/reports").text


def test_without_keys_a_coordinator_reads_why(app: Flask, evening: object) -> None:
    assert "No organization has made keys" in furnish(app).client("chief").get("/en/staff/reports").text


def test_what_is_missing_says_a_list_that_ends_a_stranger_and_a_late_canary(desk: Desk, evening: Traveller) -> None:
    def said() -> str:
        with reading() as s, speaking("en"):
            return " ".join(str(lack) for lack in readiness.missing(s))

    canary.send_due(clock.now())
    assert "notes" not in said()
    later(evening, 54)
    assert "The list of keys for notes ends on 2027-12-29" in said()
    assert "own note has not come back" in said()
    with writing() as s:
        s.execute(update(Organization).where(Organization.slug == "org").values(slug="renamed"))
    assert "not in the directory: org" in said()

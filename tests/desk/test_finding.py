"""Number and first letter, as people type them."""

import pytest

from clinic.booking import appointments, tickets
from clinic.booking.models import Appointment
from clinic.db import reading
from clinic.desk import finding
from tests.desk.conftest import Desk, post


@pytest.mark.parametrize(
    ("typed", "means"),
    [
        ("27 т", (27, "т")),
        ("27т", (27, "т")),
        ("  27   Т ", (27, "т")),
        ("т27", (27, "т")),
        ("Тюльпан 27", (27, "т")),
        ("27 тюльпан", (27, "т")),
        ("Қызғалдақ 27", (27, "қ")),
        ("27-t", (27, "t")),
        ("27, T", (27, "t")),
        ("\u200e27\u200f т", (27, "т")),
        ("２７ т", (27, "т")),
        ("27", None),
        ("т", None),
        ("", None),
        ("0 т", None),
        ("27 🌷", None),
        ("27 т 28 т", None),
        ("999999 т", None),
        ("27\x00т", None),
        ("27 " + "т" * 5000, None),
        ("٢٧ т", None),
    ],
)
def test_what_is_typed(typed: str, means: tuple[int, str] | None) -> None:
    assert finding.parse(typed) == means


def noun_of(ticket: int) -> int:
    with reading() as s:
        return int(s.query(Appointment.noun).filter(Appointment.ticket == ticket).scalar())


def test_the_card_opens_with_a_letter_of_any_language_and_with_no_other(desk: Desk) -> None:
    ticket = desk.woman(40)
    letters = tickets.letters(noun_of(ticket))
    wrong = next(letter for letter in "бвгджзклмнпрстфхцчшщэюя" if letter not in letters)
    client = desk.client()
    for letter in letters:
        found = post(client, desk.url(), "/find", {"q": f"{ticket} {letter}"}).text
        assert f'value="{ticket}:booked:here"' in found
        assert "40" in found
    for typed in (f"{ticket} {wrong}", f"{ticket}", f"{ticket + 1} {min(letters)}", "", "\x00", "9" * 1000):
        refused = post(client, desk.url(), "/find", {"q": typed})
        assert refused.status_code == 200
        assert f"{ticket}:booked" not in refused.text


def test_without_the_script_the_card_stands_on_the_whole_page(desk: Desk) -> None:
    ticket = desk.woman(40)
    letter = min(tickets.letters(noun_of(ticket)))
    page = post(desk.client(), desk.url(), "/find", {"q": f"{letter}{ticket}"}, scripted=False).text
    assert '<table class="roster' in page
    assert 'class="card got"' in page


def test_a_visit_of_another_place_or_day_is_not_found(desk: Desk) -> None:
    ticket = desk.woman(40)
    letter = min(tickets.letters(noun_of(ticket)))
    other = desk.client("dala")
    url = desk.url(slug=desk.foreign_slug)
    assert f"{ticket}:booked" not in post(other, url, "/find", {"q": f"{ticket} {letter}"}).text
    with reading() as s:
        from clinic.directory import catalogue

        assert appointments.find_by_ticket(s, catalogue.current(s), desk.location_id, desk.day, ticket, letter)

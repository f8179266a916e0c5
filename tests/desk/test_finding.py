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


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ә. т", (27, "т")),  # the number row of the Kazakh layout
        ("ә.т", (27, "т")),
        ("Ә. Т", (27, "т")),
        ("тюльпан ә.", (27, "т")),
        ("ү һ", (8, "һ")),
        ('"қ т', (10, "т")),
        ("2 v", (2, "м")),  # the Latin layout under a Cyrillic word
        ("9 ;", (9, "ж")),
        ("9;", (9, "ж")),
        ("9 .", (9, "ю")),
        ("27 0", (27, "қ")),
        ("№4 f", (4, "а")),
        ("#4 f", (4, "f")),
    ],
)
def test_a_keyboard_that_was_switched_to_another_script_is_understood(typed: str, meant: tuple[int, str]) -> None:
    assert meant in finding.readings(typed)


@pytest.mark.parametrize("typed", ["қызғалдақ", "тюльпан", "ғылым", "; 9 ;", "27,", "27.", "қ т", "әәәәәә т"])
def test_a_word_alone_is_no_number_of_the_kazakh_row(typed: str) -> None:
    assert finding.readings(typed) == ()


def test_what_stands_there_is_tried_before_what_another_layout_would_give() -> None:
    assert finding.readings("2 v") == ((2, "v"), (2, "м"))
    assert finding.readings("27 т") == ((27, "т"),)


def test_the_desk_finds_her_whatever_layout_the_keyboard_is_in(desk: Desk) -> None:
    ticket = desk.woman(40)
    row = dict(zip("1234567890", '"әіңғ,.үұқ', strict=True))
    letter = next(one for one in sorted(tickets.letters(noun_of(ticket))) if "а" <= one <= "я")
    key = dict(zip("йцукенгшщзхъфывапролджэячсмитьбю", "qwertyuiop[]asdfghjkl;'zxcvbnm,.", strict=True))[letter]
    for typed in (f"{''.join(row[d] for d in str(ticket))} {letter}", f"{ticket} {key}"):
        assert f'value="{ticket}:booked:here"' in post(desk.client(), desk.url(), "/find", {"q": typed}).text, typed


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

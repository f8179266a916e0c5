"""The counter of a point: found by number and letter, handed over, taken back; what comes in, is counted, leaves."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from clinic import clock
from clinic.booking import tickets
from clinic.db import reading, writing
from clinic.desk import stocking
from clinic.directory import catalogue
from clinic.directory.models import Location
from clinic.kits import orders
from clinic.kits.models import Entry, Expected, Holding, KitOrder, KitType, Lot
from clinic.passes import passes
from tests.desk.conftest import PASSWORD, Browser, csrf, person, sign_in
from tests.kits import shelves
from tests.kits.shelves import Placed, on_shelf, ordered

PHONE = "+77011234567"
SCAN = "010460000000001517270331" + "10OR-2417"


@dataclass
class Shop:
    """A point with two kits, a second point of the same organization, and a foreign one."""

    app: Flask
    point: int
    other: int
    foreign: int
    a: int
    b: int
    slug: str
    foreign_slug: str

    def client(self, login: str = "asel") -> FlaskClient:
        client = Browser(self.app, self.app.response_class)
        assert sign_in(client, login, PASSWORD).status_code == 303
        return client

    def url(self, tail: str = "") -> str:
        return f"/staff/points/{self.slug}{tail}"


@pytest.fixture
def shop(app: Flask, evening: object) -> Shop:
    return open_shop(app)


def open_shop(app: Flask) -> Shop:
    with writing() as s:
        a, b = shelves.a_kit(s, "A"), shelves.a_kit(s, "B")
        point = shelves.a_point(s, "Dala")
        other = shelves.a_point(s, "Tan", lat=43.26)
        foreign = shelves.a_point(s, "Aina", organization="else")
        slugs = {row.id: row.slug for row in s.scalars(select(Location))}
        person(s, "asel", "point_keeper", point)
        person(s, "rec", "receptionist", point)
        person(s, "doctor", "coordinator", None, s.get_one(Location, point).organization_id)
        person(s, "stranger", "point_keeper", foreign)
        person(s, "clinician", "clinician", point)
    return Shop(app, point, other, foreign, a, b, slugs[point], slugs[foreign])


def press(client: FlaskClient, shop: Shop, tail: str, data: dict[str, str], scripted: bool = False) -> Any:
    headers = {"Keshki-Poll": "1", "Keshki-Active": "1"} if scripted else {}
    sent = {"csrf_token": csrf(client, "/staff/pin"), "token": "t" * 22, **data}
    return client.post(shop.url(tail), data=sent, headers=headers)


def found(client: FlaskClient, shop: Shop, said: str) -> str:
    """The press that the card of an order offers, "" where there is none."""
    page = press(client, shop, "/find", {"q": said}, scripted=True).text
    button = re.search(r'name="step" value="(give:[^"]+)"', page)
    return button[1] if button else ""


def handed_over(client: FlaskClient, shop: Shop, order: Placed) -> Any:
    return press(client, shop, "/step", {"step": found(client, shop, order.said)}, scripted=True)


def balance(point: int, lot: str) -> tuple[int, int]:
    with reading() as s:
        held = s.execute(
            select(Holding.on_hand, Holding.reserved)
            .join(Lot, Lot.id == Holding.lot_id)
            .where(Holding.point_id == point, Lot.number == lot)
        ).one_or_none()
        return (held[0], held[1]) if held else (0, 0)


def status(order: Placed) -> str:
    with reading() as s:
        return str(s.scalars(select(KitOrder.status).where(KitOrder.rid == order.view.rid)).one())


def noun_of(order: Placed) -> int:
    with reading() as s:
        return int(s.scalars(select(KitOrder.noun).where(KitOrder.rid == order.view.rid)).one())


def lot_id(number: str) -> int:
    with reading() as s:
        return int(s.scalars(select(Lot.id).where(Lot.number == number)).one())


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


# --- who may


def test_only_its_own_people_see_a_point(shop: Shop) -> None:
    for login in ("asel", "rec", "doctor"):
        assert shop.client(login).get(shop.url()).status_code == 200, login
    for login in ("stranger", "clinician"):
        client = shop.client(login)
        for tail in ("", "/board", "/receive", "/count", "/write-off", "/move", "/expected", "/recall"):
            assert client.get(shop.url(tail)).status_code == 404, (login, tail)


def test_a_place_that_hands_over_no_kits_has_no_counter(shop: Shop) -> None:
    with writing() as s:
        from clinic.directory.catalogue import changed
        from tests import factories

        place = factories.a_location(s, "No point")
        person(s, "elsewhere", "point_keeper", place.id)
        changed(s)
        slug = place.slug
    assert shop.client("elsewhere").get(f"/staff/points/{slug}").status_code == 404


def test_recall_and_figures_are_the_coordinators(shop: Shop) -> None:
    assert shop.client().get(shop.url("/recall")).status_code == 404
    assert shop.client().get("/staff/figures").status_code == 404
    doctor = shop.client("doctor")
    assert doctor.get(shop.url("/recall")).status_code == 200
    assert doctor.get("/staff/figures").status_code == 200
    assert "/recall" in doctor.get(shop.url()).text
    assert "/recall" not in shop.client().get(shop.url()).text


def test_signing_in_leads_a_keeper_to_the_one_point(shop: Shop) -> None:
    assert shop.client().get("/staff/").headers["Location"] == shop.url()


def test_opening_the_page_keeps_the_point_taking_orders(shop: Shop, evening: time_machine.Traveller) -> None:
    evening.shift(timedelta(days=3))
    shop.client().get(shop.url())
    with reading() as s:
        assert s.get_one(Location, shop.point).desk_seen_on == clock.today()


# --- handing over


def test_number_and_letter_open_the_order_and_two_presses_hand_it_over(shop: Shop) -> None:
    on_shelf(shop.point, shop.a, "OR-2417", 5)
    order = ordered(shop.point, shop.a, 2)
    client = shop.client()
    page = press(client, shop, "/find", {"q": order.said}, scripted=True).text
    assert "OR-2417" in page
    said = handed_over(client, shop, order)
    assert said.status_code == 200
    assert f"{order.view.ticket}. " in text(said.text)
    assert status(order) == "collected"
    assert balance(shop.point, "OR-2417") == (3, 0)


@pytest.mark.parametrize("typed", ["{n}", "{n} ъ", "{m} {letter}", "", "\x00", "9" * 500])
def test_a_number_without_its_letter_opens_nothing(shop: Shop, typed: str) -> None:
    on_shelf(shop.point, shop.a, "OR-2417", 5)
    order = ordered(shop.point, shop.a)
    letter = min(tickets.letters(order.view.noun))
    q = typed.format(n=order.view.ticket, m=order.view.ticket + 1, letter=letter)
    assert found(shop.client(), shop, q) == ""


def test_an_order_of_another_point_is_not_found(shop: Shop) -> None:
    on_shelf(shop.other, shop.a, "OR-2417", 5)
    order = ordered(shop.other, shop.a)
    assert found(shop.client(), shop, order.said) == ""


def test_two_counters_hand_over_the_same_order_and_one_of_them_is_told(shop: Shop) -> None:
    on_shelf(shop.point, shop.a, "OR-2417", 5)
    order = ordered(shop.point, shop.a)
    one, two = shop.client(), shop.client("rec")
    step = found(one, shop, order.said)
    assert found(two, shop, order.said) == step
    assert press(one, shop, "/step", {"step": step}).status_code == 303
    late = press(two, shop, "/step", {"step": step})
    assert late.status_code == 409
    assert balance(shop.point, "OR-2417") == (4, 0)


def test_any_counter_can_undo_within_five_minutes_and_nobody_later(shop: Shop, evening: time_machine.Traveller) -> None:
    on_shelf(shop.point, shop.a, "OR-2417", 5)
    order, client, two = ordered(shop.point, shop.a), shop.client(), shop.client("rec")
    handed_over(client, shop, order)
    evening.shift(timedelta(minutes=4))
    undo = f"back:{order.view.rid.hex()}"
    assert undo in two.get(shop.url()).text
    assert press(two, shop, "/step", {"step": undo}).status_code == 303
    assert (status(order), balance(shop.point, "OR-2417")) == ("reserved", (5, 1))
    handed_over(client, shop, order)
    evening.shift(timedelta(minutes=5, seconds=1))
    assert undo not in client.get(shop.url()).text
    assert press(client, shop, "/step", {"step": undo}).status_code == 409
    assert status(order) == "collected"


def test_an_order_that_waits_for_a_delivery_cannot_be_handed_over(shop: Shop) -> None:
    order = ordered(shop.point, shop.a, waits=True)
    client = shop.client()
    assert found(client, shop, order.said) == ""
    assert str(order.view.ticket) in press(client, shop, "/find", {"q": order.said}, scripted=True).text


def test_a_lot_recalled_while_the_card_is_open_is_not_handed_over(shop: Shop) -> None:
    on_shelf(shop.point, shop.a, "OR-2417", 1, days=100)
    on_shelf(shop.point, shop.a, "OR-2533", 5)
    order, client = ordered(shop.point, shop.a), shop.client()
    step = found(client, shop, order.said)
    press(shop.client("doctor"), shop, "/recall", {"lot_id": str(lot_id("OR-2417")), "act": "recall"})
    answer = press(client, shop, "/step", {"step": step})
    assert answer.status_code == 409
    assert status(order) == "reserved"
    assert "OR-2533" in answer.text
    assert handed_over(client, shop, order).status_code == 200
    assert balance(shop.point, "OR-2533") == (4, 0)


@pytest.mark.parametrize(
    "step", ["", "give", "give:zz", "back:", "back:1..", "drop:1", "give:" + "0" * 32 + ":1", "🌷"]
)
def test_a_press_that_does_not_exist_changes_nothing(shop: Shop, step: str) -> None:
    on_shelf(shop.point, shop.a, "OR-2417", 5)
    assert press(shop.client(), shop, "/step", {"step": step}).status_code in (409, 422)
    assert balance(shop.point, "OR-2417") == (5, 0)


def test_nobody_undoes_an_entry_that_is_not_their_own_deed(shop: Shop) -> None:
    on_shelf(shop.point, shop.a, "OR-2417", 5)
    with reading() as s:
        entry = s.scalars(select(Entry.id)).one()
    assert press(shop.client(), shop, "/step", {"step": f"back:{entry}"}).status_code == 409
    assert balance(shop.point, "OR-2417") == (5, 0)


# --- without an order


def test_a_walk_in_gets_free_kits_once_and_it_can_be_undone(shop: Shop) -> None:
    on_shelf(shop.point, shop.a, "OR-2417", 5)
    client = shop.client()
    for _press in range(2):
        assert press(client, shop, "/walk-in", {"kit": str(shop.a), "quantity": "2"}).status_code == 303
    assert balance(shop.point, "OR-2417") == (3, 0)
    undo = re.search(r'value="(back:[0-9.]+)"', client.get(shop.url()).text)
    assert undo
    assert press(client, shop, "/step", {"step": undo[1]}).status_code == 303
    assert balance(shop.point, "OR-2417") == (5, 0)
    assert press(client, shop, "/step", {"step": undo[1]}).status_code == 409


def test_a_walk_in_never_gets_what_is_set_aside(shop: Shop) -> None:
    on_shelf(shop.point, shop.a, "OR-2417", 2)
    ordered(shop.point, shop.a)
    answer = press(shop.client(), shop, "/walk-in", {"kit": str(shop.a), "quantity": "2"})
    assert answer.status_code == 409
    assert balance(shop.point, "OR-2417") == (2, 1)


@pytest.mark.parametrize("n", ["0", "99", "two", "", "-1", "1.5", "٢"])
def test_a_walk_in_of_a_number_that_cannot_be(shop: Shop, n: str) -> None:
    on_shelf(shop.point, shop.a, "OR-2417", 5)
    answer = press(shop.client(), shop, "/walk-in", {"kit": str(shop.a), "quantity": n})
    assert answer.status_code == 422
    assert "err" in answer.text
    assert balance(shop.point, "OR-2417") == (5, 0)


# --- deliveries


def delivery(shop: Shop, **more: str) -> dict[str, str]:
    return {"kit": str(shop.a), "lot": "OR-2417", "expires": "03.2027", "quantity": "20", "act": "take", **more}


def test_a_delivery_typed_from_the_box_serves_who_waits(shop: Shop) -> None:
    order, client = ordered(shop.point, shop.a, waits=True), shop.client()
    assert press(client, shop, "/receive", delivery(shop)).status_code == 303
    assert balance(shop.point, "OR-2417") == (20, 1)
    assert status(order) == "reserved"


def test_a_delivery_pressed_twice_comes_once(shop: Shop) -> None:
    client = shop.client()
    for _press in range(2):
        assert press(client, shop, "/receive", delivery(shop)).status_code == 303
    assert balance(shop.point, "OR-2417") == (20, 0)


def test_a_delivery_can_be_undone_until_its_kits_have_gone(shop: Shop) -> None:
    client = shop.client()
    press(client, shop, "/receive", delivery(shop, quantity="2"))
    undo = re.search(r'value="(back:[0-9.]+)"', client.get(shop.url()).text)
    assert undo
    order = ordered(shop.point, shop.a)
    assert press(client, shop, "/step", {"step": undo[1]}).status_code == 409
    assert balance(shop.point, "OR-2417") == (2, 1)
    assert status(order) == "reserved"


@pytest.mark.parametrize(("lot", "kept"), [("OR 2417", "OR-2417"), (" or‑2417 ", "OR-2417"), ("OR - 2417", "OR-2417")])
def test_a_lot_number_with_spaces_is_understood(shop: Shop, lot: str, kept: str) -> None:
    assert press(shop.client(), shop, "/receive", delivery(shop, lot=lot)).status_code == 303
    assert balance(shop.point, kept if lot != "OR 2417" else "OR2417") == (20, 0)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"quantity": "0"}, "quantity"),
        ({"quantity": "two"}, "quantity"),
        ({"quantity": ""}, "quantity"),
        ({"quantity": "10001"}, "quantity"),
        ({"lot": "ЛОТ-1"}, "lot"),
        ({"lot": ""}, "lot"),
        ({"lot": "1" * 39}, "lot"),
        ({"expires": "31.02.2027"}, "expires"),
        ({"expires": "03.27"}, "expires"),
        ({"expires": "soon"}, "expires"),
        ({"kit": ""}, "kit"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_all_else_stays(shop: Shop, wrong: dict[str, str], field: str) -> None:
    answer = press(shop.client(), shop, "/receive", delivery(shop, **wrong))
    assert answer.status_code == 422
    assert f'id="{field}-e"' in answer.text
    for name, value in delivery(shop).items():
        if name in ("lot", "expires", "quantity") and name not in wrong:
            assert f'value="{value}"' in answer.text, name
    assert balance(shop.point, "OR-2417") == (0, 0)


@pytest.mark.parametrize("expires", ["23.11.2026", "10.2026", "2024-01-31"])
def test_an_expired_lot_is_not_taken_in(shop: Shop, expires: str) -> None:
    answer = press(shop.client(), shop, "/receive", delivery(shop, expires=expires))
    assert answer.status_code == 422
    assert 'value="OR-2417"' in answer.text
    assert balance(shop.point, "OR-2417") == (0, 0)


def test_a_lot_known_with_another_date_or_recalled_is_not_taken_in(shop: Shop) -> None:
    client = shop.client()
    press(client, shop, "/receive", delivery(shop))
    other = press(client, shop, "/receive", delivery(shop, expires="04.2027", token="u" * 22))
    assert (other.status_code, "03.2027" in other.text) == (422, True)
    press(shop.client("doctor"), shop, "/recall", {"lot_id": str(lot_id("OR-2417")), "act": "recall"})
    assert press(client, shop, "/receive", delivery(shop, token="v" * 22)).status_code == 422
    assert balance(shop.point, "OR-2417") == (20, 0)


def test_a_scan_fills_the_form_in(shop: Shop) -> None:
    page = press(shop.client(), shop, "/receive", {"scan": SCAN, "act": "read", "quantity": "7"}).text
    assert f'value="{shop.a}" id="kit" checked' in page
    assert 'value="OR-2417"' in page
    assert 'value="31.03.2027"' in page
    assert 'value="7"' in page


def test_enter_after_a_scan_reads_it_and_takes_nothing_in(shop: Shop) -> None:
    answer = press(shop.client(), shop, "/receive", {"scan": SCAN, "lot": "", "expires": "", "quantity": "20"})
    assert (answer.status_code, 'value="OR-2417"' in answer.text) == (200, True)
    assert balance(shop.point, "OR-2417") == (0, 0)


@pytest.mark.parametrize("scan", [SCAN[:20], SCAN[:12], "0104600000000016" + SCAN[16:], "(01)0460", "hello", "", "]d2"])
def test_a_scan_cut_off_is_said_and_what_was_typed_stays(shop: Shop, scan: str) -> None:
    answer = press(shop.client(), shop, "/receive", delivery(shop, scan=scan, act="read"))
    assert answer.status_code == 422
    assert 'id="scan-e"' in answer.text
    for kept in ("OR-2417", "03.2027", "20", scan):
        assert f'value="{kept}"' in answer.text


def test_a_scan_of_a_box_that_is_no_kit_asks_which_test_it_is(shop: Shop) -> None:
    answer = press(
        shop.client(), shop, "/receive", {"scan": SCAN.replace("04600000000015", "04600000000039"), "act": "read"}
    )
    assert answer.status_code == 422
    assert 'id="scan-e"' in answer.text


# --- count, write-off, move, expected


def counted(shop: Shop, number: int, why: str = "", was: int = 5) -> dict[str, str]:
    lot = lot_id("OR-2417")
    return {f"lot-{lot}": str(number), f"why-{lot}": why, f"was-{lot}": str(was)}


def test_a_count_that_is_right_writes_nothing(shop: Shop) -> None:
    on_shelf(shop.point, shop.a, "OR-2417", 5)
    assert press(shop.client(), shop, "/count", counted(shop, 5)).status_code == 303
    with reading() as s:
        assert [e.kind for e in s.scalars(select(Entry))] == ["received"]


def test_a_count_that_differs_needs_a_reason_and_makes_an_entry(shop: Shop) -> None:
    on_shelf(shop.point, shop.a, "OR-2417", 5)
    client = shop.client()
    answer = press(client, shop, "/count", counted(shop, 4))
    assert (answer.status_code, 'value="4"' in answer.text) == (422, True)
    assert press(client, shop, "/count", counted(shop, 4, "lost")).status_code == 303
    assert balance(shop.point, "OR-2417") == (4, 0)
    with reading() as s:
        entry = s.scalars(select(Entry).order_by(Entry.id.desc()).limit(1)).one()
        assert (entry.kind, entry.reason, entry.actor, entry.d_on_hand) == ("counted", "lost", "asel", -1)


def test_a_count_of_less_than_is_set_aside_gives_the_order_another_box(shop: Shop) -> None:
    on_shelf(shop.point, shop.a, "OR-2417", 5, days=100)
    on_shelf(shop.point, shop.a, "OR-2533", 5)
    order = ordered(shop.point, shop.a)
    assert press(shop.client(), shop, "/count", counted(shop, 0, "lost")).status_code == 303
    assert (balance(shop.point, "OR-2417"), balance(shop.point, "OR-2533")) == ((0, 0), (5, 1))
    assert status(order) == "reserved"


@pytest.mark.parametrize("number", ["two", "-1", "1e3", "99999"])
def test_a_count_that_is_no_number_changes_nothing_at_all(shop: Shop, number: str) -> None:
    on_shelf(shop.point, shop.a, "OR-2417", 5)
    on_shelf(shop.point, shop.a, "OR-2533", 5)
    other = lot_id("OR-2533")
    sent = {**counted(shop, 4, "lost"), f"lot-{other}": number, f"was-{other}": "5", f"why-{other}": "lost"}
    answer = press(shop.client(), shop, "/count", sent)
    assert answer.status_code == 422
    assert f'value="{number}"' in answer.text
    assert balance(shop.point, "OR-2417") == (5, 0)


def test_what_was_handed_over_while_somebody_counted_is_not_counted_away(shop: Shop) -> None:
    on_shelf(shop.point, shop.a, "OR-2417", 5)
    client = shop.client()
    press(client, shop, "/walk-in", {"kit": str(shop.a), "quantity": "1"})
    answer = press(client, shop, "/count", counted(shop, 5, "found", was=5))
    assert answer.status_code == 422
    assert balance(shop.point, "OR-2417") == (4, 0)


@pytest.mark.parametrize("given", [1, 2])
def test_what_another_counter_hands_over_while_the_count_is_sent_is_not_counted_away(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, given: int
) -> None:
    """The page has read five; before it may write, the other counter has handed some over."""
    on_shelf(shop.point, shop.a, "OR-2417", 5)
    client, other = shop.client(), shop.client("rec")
    own = writing
    handed: list[int] = []

    def writing_after_the_other() -> Any:
        if not handed:
            handed.append(given)
            told = press(other, shop, "/walk-in", {"kit": str(shop.a), "quantity": str(given)})
            assert told.status_code == 303
        return own()

    monkeypatch.setattr(stocking, "writing", writing_after_the_other)
    answer = press(client, shop, "/count", counted(shop, 3 if given == 1 else 4, "lost"))
    assert handed
    assert answer.status_code == 422
    assert f"{5 - given}. " in text(answer.text)
    assert f'value="{5 - given}"' in answer.text  # from here on the count begins again
    assert balance(shop.point, "OR-2417") == (5 - given, 0)


def test_a_count_shows_no_number_before_somebody_has_counted(shop: Shop) -> None:
    on_shelf(shop.point, shop.a, "OR-2417", 5)
    page = shop.client().get(shop.url("/count")).text
    assert re.search(r'<input id="lot-\d+"[^>]* value=""', page)


def test_a_count_without_a_number_is_not_said_to_be_right(shop: Shop) -> None:
    on_shelf(shop.point, shop.a, "OR-2417", 5)
    client = shop.client()
    answer = press(client, shop, "/count", {**counted(shop, 5), f"lot-{lot_id('OR-2417')}": " "})
    assert answer.status_code == 422
    assert "ничего не посчитано" in answer.text
    on_shelf(shop.point, shop.a, "OR-2533", 5)
    assert press(client, shop, "/count", counted(shop, 5)).status_code == 303
    assert "Не посчитано: OR-2533." in text(client.get(shop.url()).text)


def test_who_hands_over_without_an_order_reads_from_which_lot(shop: Shop) -> None:
    on_shelf(shop.point, shop.a, "OR-2533", 5)
    on_shelf(shop.point, shop.a, "OR-2417", 1, days=100)
    client = shop.client()
    assert "Берите из лота OR-2417" in text(client.get(shop.url()).text)
    press(client, shop, "/walk-in", {"kit": str(shop.a), "quantity": "2"})
    after = text(client.get(shop.url()).text)
    assert "лот OR-2417 × 1, OR-2533 × 1" in after
    assert "Берите из лота OR-2533" in after


def test_the_counter_says_what_each_letter_is(shop: Shop) -> None:
    with reading() as s:
        name = s.get_one(KitType, shop.a).name.ru
    client = shop.client()
    assert name
    for tail in ("", "/receive"):
        assert name in client.get(shop.url(tail)).text, tail


def test_a_number_that_waits_no_more_is_said_to_be_handed_over_or_cancelled(shop: Shop) -> None:
    on_shelf(shop.point, shop.a, "OR-2417", 5)
    client = shop.client()
    order = ordered(shop.point, shop.a)
    assert handed_over(client, shop, order).status_code == 200
    again = text(press(client, shop, "/find", {"q": order.said}, scripted=True).text)
    assert f"{order.view.ticket}: уже выдано." in again
    dropped = ordered(shop.point, shop.a)
    with writing() as s:
        orders.cancel(s, catalogue.current(s), passes.find(s, dropped.code), dropped.view.rid, clock.now())
    said = text(press(client, shop, "/find", {"q": dropped.said}, scripted=True).text)
    assert f"{dropped.view.ticket}: заказ отменён." in said
    wrong = next(x for x in "бвгджзклмнпрстфхцчшщэюя" if x not in tickets.letters(noun_of(order)))
    said = text(press(client, shop, "/find", {"q": f"{order.view.ticket} {wrong}"}, scripted=True).text)
    assert "Заказа с таким номером и буквой здесь нет." in said
    assert "выдано" not in said


def test_a_recall_stands_over_everything_at_every_counter_until_the_boxes_are_written_off(shop: Shop) -> None:
    on_shelf(shop.point, shop.a, "OR-2417", 2)
    client = shop.client()
    assert "отложите 2 коробки лота OR-2417" not in text(client.get(shop.url()).text)
    lot = str(lot_id("OR-2417"))
    press(shop.client("doctor"), shop, "/recall", {"lot_id": lot, "act": "recall"})
    for tail in ("", "/board"):
        assert "отложите 2 коробки лота OR-2417" in text(client.get(shop.url(tail)).text), tail
    press(client, shop, "/write-off", {"lot_id": lot, "quantity": "2", "kind": "recalled", "token": "w" * 22})
    assert "отложите" not in text(client.get(shop.url()).text)


def test_a_scan_fills_in_how_many_and_never_over_what_was_typed(shop: Shop) -> None:
    client = shop.client()
    page = press(client, shop, "/receive", {"scan": SCAN + "\x1d3012", "act": "read"}).text
    assert re.search(r'name="quantity" value="12"', page)
    page = press(client, shop, "/receive", {"scan": SCAN + "\x1d3012", "act": "read", "quantity": "7"}).text
    assert re.search(r'name="quantity" value="7"', page)


@pytest.mark.parametrize("layout", ["kazakh", "russian"])
def test_a_scanner_that_types_through_another_layout_is_read_and_the_lot_is_to_be_compared(
    shop: Shop, layout: str
) -> None:
    keys = dict(zip("OR", "ЩК", strict=True))
    if layout == "kazakh":
        keys |= dict(zip("1234567890-", '"әіңғ,.үұқө', strict=True))
    typed = "".join(keys.get(sign, sign) for sign in SCAN)
    page = press(shop.client(), shop, "/receive", {"scan": typed, "act": "read"}).text
    assert 'name="lot" value="OR-2417"' in page
    assert 'value="31.03.2027"' in page
    assert "не была переключена на латиницу" in page
    assert (
        "не была переключена на латиницу"
        not in press(shop.client(), shop, "/receive", {"scan": SCAN, "act": "read"}).text
    )


def test_expired_kits_leave_by_write_off_only(shop: Shop, evening: time_machine.Traveller) -> None:
    on_shelf(shop.point, shop.a, "OR-2417", 5, days=1)
    evening.shift(timedelta(days=1))
    client = shop.client()
    assert press(client, shop, "/walk-in", {"kit": str(shop.a), "quantity": "1"}).status_code == 303  # its last day
    evening.shift(timedelta(days=1))
    client = shop.client()
    lot = str(lot_id("OR-2417"))
    assert press(client, shop, "/walk-in", {"kit": str(shop.a), "quantity": "1", "token": "u" * 22}).status_code == 409
    moved = press(client, shop, "/move", {"lot_id": lot, "quantity": "1", "to": str(shop.other)})
    assert moved.status_code == 422
    assert balance(shop.point, "OR-2417") == (4, 0)
    off = {"lot_id": lot, "quantity": "4", "kind": "expired", "token": "w" * 22}
    assert press(client, shop, "/write-off", off).status_code == 303
    assert balance(shop.point, "OR-2417") == (0, 0)


def test_good_kits_are_not_written_off_as_expired(shop: Shop) -> None:
    on_shelf(shop.point, shop.a, "OR-2417", 5)
    off = {"lot_id": str(lot_id("OR-2417")), "quantity": "4", "kind": "expired"}
    assert press(shop.client(), shop, "/write-off", off).status_code == 422
    assert balance(shop.point, "OR-2417") == (5, 0)


def test_damaged_kits_leave_and_a_foreign_lot_does_not(shop: Shop) -> None:
    on_shelf(shop.point, shop.a, "OR-2417", 5)
    on_shelf(shop.foreign, shop.a, "XX-1", 5)
    client = shop.client()
    off = {"lot_id": str(lot_id("OR-2417")), "quantity": "2", "kind": "damaged"}
    assert press(client, shop, "/write-off", off).status_code == 303
    assert balance(shop.point, "OR-2417") == (3, 0)
    foreign = {"lot_id": str(lot_id("XX-1")), "quantity": "2", "kind": "damaged", "token": "u" * 22}
    assert press(client, shop, "/write-off", foreign).status_code == 422
    assert balance(shop.foreign, "XX-1") == (5, 0)


def test_free_kits_move_within_the_organization_and_nowhere_else(shop: Shop) -> None:
    on_shelf(shop.point, shop.a, "OR-2417", 5)
    order, client = ordered(shop.other, shop.a, waits=True), shop.client()
    move = {"lot_id": str(lot_id("OR-2417")), "quantity": "3"}
    assert press(client, shop, "/move", {**move, "to": str(shop.foreign)}).status_code == 404
    assert press(client, shop, "/move", {**move, "to": str(shop.other)}).status_code == 303
    assert (balance(shop.point, "OR-2417"), balance(shop.other, "OR-2417")) == ((2, 0), (3, 1))
    assert status(order) == "reserved"
    again = {**move, "to": str(shop.other), "token": "u" * 22}
    assert press(client, shop, "/move", again).status_code == 422


def test_an_expected_delivery_is_written_down_and_taken_off(shop: Shop) -> None:
    client = shop.client()
    sent = {"kit": str(shop.a), "quantity": "10", "day": "05.12.2026"}
    assert press(client, shop, "/expected", sent).status_code == 303
    assert press(client, shop, "/expected", sent | {"day": "01.11.2026"}).status_code == 422
    with reading() as s:
        row = s.scalars(select(Expected)).one()
    assert (row.quantity, row.day.isoformat()) == (10, "2026-12-05")
    assert "5" in client.get(shop.url("/expected")).text
    assert press(client, shop, "/expected", {"drop": str(row.id)}).status_code == 303
    with reading() as s:
        assert s.scalars(select(Expected)).all() == []


# --- recall


def test_a_recall_is_shown_first_and_changes_nothing_until_it_is_confirmed(shop: Shop) -> None:
    on_shelf(shop.point, shop.a, "OR-2417", 5, days=100)
    on_shelf(shop.other, shop.a, "OR-2417", 5, days=100)
    on_shelf(shop.point, shop.a, "OR-2533", 1)
    served, waits = ordered(shop.point, shop.a), ordered(shop.other, shop.a, phone=PHONE)
    doctor = shop.client("doctor")
    sent = {"lot_id": str(lot_id("OR-2417")), "act": "look"}
    page = text(press(doctor, shop, "/recall", sent).text)
    assert "10" in page
    with reading() as s:
        assert s.scalars(select(Lot).where(Lot.number == "OR-2417")).one().recalled_on is None
    assert (status(served), status(waits)) == ("reserved", "reserved")
    assert press(doctor, shop, "/recall", sent | {"act": "recall"}).status_code == 303
    assert (status(served), status(waits)) == ("reserved", "backordered")
    assert balance(shop.point, "OR-2533") == (1, 1)
    assert press(doctor, shop, "/recall", sent).status_code == 409
    assert "OR-2417" in text(doctor.get(shop.url()).text)


# --- what is on the screen


def test_neither_phone_nor_code_nor_noun_is_on_any_page(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    rare = next(n for n, noun in enumerate(tickets.NOUNS) if noun.en == "Edelweiss")
    monkeypatch.setattr(tickets, "any_noun", lambda: rare)
    on_shelf(shop.point, shop.a, "OR-2417", 5)
    placed = [ordered(shop.point, shop.a, phone=PHONE) for _ in range(3)]
    client, doctor = shop.client(), shop.client("doctor")
    pages = [
        press(client, shop, "/find", {"q": placed[0].said}).text,
        press(client, shop, "/find", {"q": placed[0].said}, scripted=True).text,
        handed_over(client, shop, placed[0]).text,
        *(client.get(f"/{language}{shop.url()}").text for language in ("kk", "ru", "en")),
        *(doctor.get(shop.url(tail)).text for tail in ("", "/board", "/receive", "/count", "/write-off", "/expected")),
        press(doctor, shop, "/recall", {"lot_id": str(lot_id("OR-2417")), "act": "look"}).text,
        doctor.get("/staff/figures").text,
    ]
    noun = tickets.NOUNS[rare]
    for page in pages:
        assert PHONE[2:] not in re.sub(r"\D", "", page)
        for word in (noun.kk, noun.ru, noun.en):
            assert word.lower() not in page.lower()
        for order in placed:
            assert order.code.replace(" ", "") not in page.replace(" ", "")
    for hidden in ("ВИЧ", "АИТВ", "HIV"):
        assert all(hidden not in page for page in pages)


def test_the_table_says_number_kit_and_until_when(shop: Shop) -> None:
    on_shelf(shop.point, shop.a, "OR-2417", 5)
    order = ordered(shop.point, shop.a, 2)
    page = shop.client().get("/en" + shop.url()).text
    row = re.search(rf'<th scope="row" class="big">{order.view.ticket}</th>(.*?)</tr>', page, re.S)
    assert row
    assert text(row[1]).split()[:2] == ["A,", "2"]


def test_the_parts_come_again_only_when_something_changed(shop: Shop) -> None:
    on_shelf(shop.point, shop.a, "OR-2417", 5)
    client = shop.client()
    tag = client.get(shop.url("/board"), headers={"Keshki-Poll": "1"}).headers["ETag"]
    asking = {"Keshki-Poll": "1", "If-None-Match": tag}
    assert client.get(shop.url("/board"), headers=asking).status_code == 304
    ordered(shop.point, shop.a)
    assert client.get(shop.url("/board"), headers=asking).status_code == 200


def test_a_locker_shows_its_number_to_the_keeper_who_enters_it(app: Flask, evening: object) -> None:
    with writing() as s:
        kit = shelves.a_kit(s)
        locker = shelves.a_point(s, "Locker", kind="locker")
        person(s, "asel", "point_keeper", locker)
        slug = s.get_one(Location, locker).slug
    shop = Shop(app, locker, 0, 0, kit, 0, slug, "")
    on_shelf(locker, kit, "OR-2417", 5)
    order, client = ordered(locker, kit), shop.client()
    page = client.get(shop.url()).text
    assert order.view.word
    assert order.view.word in page
    step = re.search(r'value="(give:[^"]+)"', page)
    assert step
    assert press(client, shop, "/step", {"step": step[1]}).status_code == 303
    assert order.view.word not in client.get(shop.url()).text
    assert status(order) == "collected"


def test_low_stock_and_what_expires_are_warned_of(shop: Shop) -> None:
    client = shop.client()
    on_shelf(shop.point, shop.a, "OR-2417", 30, days=20)
    on_shelf(shop.point, shop.b, "BS-1", 1)
    press(client, shop, "/walk-in", {"kit": str(shop.b), "quantity": "1"})
    page = text(client.get("/en" + shop.url()).text)
    assert "Few kits B: 0 free" in page
    assert "Lot OR-2417, kit A" in page


def test_every_page_of_a_point_exists_in_three_languages(shop: Shop) -> None:
    on_shelf(shop.point, shop.a, "OR-2417", 5)
    doctor = shop.client("doctor")
    for language in ("kk", "ru", "en"):
        for tail in ("", "/receive", "/count", "/write-off", "/move", "/expected", "/recall"):
            page = doctor.get(f"/{language}{shop.url(tail)}")
            assert (page.status_code, f'<html lang="{language}"' in page.text) == (200, True), (language, tail)

"""Self-test kits over the JSON face: which, where, ordering, finding, cancelling."""

import threading
from collections import Counter
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from clinic import clock
from clinic.db import reading, writing
from clinic.directory import catalogue
from clinic.directory.models import Location
from clinic.kits import counter, shelving, stock
from clinic.kits.catalogue import kits
from clinic.kits.models import Entry, Holding, KitOrder, Outcome
from clinic.messaging.models import Message
from clinic.passes.models import Pass
from tests.api.conftest import GOOD_UNTIL, KEY, Face, city, shelves
from tests.conftest import Maker

HERE = "43.24,76.95"
PHONE = "+7 701 234 56 78"


@pytest.fixture
def face(face: Face) -> Face:
    """The small city with kits on its shelves, limits on, no sender of SMS; Tuesday, 19:40 in Almaty."""
    shelves(face.client.application)
    return face


@pytest.fixture
def telling(demo_app: Flask, evening: time_machine.Traveller) -> Face:
    """The same with a sender of SMS, without limits."""
    city(demo_app)
    shelves(demo_app)
    return Face(demo_app.test_client())


def told(answer: TestResponse, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.json
    body: dict[str, Any] = answer.json or {}
    return body


def points(face: Face, **query: object) -> dict[str, dict[str, Any]]:
    return {point["slug"]: point for point in told(face.get("/points", query))["points"]}


def orders() -> int:
    with reading() as s:
        return s.scalar(select(func.count()).select_from(KitOrder)) or 0


def set_aside() -> dict[str, int]:
    """How many kits are set aside, by slug of the point."""
    query = select(Location.slug, func.sum(Holding.reserved)).join(Holding, Holding.point_id == Location.id)
    with reading() as s:
        return {slug: int(n) for slug, n in s.execute(query.group_by(Location.slug)) if n}


def take(slug: str, quantity: int) -> None:
    """Somebody takes kits of type one at a point without an order."""
    with writing() as s:
        known = kits(s, catalogue.current(s))
        kit = known.kit_by_slug["one"].id
        stock.hand_over_free(s, known.point_by_slug[slug].id, kit, quantity, "keeper", clock.today())


def change(slug: str, **values: object) -> None:
    with writing() as s:
        s.execute(update(Location).where(Location.slug == slug).values(**values))
        catalogue.changed(s)


# ---- which, and where ------------------------------------------------------------------------


def test_kits_are_told_with_exactly_the_fields_of_the_design(face: Face) -> None:
    assert face.get("/kits", {"lang": "ru"}).json == {
        "kits": [
            {"slug": "one", "name": "one (ru)", "sample": "blood", "read_minutes": [15, 20]},
            {"slug": "two", "name": "two (ru)", "sample": "oral", "read_minutes": [15, 20]},
        ]
    }


def test_a_kit_that_no_doctor_has_checked_is_neither_told_nor_ordered(face: Face, telling: Face) -> None:
    assert "three" not in {kit["slug"] for kit in told(face.get("/kits"))["kits"]}
    assert list(told(face.get("/points", {"kit": "three"}), 422)["fields"]) == ["kit"]
    assert list(told(face.order(kit="three"), 422)["fields"]) == ["kit"]
    assert "three" in {kit["slug"] for kit in told(telling.get("/kits"))["kits"]}  # the demo shows what is unchecked


def test_a_point_is_told_with_exactly_the_fields_of_the_design(face: Face) -> None:
    nearest = told(face.get("/points", {"near": HERE, "kit": "one"}))["points"][0]
    assert nearest == {
        "slug": "aaaae",
        "name": "Dala",
        "address": "78 Baitursynov st.",
        "distance_m": nearest["distance_m"],
        "hours": "24/7",
        "in_stock": True,
    }
    assert 1500 < nearest["distance_m"] < 1750


def test_points_are_told_the_nearest_first_whether_they_have_any_or_not(face: Face) -> None:
    listed = told(face.get("/points", {"near": HERE}))["points"]
    assert [(point["slug"], point["in_stock"]) for point in listed] == [
        ("aaaae", True),
        ("aaaaf", True),
        ("aaaah", False),
    ]
    metres = [point["distance_m"] for point in listed]
    assert metres == sorted(metres)
    assert [point["slug"] for point in told(face.get("/points", {"near": HERE, "limit": 1}))["points"]] == ["aaaae"]


def test_only_points_that_hand_out_the_kit_are_told(face: Face) -> None:
    assert set(points(face, kit="two")) == {"aaaaf", "aaaah"}
    assert set(points(face, kit="one")) == {"aaaae", "aaaaf", "aaaah"}


def test_without_a_position_there_are_points_but_no_distances(face: Face) -> None:
    assert {point["distance_m"] for point in points(face).values()} == {None}


def test_a_town_goes_before_a_position_and_an_unknown_one_has_no_points(face: Face) -> None:
    far = points(face, near=HERE, q="Шымкент")
    assert all(point["distance_m"] > 500_000 for point in far.values())
    assert points(face, q="🦄🦄🦄") == {}


def test_search_by_post_answers_as_get_does(face: Face) -> None:
    asked = {"near": HERE, "kit": "one", "limit": 2, "lang": "kk"}
    assert face.post("/points/search", asked).json == face.get("/points", asked).json


def test_a_point_reached_by_its_link_is_never_listed_but_takes_an_order_by_its_slug(face: Face) -> None:
    assert "aaaag" not in points(face)
    assert told(face.order(point="aaaag"), 201)["point"] == "aaaag"
    take("aaaae", 5)
    take("aaaaf", 9)
    assert told(face.order("near-key-0123456789012", near=HERE), 201)["point"] != "aaaag"


def test_of_a_hidden_point_the_address_is_not_told(face: Face) -> None:
    assert points(face, near=HERE)["aaaaf"]["address"] is None


def test_three_distances_do_not_find_a_hidden_point(face: Face) -> None:
    """They are measured from the district's centre and in steps, so they say nothing of the door."""
    door = {
        near: points(face, near=near)["aaaaf"]["distance_m"] for near in ("43.26,76.93", "43.25,76.92", "43.3,76.9")
    }
    assert door["43.25,76.92"] <= door["43.26,76.93"]  # nearer to the centre than to the door
    assert all(metres % 500 == 0 for metres in door.values())


def test_in_stock_means_that_one_would_be_set_aside_now(face: Face) -> None:
    assert points(face)["aaaae"]["in_stock"]
    told(face.order(quantity=3), 201)
    assert points(face)["aaaae"]["in_stock"]  # two are left
    told(face.order("second-key-012345678901", quantity=2), 201)
    assert not points(face)["aaaae"]["in_stock"]
    assert told(face.order("third-key-0123456789012"), 409)["code"] == "out_of_stock"


def test_case_16_what_expires_before_the_last_day_is_not_in_stock(face: Face, evening: time_machine.Traveller) -> None:
    take("aaaae", 5)
    with writing() as s:
        known = kits(s, catalogue.current(s))
        there, kit = known.point_by_slug["aaaae"].id, known.kit_by_slug["one"].id
        stock.receive(s, there, kit, "SHORT", clock.today(), 5, "keeper", clock.today())
    assert not points(face)["aaaae"]["in_stock"]
    assert face.order().status_code == 409


@pytest.mark.parametrize("values", [{"desk_seen_on": None}, {"hours": "off", "hours_ph": "off"}])
def test_a_point_that_nobody_looks_after_or_that_is_shut_has_nothing_and_takes_nothing(
    face: Face, values: dict[str, object]
) -> None:
    change("aaaae", **values)
    assert not points(face)["aaaae"]["in_stock"]
    assert told(face.order(), 409)["code"] == "not_bookable"
    assert told(face.order("near-key-0123456789012", near=HERE), 201)["point"] == "aaaaf"


# ---- ordering --------------------------------------------------------------------------------


def test_an_order_is_answered_with_exactly_the_fields_of_the_design(face: Face) -> None:
    done = told(face.order(quantity=2), 201)
    assert set(done) == {"code", "ticket", "status", "point", "collect_by"}
    assert set(done["ticket"]) == {"number", "noun"}
    assert (done["status"], done["point"], done["collect_by"]) == ("reserved", "aaaae", "2026-11-27")
    assert len(done["code"].replace(" ", "")) == 15
    assert set_aside() == {"aaaae": 2}


def test_near_a_position_the_best_point_is_taken(face: Face) -> None:
    assert told(face.order(near=HERE, quantity=3), 201)["point"] == "aaaae"
    assert told(face.order("second-key-012345678901", near=HERE, quantity=3), 201)["point"] == "aaaaf"
    with reading() as s:
        bands = {what: n for what, n in s.execute(select(Outcome.what, Outcome.n)) if what not in ("ordered",)}
    assert bands == {"near_3": 6}  # a band of distance, no position


def test_near_a_position_without_stock_the_order_waits(face: Face) -> None:
    take("aaaae", 5)
    take("aaaaf", 9)
    done = told(face.order(near=HERE), 201)
    assert (done["status"], done["point"], done["collect_by"]) == ("backordered", "aaaae", None)
    found = told(face.post("/kit-orders/find", {"code": done["code"]}))
    assert found == {key: done[key] for key in ("status", "point", "collect_by", "ticket")}
    with writing() as s:
        cat = catalogue.current(s)
        known = kits(s, cat)
        point, kit = known.point_by_slug["aaaae"], known.kit_by_slug["one"]
        shelving.receive(s, cat, point, kit, "L9", GOOD_UNTIL, 1, "keeper", clock.now())
    assert told(face.post("/kit-orders/find", {"code": done["code"]}))["status"] == "reserved"
    assert not points(face)["aaaae"]["in_stock"]


def test_where_others_were_faster_the_next_point_is_taken(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    with reading() as s:
        before = stock.free(s, 1, clock.today(), clock.today())
    monkeypatch.setattr("clinic.kits.stock.free", lambda *_: before)
    take("aaaae", 5)
    assert told(face.order(near=HERE), 201)["point"] == "aaaaf"
    take("aaaaf", 8)
    waiting = told(face.order("second-key-012345678901", near=HERE), 201)
    assert (waiting["point"], waiting["status"]) == ("aaaae", "backordered")


def test_a_named_point_without_stock_refuses_and_nothing_is_written(face: Face) -> None:
    take("aaaae", 5)
    refused = told(face.order(), 409)
    assert (refused["code"], refused["type"]) == ("out_of_stock", "http://localhost/problems/out_of_stock")
    assert orders() == 0
    with reading() as s:
        assert s.scalar(select(func.count()).select_from(Pass)) == 0


@pytest.mark.parametrize("where", [{}, {"near": HERE, "point": "aaaae"}])
def test_where_has_to_be_said_in_one_way(face: Face, where: dict[str, str]) -> None:
    refused = told(face.post("/kit-orders", {"kit": "one", "quantity": 1, **where}, KEY), 422)
    said = ["Name either a point or a position, not both."]
    assert refused["fields"] == {"near": said, "point": said}


def test_where_no_point_is_near_the_position_is_named(face: Face) -> None:
    refused = told(face.order(near="42.32,69.59"), 422)
    assert refused["fields"] == {"near": ["No point near this position takes orders for this now."]}


def test_a_point_that_does_not_hand_out_the_kit_says_so(face: Face) -> None:
    assert told(face.order(kit="two"), 422)["fields"] == {"point": ["This point does not hand this out."]}
    assert told(face.order(point="aaaaa"), 422)["fields"] == {"point": ["We know no such point."]}  # no point at all


@pytest.mark.parametrize("quantity", [0, 4, 99, -1, "two", "1", 1.5, None, True])
def test_a_quantity_that_can_not_be_is_named(face: Face, quantity: object) -> None:
    for where in ({"point": "aaaae"}, {"near": HERE}):
        refused = told(face.post("/kit-orders", {"kit": "one", "quantity": quantity, **where}, KEY), 422)
        assert list(refused["fields"]) == ["quantity"]
    assert orders() == 0


def test_the_operator_may_allow_fewer_in_one_order(make_app: Maker, evening: time_machine.Traveller) -> None:
    app = make_app("sqlite", {"KESHKI_KITS_PER_ORDER": "1"})
    city(app)
    shelves(app)
    face = Face(app.test_client())
    assert told(face.order(quantity=2), 422)["fields"] == {"quantity": ["This has to be between 1 and 1."]}
    assert told(face.order(quantity=2, near=HERE), 422)["fields"] == {"quantity": ["This has to be between 1 and 1."]}
    assert face.order().status_code == 201


def test_case_19_the_same_key_orders_once_and_answers_the_same(face: Face) -> None:
    first, again, quoted = face.order(), face.order(), face.order(f'"{KEY}"')
    assert told(first, 201) == told(again, 201) == told(quoted, 201)
    assert told(face.order(quantity=2), 422)["code"] == "idempotency_reused"
    assert (orders(), set_aside()) == (1, {"aaaae": 1})


@pytest.mark.parametrize("key", [None, "", "a" * 21, "a" * 201])
def test_an_order_without_a_proper_key_is_refused(face: Face, key: str | None) -> None:
    refused = told(face.post("/kit-orders", {"kit": "one", "quantity": 1, "point": "aaaae"}, key), 400)
    assert list(refused["fields"]) == ["Idempotency-Key"]
    assert orders() == 0


def test_a_second_order_hangs_from_the_code_she_has(face: Face) -> None:
    first = told(face.order(), 201)
    code = first["code"]
    second = told(face.order("second-key-012345678901", code=code, point="aaaag"), 201)
    assert second["code"] is None
    assert second["ticket"]["number"] != first["ticket"]["number"]  # though each point counts for itself
    which = {"code": code, "ticket": second["ticket"]["number"]}
    told(face.post("/kit-orders/cancel", which | {"ticket": 999}), 404)
    assert told(face.post("/kit-orders/find", which))["ticket"] == second["ticket"]
    with reading() as s:
        assert s.scalar(select(func.count()).select_from(Pass)) == 1
    assert told(face.order("other-key-0123456789012", code="ABCEH KMPTX Y2345"), 404)["code"] == "not_found"


def test_kits_hang_from_the_code_of_a_visit(face: Face) -> None:
    code = told(face.book("2026-11-25T18:00:00+05:00"), 201)["code"]
    assert face.post("/kit-orders/find", {"code": code}).status_code == 404
    assert told(face.order("second-key-012345678901", code=code), 201)["code"] is None
    assert told(face.post("/kit-orders/find", {"code": code}))["status"] == "reserved"
    assert told(face.post("/appointments/find", {"code": code}))["status"] == "booked"


def test_the_ticket_has_its_noun_in_the_language_of_the_order(face: Face) -> None:
    noun = told(face.order(language="ru"), 201)["ticket"]["noun"]
    assert any("а" <= sign.lower() <= "я" for sign in noun)


# ---- finding and cancelling ------------------------------------------------------------------


def test_her_code_finds_and_cancels_the_order_and_the_kits_are_free_again(face: Face) -> None:
    done = told(face.order(quantity=3), 201)
    code = {"code": done["code"]}
    assert told(face.post("/kit-orders/find", code)) == {k: v for k, v in done.items() if k != "code"}
    gone = told(face.post("/kit-orders/cancel", code))
    assert gone["status"] == "cancelled"
    assert set_aside() == {}
    assert told(face.post("/kit-orders/cancel", code)) == gone
    assert told(face.post("/kit-orders/find", code)) == gone


def test_the_order_to_be_collected_next_is_found_before_what_is_over(face: Face) -> None:
    first = told(face.order(), 201)
    code = {"code": first["code"]}
    told(face.post("/kit-orders/cancel", code))
    second = told(face.order("second-key-012345678901", point="aaaag", **code), 201)
    assert told(face.post("/kit-orders/find", code))["ticket"] == second["ticket"]


def test_what_was_collected_is_told_and_can_not_be_cancelled(face: Face) -> None:
    done = told(face.order(), 201)
    with writing() as s:
        cat = catalogue.current(s)
        point = kits(s, cat).point_by_slug["aaaae"]
        rid = s.execute(select(KitOrder.rid)).scalar_one()
        counter.hand_over(s, cat, point, rid, "keeper", clock.now())
    assert told(face.post("/kit-orders/find", {"code": done["code"]}))["status"] == "collected"
    assert told(face.post("/kit-orders/cancel", {"code": done["code"]}), 409)["code"] == "too_late"


def test_an_unknown_code_is_answered_like_one_that_is_none(face: Face) -> None:
    for path in ("/kit-orders/find", "/kit-orders/cancel"):
        unknown, nonsense = (face.post(path, {"code": code}) for code in ("ABCEH KMPTX Y2345", "😀"))
        assert told(unknown, 404) == told(nonsense, 404)


def test_codes_of_orders_and_visits_are_guessed_against_one_limit(face: Face) -> None:
    for path in ("/kit-orders/find", "/kit-orders/cancel") * 10:
        assert face.post(path, {"code": "ABCEH KMPTX Y2345"}).status_code == 404
    for path in ("/kit-orders/find", "/kit-orders/cancel", "/appointments/find"):
        assert told(face.post(path, {"code": "ABCEH KMPTX Y2345"}), 429)["code"] == "too_many"


# ---- messages --------------------------------------------------------------------------------


def messages() -> Counter[str]:
    with reading() as s:
        return Counter(s.scalars(select(Message.kind)))


def test_without_a_sender_a_phone_number_is_refused(face: Face) -> None:
    assert told(face.order(phone=PHONE), 422)["fields"] == {"phone": ["No messages are sent from here."]}


def test_with_a_phone_number_she_is_reminded_before_the_last_day(telling: Face) -> None:
    told(telling.order(phone=PHONE, cover="parcel", language="kk"), 201)
    assert messages() == {"reminder": 1}


def test_with_a_phone_number_she_is_told_when_what_she_waits_for_is_there(telling: Face) -> None:
    take("aaaae", 5)
    take("aaaaf", 9)
    told(telling.order(phone=PHONE, near=HERE), 201)
    assert messages() == {}
    with writing() as s:
        cat = catalogue.current(s)
        known = kits(s, cat)
        point, kit = known.point_by_slug["aaaae"], known.kit_by_slug["one"]
        shelving.receive(s, cat, point, kit, "L9", GOOD_UNTIL, 1, "keeper", clock.now())
    assert messages() == {"ready": 1, "reminder": 1}


def test_where_a_reminder_would_come_too_late_she_is_told_at_once(telling: Face) -> None:
    change("aaaae", hours="Mo-Su 10:00-20:00", hours_ph="10:00-20:00")
    with writing() as s:
        s.connection().exec_driver_sql("UPDATE point SET hold_days = 0 WHERE location_id = 5")
        catalogue.changed(s)
    told(telling.order(phone=PHONE), 201)
    assert messages() == {"ready": 1}


def test_where_every_message_would_come_too_late_the_number_is_refused(
    telling: Face, evening: time_machine.Traveller
) -> None:
    with writing() as s:
        s.connection().exec_driver_sql("UPDATE point SET hold_days = 0 WHERE location_id = 5")
        catalogue.changed(s)
    evening.move_to("2026-11-24T18:00:00+00:00")  # 23:00; messages go out from 09:00 on, the order ends at midnight
    assert list(told(telling.order(phone=PHONE), 422)["fields"]) == ["phone"]
    assert told(telling.order(), 201)["collect_by"] == "2026-11-24"


def test_no_message_is_the_default(telling: Face) -> None:
    told(telling.order(), 201)
    assert messages() == {}
    with reading() as s:
        assert s.scalars(select(Pass.phone)).all() == [None]


# ---- all at once -----------------------------------------------------------------------------


def test_bots_that_drain_two_points_lose_nothing_and_promise_nothing_twice(
    app_on: Flask, evening: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clinic.privacy.limits.limiter.enabled", False)
    city(app_on)
    shelves(app_on)
    take("aaaae", 2)
    take("aaaaf", 7)
    line = iter(range(12))
    answers: list[dict[str, Any]] = []

    def bot() -> None:
        for n in line:
            where = {"near": HERE} if n % 3 else {"point": "aaaae"}
            answer = app_on.test_client().post(
                "/api/v1/kit-orders",
                json={"kit": "one", "quantity": 1, **where},
                headers={"Idempotency-Key": f"bot-key-{n:022}"},
            )
            answers.append((answer.json or {}) | {"http": answer.status_code})

    bots = [threading.Thread(target=bot) for _ in range(4)]
    for one in bots:
        one.start()
    for one in bots:
        one.join()
    assert len(answers) == 12
    assert {told["http"] for told in answers} <= {201, 409}
    assert {told["code"] for told in answers if told["http"] == 409} <= {"out_of_stock"}
    reserved = Counter(told["point"] for told in answers if told.get("status") == "reserved")
    assert reserved == {"aaaae": 3, "aaaaf": 2} == set_aside()
    waiting = sum(told.get("status") == "backordered" for told in answers)
    assert orders() == sum(reserved.values()) + waiting
    tickets = [(told["point"], told["ticket"]["number"]) for told in answers if told["http"] == 201]
    assert len(set(tickets)) == len(tickets)
    with reading() as s:
        sums = s.execute(select(Entry.holding_id, func.sum(Entry.d_reserved)).group_by(Entry.holding_id))
        summed = {holding: int(n) for holding, n in sums}
        assert {row.id: row.reserved for row in s.scalars(select(Holding))} == summed

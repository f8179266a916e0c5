"""Setting a place up from nothing to its first booking, changing it later, and keeping its entry true."""

import re
from datetime import timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from time_machine import Traveller

from clinic import clock
from clinic.audit import Audit
from clinic.booking.models import Appointment
from clinic.db import Text3, reading, writing
from clinic.directory import catalogue, checks, map_links, seeding
from clinic.directory.models import EntryCheck, Location, OpenQuestion, PlaceName
from clinic.kits.models import PointKit
from tests import factories
from tests.desk.conftest import Desk, csrf
from tests.desk.rearranging import fields
from tests.kits import shelves

ENTRY = {
    "kind": "ngo", "name_ru": "Кабинет «Жарык»", "city": "алматы", "district": "Алмалы", "address_ru": "ул. Абая, 1",
    "position": "43,238 76,945", "way_in_ru": "Звонок 3", "phone": "+7 700 000 00 09", "visibility": "unlisted",
    "bookable": "1", "lead_minutes": "0", "days_ahead": "14", "cancel_minutes": "0", "grace_minutes": "10",
    "reveal_minutes": "60",
}  # fmt: skip


@pytest.fixture
def gazetteer(desk: Desk) -> None:
    with writing() as s:
        for key, kind, name, lat, lng, within in (
            ("almaty", "city", Text3("Алматы", "Алматы", "Almaty"), 43.238, 76.945, ""),
            ("almaly", "district", Text3("Алмалы ауданы", "Алмалинский район", "Almaly"), 43.25, 76.91, "almaty"),
            ("astana", "city", Text3("Астана", "Астана", "Astana"), 51.16, 71.43, ""),
        ):  # fmt: skip
            s.add(PlaceName(key=key, kind=kind, name=name, lat=lat, lng=lng, within=within, weight=2_000_000))
        catalogue.changed(s)


def sent(client: FlaskClient, url: str, **more: object) -> dict[str, object]:
    page = client.get(url).text
    found = re.search(r'name="token" value="([^"]+)"', page)
    return {"csrf_token": csrf(client, url), "token": found[1] if found else "", **more}


@pytest.mark.usefixtures("gazetteer")
def test_from_nothing_to_the_first_booking(desk: Desk, evening: Traveller) -> None:
    chief = desk.client("chief")
    data = sent(chief, "/staff/places/new", **ENTRY, service=[desk.service_id], languages=["kk", "ru"])
    made = chief.post("/staff/places/new", data=data)
    assert made.status_code == 303, made.text
    assert chief.post("/staff/places/new", data=data).headers["Location"] == made.headers["Location"]
    hub = made.headers["Location"]
    slug = hub.rsplit("/", 1)[1]
    with reading() as s:
        place = s.scalars(select(Location).where(Location.slug == slug)).one()
        assert place.name == Text3(*["Кабинет «Жарык»"] * 3)
        assert place.city.en == "Almaty"
        assert place.district.ru == "Алмалинский район"
        assert (place.lat, place.lng, place.approximate) == (43.238, 76.945, False)
    room = sent(chief, f"{hub}/room", name_ru="Кабинет 1", pause="5", service=[desk.service_id])
    assert chief.post(f"{hub}/room", data=room).headers["Location"] == hub
    hours = f"/staff/hours/{slug}"
    typed = {"csrf_token": csrf(chief, hours), "Tu0a": "18", "Tu0b": "23", "act": "look"}
    looked = chief.post(hours, data=typed).text
    chief.post(hours, data={**fields(looked), "act": "save"})
    page = chief.get(hub).text
    assert page.count("○") == 5  # nobody works there, opened the roster, booked, checked; not in the lists
    assert chief.get(f"/staff/roster/{slug}/2026-11-24").status_code == 200
    she = desk.stranger()
    offered = she.get(f"/ru/at/{slug}").text
    assert "20:00" in offered
    chief.post(hub, data={"csrf_token": csrf(chief, hub), "act": "checked"})
    entry = f"{hub}/entry"
    listed = {**ENTRY, "visibility": "open", "agreed": "1", "service": [desk.service_id]}
    assert chief.post(entry, data=sent(chief, entry, **listed)).headers["Location"] == hub
    assert chief.get(hub).text.count("○") == 2  # nobody works there, nobody has booked
    assert "Жарык" in she.get("/ru/near?near=Алматы").text


@pytest.mark.usefixtures("gazetteer")
def test_what_is_wrong_is_said_at_its_field_and_stays_typed(desk: Desk) -> None:
    chief = desk.client("chief")
    for wrong, field in (
        ({"name_ru": ""}, "name_ru"), ({"city": "Zzzqq"}, "city"), ({"position": "51.16, 71.43"}, "position"),
        ({"position": "76.945, 43.238"}, "position"), ({"phone": "call me"}, "phone"),
        ({"lead_minutes": "-1"}, "lead_minutes"), ({"visibility": "district", "district": ""}, "district"),
        ({"days_ahead": "91"}, "days_ahead"), ({"kind": "x"}, "kind"),
        ({"service": []}, "service"), ({"name_kk": "x" * 200}, "name_kk"),
        ({"name_ru": "СПИД-центр «Ақбота»"}, "name_ru"), ({"way_in_ru": "Скажите: на тест на ВИЧ"}, "way_in_ru"),
    ):  # fmt: skip
        data = sent(chief, "/staff/places/new", **{**ENTRY, "service": [desk.service_id], **wrong})
        answer = chief.post("/staff/places/new", data=data)
        assert answer.status_code == 422, wrong
        assert f'href="#{field}"' in answer.text, wrong
        assert "ул. Абая, 1" in answer.text
    with reading() as s:
        assert len(s.scalars(select(Location)).all()) == 2


@pytest.mark.parametrize(
    "link",
    [
        "https://2gis.kz/almaty/firm/70000001018103217/76.945465%2C43.238949?m=76.9%2C43.2%2F16",
        "https://2gis.kz/almaty/geo/9430047374967650/76.945465,43.238949",
        "https://2gis.kz/almaty?m=76.945465%2C43.238949%2F17.5",
        "https://www.google.com/maps/place/X/@43.2,76.9,17z/data=!3m1!4b1!4m6!3d43.238949!4d76.945465!16s",
        "https://www.google.com/maps/@43.238949,76.945465,17z",
        "https://maps.google.com/?q=43.238949,76.945465",
        "https://yandex.kz/maps/162/almaty/?ll=76.9%2C43.2&whatshere%5Bpoint%5D=76.945465%2C43.238949&z=17",
        "https://www.openstreetmap.org/?mlat=43.238949&mlon=76.945465#map=17/43.2/76.9",
        "https://www.openstreetmap.org/#map=17/43.238949/76.945465",
        "geo:43.238949,76.945465",
    ],
)
def test_a_link_from_a_map_is_a_position(link: str) -> None:
    assert map_links.is_link(link)
    assert map_links.position(link) == (43.238949, 76.945465)


@pytest.mark.usefixtures("gazetteer")
def test_a_place_is_set_by_a_link_and_a_short_link_says_what_to_do(desk: Desk) -> None:
    chief = desk.client("chief")
    link = "https://2gis.kz/almaty/firm/70000001018103217/76.945465%2C43.238949?m=76.945465%2C43.238949%2F16"
    entry = {**ENTRY, "service": [desk.service_id]}
    for bad, said in (
        ("https://go.2gis.com/abc12", "нет места на карте"),
        ("https://2gis.kz/astana/geo/1/71.43,51.16", "км"),
        ("https://2gis.kz/x/geo/1/0.1,0.1", "вне Казахстана"),
    ):
        data = sent(chief, "/staff/places/new", **{**entry, "position": bad})
        refused = chief.post("/staff/places/new", data=data)
        assert refused.status_code == 422
        assert bad in refused.text
        assert said in refused.text.split('id="position-e"')[1][:200], bad
    made = chief.post("/staff/places/new", data=sent(chief, "/staff/places/new", **{**entry, "position": link}))
    assert made.status_code == 303
    with reading() as s:
        place = s.scalars(select(Location).order_by(Location.id.desc())).first()
        assert place is not None
        assert (place.lat, place.lng, place.approximate) == (43.238949, 76.945465, False)


@pytest.mark.usefixtures("gazetteer")
def test_a_room_is_given_up_and_its_visits_move(desk: Desk) -> None:
    women = [desk.booked(20) for _room in desk.rooms]
    chief = desk.client("chief")
    url = f"/staff/places/{desk.slug}/room?room={desk.rooms[0]}"
    looked = chief.post(url, data={"csrf_token": csrf(chief, url), "act": "end"}).text
    assert looked.count("<fieldset") == 1
    done = chief.post(url, data={**fields(looked), "act": "retire"})
    assert done.status_code == 200
    assert "Кабинет снят" in done.text
    with reading() as s:
        rooms = set(s.scalars(select(Appointment.room_id).where(Appointment.status == "booked")))
        assert len(s.scalars(select(Appointment).where(Appointment.by_place == "moved")).all()) == 1
    assert desk.rooms[0] not in rooms
    assert len(women) == 3
    assert chief.get(url).status_code == 404


def test_a_check_by_phone_and_a_link_for_the_place(desk: Desk, evening: Traveller) -> None:
    chief, hub = desk.client("chief"), f"/staff/places/{desk.slug}"
    page = chief.get("/staff/places").text
    assert "Ещё не проверено" in page
    chief.post(hub, data={"csrf_token": csrf(chief, hub), "act": "checked"})
    assert "24.11.2026, C." in desk.stranger().get(f"/ru/at/{desk.slug}").text
    with reading() as s:
        assert "entry.checked" in set(s.scalars(select(Audit.verb)))
    evening.shift(timedelta(days=62))
    assert "Два месяца никто" in desk.stranger().get(f"/ru/at/{desk.slug}").text
    chief = desk.client("chief")
    assert "два месяца назад" in chief.get("/staff/places").text
    made = chief.post(hub, data={"csrf_token": csrf(chief, hub), "act": "link"}).text
    link = unescape(re.search(r'value="(http[^"]+)"', made)[1])  # type: ignore[index]
    path = "/ru" + link.removeprefix("http://localhost")
    they = desk.stranger()
    for _preview in range(3):
        assert "Saya" in they.get(path).text
    assert they.get(path).headers["Cache-Control"] == "no-store"
    assert they.post(path, data={"all_right": "0"}).status_code == 400
    assert they.post(path, data={"all_right": "0", "says": "Телефон теперь другой"}).status_code == 200
    assert they.get(path).status_code == 410
    assert they.post(path, data={"all_right": "1"}).status_code == 410
    page = chief.get(hub).text
    assert "Телефон теперь другой" in page
    number = re.search(r'name="answer" value="(\w+)"', page)[1]  # type: ignore[index]
    chief.post(hub, data={"csrf_token": csrf(chief, hub), "act": "settle", "answer": number})
    assert "Телефон теперь другой" not in chief.get(hub).text


def test_among_twenty_places_one_is_found_by_any_way_to_write_it(desk: Desk, evening: Traveller) -> None:
    with writing() as s:
        for n in range(19):
            more = factories.a_location(s, f"Шаңырақ {n}")
            more.address = Text3("Абай даңғылы, 1", "пр. Абая, 1", "Abay ave 1")
            more.phone, more.city = "8 700 000 00 09", Text3("Тараз", "Тараз", "Taraz")
            more.checked_on = clock.today() if n else None
        catalogue.changed(s)
    chief = desk.client("chief")

    def found(**asked: str) -> list[str]:
        page = chief.get("/staff/places", query_string=asked).text
        return [unescape(name.strip()) for name in re.findall(r'class="btn go full" [^>]*><span>([^<]*)', page)]

    assert len(found()) == 20
    for words in ("шанырак 7", "Shanyraq 7", "7 ШАҢЫРАҚ"):
        assert found(q=words) == ["Шаңырақ 7 (ru)"], words
    assert found(q="ifyshfr 7") == ["Шаңырақ 7 (ru)"], "the keyboard was on English"
    assert len(found(q="абая")) == 19
    assert len(found(city="Тараз")) == 19
    assert found(city="Тараз", due="1") == ["Шаңырақ 0 (ru)"], "nobody has checked it"
    assert found(q="nothing is called so") == []
    for strange in ("\x00", "%", "'\"<b>", "x" * 9_000):
        assert (
            chief.get("/staff/places", query_string={"q": strange, "city": strange, "due": strange}).status_code == 200
        )


def test_the_entry_is_ticked_only_with_address_and_phone_and_is_read_aloud_before_it_counts(desk: Desk) -> None:
    chief, hub = desk.client("chief"), f"/staff/places/{desk.slug}"
    with writing() as s:
        place = s.get_one(Location, desk.location_id)
        place.phone, place.address = "", Text3()
        catalogue.changed(s)
    entry = "Запись: название, адрес, телефон"
    assert "○" in chief.get(hub).text.split(entry)[0].rsplit("<li", 1)[1]
    with writing() as s:
        place = s.get_one(Location, desk.location_id)
        place.phone, place.address = "8 700 000 00 09", Text3("пр. Абая, 1", "пр. Абая, 1", "Abay ave 1")
        catalogue.changed(s)
    page = chief.get(hub).text
    assert "✓" in page.split(entry)[0].rsplit("<li", 1)[1]
    aloud = page.split('id="checking"')[1].split('value="checked"')[0]
    for said in ("8 700 000 00 09", "пр. Абая, 1", "Часы"):
        assert said in aloud
    assert "по-русски: Улица и дом" in page


def test_a_link_is_over_after_a_week_and_leaves_nothing(desk: Desk, evening: Traveller) -> None:
    with writing() as s:
        old = checks.ask(s, desk.location_id, "chief", clock.now())
        token = checks.ask(s, desk.location_id, "chief", clock.now())
    they = desk.stranger()
    assert they.get(f"/ru/entry/{old}").status_code == 410
    assert they.get(f"/ru/entry/{token}").status_code == 200
    evening.shift(timedelta(days=8))
    assert they.get(f"/ru/entry/{token}").status_code == 410
    with writing() as s:
        assert checks.forget(s, clock.now()) == 1
        assert s.scalars(select(EntryCheck)).all() == []


def test_ready_as_a_page_says_what_is_missing_and_where(desk: Desk) -> None:
    with writing() as s:
        seeding.load_questions(s, b"number,kk,ru,en\r\n1,a,b,c\r\n")
        s.execute(update(Location).where(Location.slug == desk.foreign_slug).values(example=True))
    chief = desk.client("chief")
    page = chief.get("/staff/ready").text
    assert "Открывать рано" in page
    assert f'href="/staff/places/{desk.slug}"' in page
    assert "Dala" not in page
    ask = {"csrf_token": csrf(chief, "/staff/ready"), "act": "answer"}
    nobody = chief.post("/staff/ready", data={**ask, "question": "1", "by": " "})
    assert nobody.status_code == 422, "one press settles nothing: it asks who has checked it"
    assert 'id="by-e"' in nobody.text
    checked = {**ask, "question": "1", "by": "Дана С., юрист"}
    assert chief.post("/staff/ready", data=checked).status_code == 303
    with reading() as s:
        assert s.get_one(OpenQuestion, 1).answered_by == "Дана С., юрист"
    assert "Проверено: 24.11.2026, Дана С., юрист" in chief.get("/staff/ready").text
    assert chief.post("/staff/ready", data={**ask, "act": "reopen", "question": "1"}).status_code == 303
    with reading() as s:
        assert s.get_one(OpenQuestion, 1).answered_on is None, "taken back"
        assert set(s.scalars(select(Audit.verb).where(Audit.verb.like("question%")))) == {
            "question.answer", "question.reopen",
        }  # fmt: skip
    assert chief.post("/staff/ready", data={**checked, "question": "9"}).status_code == 404
    assert chief.post("/staff/ready", data={**checked, "act": "x"}).status_code == 422


def test_an_example_is_taken_off_the_lists_where_readiness_leads_and_no_other_place_is(desk: Desk) -> None:
    with writing() as s:
        s.execute(update(Location).where(Location.id == desk.location_id).values(example=True))
        catalogue.changed(s)
    ticket = desk.woman(20)
    chief, hub = desk.client("chief"), f"/staff/places/{desk.slug}"
    assert f'href="{hub}"' in chief.get("/staff/ready").text.split("пример")[1]
    assert 'value="hide"' in chief.get(hub).text
    assert chief.post(hub, data={"csrf_token": csrf(chief, hub), "act": "hide"}).status_code == 303
    assert "пример" not in chief.get("/staff/ready").text
    assert "Saya" not in desk.stranger().get("/ru/near?near=Алматы").text
    assert f">{ticket}<" in chief.get(desk.url()).text, "what is booked stays on its roster"
    with writing() as s:
        s.execute(update(Location).where(Location.id == desk.location_id).values(example=False))
        catalogue.changed(s)
    assert chief.post(hub, data={"csrf_token": csrf(chief, hub), "act": "hide"}).status_code == 422


def test_kits_are_handed_over_here_from_now_on(desk: Desk) -> None:
    with writing() as s:
        kit = shelves.a_kit(s)
        catalogue.changed(s)
    chief, url = desk.client("chief"), f"/staff/places/{desk.slug}/kits"
    data = sent(chief, url, kind="clinic", hold_days="2", kit=[kit], how_to_ask_ru="Назовите номер")
    assert chief.post(url, data=data).status_code == 303
    assert 'value="2"' in chief.get(url).text
    assert chief.get(f"/staff/points/{desk.slug}").status_code == 200
    assert chief.post(url, data=sent(chief, url, kind="moon", hold_days="2")).status_code == 422
    told = chief.post(url, data=sent(chief, url, kind="clinic", hold_days="2", kit=[kit], how_to_ask_ru="ВИЧ тест"))
    assert told.status_code == 422
    assert 'id="how_to_ask_ru-e"' in told.text
    assert chief.post(url, data=sent(chief, url, kind="locker", hold_days="0")).status_code == 303
    with reading() as s:
        assert s.scalars(select(PointKit)).all() == []


def test_two_rooms_of_one_name_are_refused(desk: Desk) -> None:
    chief, url = desk.client("chief"), f"/staff/places/{desk.slug}/room"
    token = csrf(chief, "/staff/places")
    sent = {"csrf_token": token, "name_ru": "room 3 (RU)", "pause": "0", "service": str(desk.service_id)}
    refused = chief.post(url, data=sent)
    assert refused.status_code == 422
    assert "room 3 (RU)" in refused.text, "what was typed is kept"
    assert chief.post(url, data={**sent, "name_ru": "Room 9"}).status_code == 303
    own = {**sent, "name_ru": "Room 3 (ru)", "name_kk": "Room 3 (kk)"}
    assert chief.post(f"{url}?room={desk.rooms[0]}", data=own).status_code == 303, "its own name it keeps"

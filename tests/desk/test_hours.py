"""Working hours at the desk: the grid, what it means, whom it strands, and all of it saved in one step."""

from datetime import date

from sqlalchemy import select, update

from clinic import clock
from clinic.booking.models import Appointment
from clinic.db import reading, writing
from clinic.directory import catalogue
from clinic.directory.models import Location, Room
from tests.desk.conftest import Desk, csrf
from tests.desk.rearranging import choose, fields


def hours_of(desk: Desk) -> tuple[str, str]:
    with reading() as s:
        found = s.get_one(Location, desk.location_id)
        return found.hours, found.hours_ph


def week(**days: str) -> dict[str, str]:
    """The fields of a grid: Mo="9-13,14-18"."""
    found = {}
    for day, spans in days.items():
        for n, span in enumerate(spans.split(",")):
            found[f"{day}{n}a"], found[f"{day}{n}b"] = span.split("-")
    return found


def test_a_week_is_typed_looked_at_and_saved(desk: Desk) -> None:
    chief, url = desk.client("chief"), f"/staff/hours/{desk.slug}"
    page = chief.get(url).text
    assert 'name="Mo0a" value="06:00"' in page
    token = csrf(chief, url)
    typed = {"csrf_token": token, "on_holidays": "10-14", **week(Mo="9-13,14.00-18", Tu="18:00-2")}
    copied = chief.post(url, data={**typed, "act": "copy"}).text
    assert copied.count('value="14.00"') == 5
    looked = chief.post(url, data={**typed, "act": "look"}).text
    assert "09:00–13:00, 14:00–18:00" in looked
    assert "18:00–02:00" in looked
    assert hours_of(desk) == ("Mo-Su 06:00-30:00", "off")
    answer = chief.post(url, data={**fields(looked), "act": "save"})
    assert answer.status_code == 200
    assert hours_of(desk) == ("Mo 09:00-13:00,14:00-18:00; Tu 18:00-02:00", "10:00-14:00")
    again = chief.post(url, data={**fields(looked), "act": "save"})
    assert again.status_code == 200


def test_only_a_room_takes_the_hours_of_its_place(desk: Desk) -> None:
    chief, url = desk.client("chief"), f"/staff/hours/{desk.slug}"
    sent = {"csrf_token": csrf(chief, url), "act": "save", "line": "Mo-Su 06:00-30:00", "same": "1", "token": "t" * 22}
    assert chief.post(url, data=sent).status_code == 200
    assert hours_of(desk)[0] == "Mo-Su 06:00-30:00"


def test_what_a_grid_can_not_show_is_kept_and_edited_as_a_line(desk: Desk) -> None:
    line = "Mo-Fr 09:00-18:00; 2026 Dec 16-2026 Dec 18 off"
    with writing() as s:
        s.execute(update(Location).where(Location.id == desk.location_id).values(hours=line))
        catalogue.changed(s)
    chief, url = desk.client("chief"), f"/staff/hours/{desk.slug}"
    page = chief.get(url).text
    assert line in page
    assert 'name="Mo0a"' not in page
    token = csrf(chief, url)
    wrong = chief.post(url, data={"csrf_token": token, "act": "line", "line": "Пн-Пт 9-18; PH off"})
    assert wrong.status_code == 422
    assert "Пн-Пт 9-18; PH off" in wrong.text
    right = chief.post(url, data={"csrf_token": token, "act": "line", "line": "пн-пт 9-19; Dec 16 off"}).text
    chief.post(url, data={**fields(right), "act": "save"})
    assert hours_of(desk)[0] == "Mo-Fr 09:00-19:00; Dec 16 off"


def test_a_wrong_hour_stays_typed_and_is_said_at_its_day(desk: Desk) -> None:
    chief, url = desk.client("chief"), f"/staff/hours/{desk.slug}"
    typed = {"csrf_token": csrf(chief, url), "act": "look", "Mo0a": "9", "We0a": "25:77", "We0b": "26"}
    answer = chief.post(url, data=typed)
    assert answer.status_code == 422
    assert 'href="#Mo0a"' in answer.text
    assert 'href="#We0a"' in answer.text
    assert 'value="25:77"' in answer.text


def test_new_hours_move_one_visit_and_cancel_another_and_name_who_is_not_told(desk: Desk) -> None:
    tomorrow = 24 * 60
    one, two = desk.booked(tomorrow + 60), desk.booked(tomorrow + 60)
    chief, url = desk.client("chief"), f"/staff/hours/{desk.slug}"
    typed = {
        "csrf_token": csrf(chief, url),
        "act": "look",
        **week(**dict.fromkeys(("Mo", "Tu", "We", "Th", "Fr"), "9-20")),
    }
    looked = chief.post(url, data=typed).text
    assert str(one.appointment.ticket) in looked
    answer = choose(looked, {two.appointment.ticket: "stop"})
    late = desk.booked(tomorrow + 60)  # books while the coordinator thinks
    more = chief.post(url, data={**answer, "act": "save"})
    assert more.status_code == 409
    assert str(late.appointment.ticket) in more.text
    done = chief.post(url, data={**choose(more.text, {two.appointment.ticket: "stop"}), "act": "save"})
    assert done.status_code == 200
    assert done.text.count('class="low">не сообщили') == 3
    with reading() as s:
        rows = dict(s.execute(select(Appointment.rid, Appointment.status)).all())
        starts = dict(s.execute(select(Appointment.rid, Appointment.start_cell)).all())
    assert rows[one.appointment.rid] == rows[late.appointment.rid] == "booked"
    assert rows[two.appointment.rid] == "cancelled"
    opens = clock.at(date(2026, 11, 26), 9 * 60)
    assert clock.moment(starts[one.appointment.rid]) >= opens, "later: who comes at the old hour is not too late"
    she = desk.stranger()
    assert "Вашу запись перенесли" in she.post("/ru/mine", data={"code": one.code}).text
    assert "Запись отменили там, куда вы записаны" in she.post("/ru/mine", data={"code": two.code}).text


def test_a_room_has_hours_of_its_own_and_gives_them_back(desk: Desk) -> None:
    chief, url = desk.client("chief"), f"/staff/hours/{desk.slug}?room={desk.rooms[1]}"
    looked = chief.post(url, data={"csrf_token": csrf(chief, url), "act": "look", **week(Sa="10-12")}).text
    chief.post(url, data={**fields(looked), "act": "save"})
    with reading() as s:
        assert s.get_one(Room, desk.rooms[1]).hours == "Sa 10:00-12:00"
        assert s.get_one(Room, desk.rooms[0]).hours is None
    looked = chief.post(url, data={"csrf_token": csrf(chief, url), "act": "same"}).text
    chief.post(url, data={**fields(looked), "act": "save"})
    with reading() as s:
        assert s.get_one(Room, desk.rooms[1]).hours is None
    assert chief.get(f"/staff/hours/{desk.slug}?room=99").status_code == 404

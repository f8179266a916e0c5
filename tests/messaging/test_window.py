"""When reminders go out (case 7)."""

from datetime import date, datetime, timedelta

import pytest

from clinic.clock import at, local
from clinic.messaging import window
from tests.conftest import Maker

pytestmark = pytest.mark.usefixtures("app")
MONDAY = date(2026, 11, 23)
SUNDAY, TUESDAY = MONDAY - timedelta(days=1), MONDAY + timedelta(days=1)


def hour(day: date, text: str) -> datetime:
    hours, minutes = text.split(":")
    return at(day, int(hours) * 60 + int(minutes))


@pytest.mark.parametrize(
    ("start", "before", "now", "due"),
    [
        ("20:20", 30, "12:00", "19:50"),
        ("20:20", 30, "19:50", "19:50"),
        ("22:40", 30, "12:00", "20:45"),
        ("21:10", 15, "12:00", "20:45"),
        ("12:00", 300, "06:30", "9:00"),
        ("9:20", 60, "6:30", "9:00"),
    ],
)
def test_a_reminder_goes_out_at_the_nearest_moment_inside_the_hours(
    start: str, before: int, now: str, due: str
) -> None:
    assert window.due(hour(MONDAY, start), before, hour(MONDAY, now)) == hour(MONDAY, due)


def test_case_7_five_hours_before_eight_goes_out_the_evening_before() -> None:
    start = hour(MONDAY, "8:00")
    assert window.due(start, 300, hour(SUNDAY, "12:00")) == hour(SUNDAY, "20:45")
    assert window.due(start, 300, hour(SUNDAY, "20:50")) is None
    assert window.latest_useful(start, hour(SUNDAY, "20:50")) is None


def test_case_7_twelve_hours_before_nine_is_useless_at_half_past_eleven() -> None:
    now = hour(MONDAY, "23:30")
    start = hour(TUESDAY, "9:00")
    assert window.due(start, 720, now) is None
    assert window.due(start, 60, now) is None
    assert window.latest_useful(start, now) is None


def test_a_moment_that_has_passed_is_of_no_use() -> None:
    assert window.due(hour(MONDAY, "20:20"), 30, hour(MONDAY, "19:51")) is None


@pytest.mark.parametrize(
    ("start", "latest"), [("20:20", "20:05"), ("22:40", "20:45"), ("21:00", "20:45"), ("9:30", "9:15")]
)
def test_the_page_can_say_the_last_moment(start: str, latest: str) -> None:
    assert window.latest_useful(hour(MONDAY, start), hour(MONDAY, "6:00")) == hour(MONDAY, latest)


def test_no_reminder_is_ever_planned_outside_the_hours_or_after_the_start() -> None:
    planned = 0
    for quarter in range(48 * 4):
        start = at(MONDAY, quarter * 15)
        for before in (15, 30, 60, 180, 300, 720, 1440):
            for now in (at(SUNDAY, 600), at(MONDAY, 0), at(MONDAY, 630), at(MONDAY, 1265), at(MONDAY, 1400)):
                due = window.due(start, before, now)
                if due is None:
                    continue
                planned += 1
                assert now <= due <= start - timedelta(minutes=15)
                assert window.is_open(due)
                assert window.latest_useful(start, now) is not None
    assert planned > 1000


def test_the_hours_open_and_close_to_the_minute() -> None:
    assert not window.is_open(hour(MONDAY, "8:59"))
    assert window.is_open(hour(MONDAY, "9:00"))
    assert window.is_open(hour(MONDAY, "20:59"))
    assert not window.is_open(hour(MONDAY, "21:00"))
    assert local(window.next_opening(hour(MONDAY, "21:00"))).strftime("%d %H:%M") == "24 09:00"


def test_hours_of_a_whole_day_never_close(make_app: Maker) -> None:
    make_app(extra={"KESHKI_SMS_WINDOW": "00:00-24:00"})
    for minutes in (0, 1, 540, 1425, 1439):
        now = at(MONDAY, minutes)
        assert window.is_open(now)
        assert window.next_opening(now) == now
        assert window.closes(MONDAY) - now > window.DAY
        for before in (15, 30, 720):
            start = now + timedelta(minutes=before)
            assert window.due(start, before, now) == now
            assert window.latest_useful(start, now) == start - timedelta(minutes=window.USEFUL_MINUTES)


def test_hours_until_midnight_close_at_midnight(make_app: Maker) -> None:
    make_app(extra={"KESHKI_SMS_WINDOW": "09:00-24:00"})
    assert window.is_open(hour(MONDAY, "23:59"))
    assert window.closes(MONDAY) == at(TUESDAY, 0)
    assert not window.is_open(at(TUESDAY, 0))
    assert window.due(at(TUESDAY, 60), 60, hour(MONDAY, "12:00")) == hour(MONDAY, "23:45")

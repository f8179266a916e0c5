"""An hour is read as people write it; what cannot be read is refused, and nothing is read as later than meant."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic import clock
from clinic.booking.typed import Unreadable
from clinic.safety.alerts import until
from clinic.safety.alerts.check_ins import FARTHEST
from tests.conftest import EVENING

NIGHT = datetime(2026, 11, 24, 20, 10, tzinfo=UTC)  # 1:10 at night in Almaty


@pytest.mark.parametrize(
    ("now", "typed", "hour"),
    [
        *((EVENING, said, "23:00") for said in (
            "23", "2300", "23:00", "23.00", "23-00", "23 00", "в 23", "до 23:00", "11 вечера", "11 pm", "11pm",
            "11:00 p.m.", "кешкі 11", "сағат 23-те", "11", "23 часа", "２３", " 23 ", "at 11 pm",
        )),
        *((EVENING, said, "20:40") for said in (
            "через час", "через 1 час", "in an hour", "in 1 hour", "1 час", "бір сағаттан кейін", "1 сағаттан кейін",
            "через 60 минут", "1ч", "1h", "час", "60 мин",
        )),
        *((EVENING, said, "21:40") for said in (
            "через 2 часа", "через два часа", "екі сағаттан кейін", "in two hours",
        )),
        (EVENING, "через полчаса", "20:10"), (EVENING, "полчаса", "20:10"), (EVENING, "жарты сағаттан кейін", "20:10"),
        (EVENING, "через полтора часа", "21:10"), (EVENING, "30 min", "20:10"),
        (EVENING, "2", "2:00"), (EVENING, "2 ночи", "2:00"), (EVENING, "түнгі 2", "2:00"), (EVENING, "0:30", "0:30"),
        (EVENING, "полночь", "0:00"), (EVENING, "24:00", "0:00"), (EVENING, "12", "0:00"), (EVENING, "7", "7:00"),
        (EVENING, "9", "21:00"), (EVENING, "2130", "21:30"), (EVENING, "12 am", "0:00"), (EVENING, "930 pm", "21:30"),
        (EVENING, "2 часа", "21:40"), (NIGHT, "3 часа", "3:00"), (NIGHT, "через 3 часа", "4:10"),
        (NIGHT, "3", "3:00"), (NIGHT, "через час", "2:10"), (NIGHT, "0330", "3:30"), (NIGHT, "12", "12:00"),
    ],
)  # fmt: skip
def test_read_as_it_is_meant(now: datetime, typed: str, hour: str) -> None:
    at = until.read(typed).moment(now)
    assert f"{clock.local(at):%-H:%M}" == hour
    assert now < at <= now + FARTHEST


@pytest.mark.parametrize(
    "typed",
    ["", "25", "99", "23:70", "12345", "скоро", "23 pm вечера утра 5", "через", "1e9", "-5", "часов", "22 утра", "½"],
)
def test_what_cannot_be_read_is_refused(typed: str) -> None:
    with pytest.raises(Unreadable):
        until.read(typed)


@given(st.text(max_size=12))
def test_nothing_typed_breaks_it(typed: str) -> None:
    try:
        found = until.read(typed)
    except Unreadable:
        return
    found.moment(EVENING)

"""After days switched off the desk is asked whether the date is right: nothing is sent or deleted before."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from time_machine import Traveller

from clinic import clock, worker
from clinic.audit import Audit
from clinic.db import reading
from clinic.privacy import keys
from clinic.worker import date_is_sure
from tests.desk.conftest import Desk, post

QUESTION = "Is today "


def roster(desk: Desk) -> str:
    return "/en" + desk.url(day=clock.service_day(clock.now()))


def asked(desk: Desk) -> str:
    return desk.client().get(roster(desk)).text


def answer(desk: Desk, today: str) -> int:
    return int(post(desk.client(), roster(desk), "/date", {"today": today}, scripted=False).status_code)


def test_the_desk_confirms_the_date_and_everything_goes_on(desk: Desk, evening: Traveller) -> None:
    assert QUESTION not in asked(desk)
    evening.shift(timedelta(days=3))
    assert "Is today Friday 27 November, 2026?" in asked(desk)
    assert not date_is_sure(clock.now())
    assert answer(desk, "2026-11-27") == 303
    assert QUESTION not in asked(desk)
    assert date_is_sure(clock.now())
    assert keys.ring().day == date(2026, 11, 27)
    with reading() as s:
        assert s.scalars(select(Audit.thing).where(Audit.verb == "date.confirm")).all() == ["2026-11-27"]


@pytest.mark.parametrize("today", ["2026-11-26", "2027-11-27", "", "x"])
def test_another_date_than_the_one_shown_confirms_nothing(desk: Desk, evening: Traveller, today: str) -> None:
    evening.shift(timedelta(days=3))
    assert answer(desk, today) == 303
    assert QUESTION in asked(desk)
    assert keys.ring().day == date(2026, 11, 24)


def test_a_folder_that_can_not_be_written_keeps_the_question(
    desk: Desk, evening: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    evening.shift(timedelta(days=3))

    def refuse(_path: Path, _text: str) -> None:
        raise PermissionError

    monkeypatch.setattr(keys, "_replace", refuse)
    assert answer(desk, "2026-11-27") == 303
    assert QUESTION in asked(desk)
    assert not worker.date_is_sure(clock.now())

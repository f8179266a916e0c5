from datetime import date, timedelta

import pytest

from clinic.directory.holidays import holiday_name
from tests.directory.plain import a_catalogue

PLAIN = a_catalogue()


def holidays_of(year: int) -> set[date]:
    first = date(year, 1, 1)
    return {day for n in range(366) if holiday_name(PLAIN, day := first + timedelta(days=n)) and day.year == year}


def test_the_holidays_of_2026_are_those_of_the_law() -> None:
    days = {
        1: (1, 2, 7), 3: (8, 9, 21, 22, 23, 24, 25), 5: (1, 7, 9, 11, 27), 7: (6,), 10: (25, 26), 12: (16,),
    }  # fmt: skip
    assert holidays_of(2026) == {date(2026, month, day) for month, found in days.items() for day in found}


def test_the_holidays_of_2027_have_15_march_and_every_transfer() -> None:
    days = {
        1: (1, 2, 4, 7), 3: (8, 15, 21, 22, 23, 24), 5: (1, 3, 7, 9, 10, 16), 7: (6,), 10: (25,), 12: (16,),
    }  # fmt: skip
    assert holidays_of(2027) == {date(2027, month, day) for month, found in days.items() for day in found}


@pytest.mark.parametrize(
    ("day", "kk", "ru", "en"),
    [
        (date(2026, 3, 22), "Наурыз мейрамы", "Наурыз мейрамы", "Nauryz"),
        (
            date(2026, 3, 25),
            "Наурыз мейрамы (ауыстырылған демалыс күні)",
            "Наурыз мейрамы (перенесённый выходной)",
            "Nauryz (moved day off)",
        ),
        (date(2026, 5, 27), "Құрбан айт", "Курбан айт", "Kurban Ait"),
        (date(2027, 5, 16), "Құрбан айт", "Курбан айт", "Kurban Ait"),
        (date(2027, 3, 15), "Конституция күні", "День Конституции", "Constitution Day"),
        (date(2026, 12, 16), "Тәуелсіздік күні", "День независимости", "Independence Day"),
    ],
)  # fmt: skip
def test_a_holiday_has_our_name_in_three_languages(day: date, kk: str, ru: str, en: str) -> None:
    name = holiday_name(PLAIN, day)
    assert name is not None
    assert (name.kk, name.ru, name.en) == (kk, ru, en)


def test_no_name_carries_a_remark_of_the_package_or_lacks_a_language() -> None:
    for year in range(2026, 2032):
        for day in holidays_of(year):
            name = holiday_name(PLAIN, day)
            assert name is not None
            assert all((name.kk, name.ru, name.en))
            assert "бағаланған" not in name.kk
            assert "қайта" not in name.kk
            assert name.en != "day off", day


def test_a_decree_makes_a_day_off_and_takes_an_estimated_feast_away() -> None:
    cat = a_catalogue(decrees={date(2027, 5, 16): "work", date(2027, 5, 17): "off"})
    assert holiday_name(cat, date(2027, 5, 16)) is None
    name = holiday_name(cat, date(2027, 5, 17))
    assert name is not None
    assert name.ru == "выходной день"


def test_the_file_is_what_the_package_says() -> None:
    """Fails when the package has learned a new law: then `make holidays` and a look at the difference."""
    from clinic.directory.holidays import known
    from seeds.write_holidays import rows

    assert dict(known()) == dict(rows())


def test_the_file_reaches_years_ahead() -> None:
    from clinic.directory.holidays import last_year

    assert last_year() >= date.today().year + 3

"""`make holidays`: writes seeds/holidays.csv from the `holidays` package, with names of our own.

The names go by date: the package answers in English when asked for Russian, without an error, and its
names carry remarks such as "(estimated)".
"""

import csv
from datetime import date, timedelta

from holidays.countries.kazakhstan import Kazakhstan

from clinic.db import Text3
from clinic.directory.holidays import FILE

FIRST, LAST = 2026, 2036
_NEW_YEAR = Text3("Жаңа жыл", "Новый год", "New Year")
_NAURYZ = Text3("Наурыз мейрамы", "Наурыз мейрамы", "Nauryz")
_CONSTITUTION = Text3("Конституция күні", "День Конституции", "Constitution Day")
_BY_DATE = {
    (1, 1): _NEW_YEAR,
    (1, 2): _NEW_YEAR,
    (1, 7): Text3("Православиелік Рождество", "Рождество Христово", "Orthodox Christmas"),
    (3, 8): Text3("Халықаралық әйелдер күні", "Международный женский день", "International Women’s Day"),
    (3, 15): _CONSTITUTION,
    (3, 21): _NAURYZ,
    (3, 22): _NAURYZ,
    (3, 23): _NAURYZ,
    (5, 1): Text3("Қазақстан халқының бірлігі мерекесі", "Праздник единства народа Казахстана", "Unity Day"),
    (5, 7): Text3("Отан қорғаушы күні", "День защитника Отечества", "Defender of the Fatherland Day"),
    (5, 9): Text3("Жеңіс күні", "День Победы", "Victory Day"),
    (7, 6): Text3("Астана күні", "День столицы", "Capital Day"),
    (8, 30): _CONSTITUTION,
    (10, 25): Text3("Республика күні", "День Республики", "Republic Day"),
    (12, 16): Text3("Тәуелсіздік күні", "День независимости", "Independence Day"),
}
_KURBAN_AIT = Text3("Құрбан айт", "Курбан айт", "Kurban Ait")
_WEEKEND = (5, 6)
_FARTHEST_TRANSFER = 7  # days: 21 and 22 March move behind 23 March


def rows() -> list[tuple[date, Text3]]:
    """Each holiday of the years with its name."""
    found = Kazakhstan(years=range(FIRST, LAST + 1), language="kk")
    return [(day, _name(day, str(found[day]))) for day in sorted(found)]


def _name(day: date, package_name: str) -> Text3:
    if (day.month, day.day) in _BY_DATE:
        return _BY_DATE[day.month, day.day]
    if package_name.startswith(_KURBAN_AIT.kk):
        return _KURBAN_AIT
    for back in range(1, _FARTHEST_TRANSFER + 1):
        origin = day - timedelta(days=back)
        if (origin.month, origin.day) in _BY_DATE and origin.weekday() in _WEEKEND:
            return _moved(_BY_DATE[origin.month, origin.day])
    raise ValueError(f"{day}: the package calls it {package_name}, which has no name here")


def _moved(name: Text3) -> Text3:
    return Text3(
        f"{name.kk} (ауыстырылған демалыс күні)", f"{name.ru} (перенесённый выходной)", f"{name.en} (moved day off)"
    )


def main() -> None:
    """Write the file."""
    with FILE.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("date", "kk", "ru", "en"))
        out.writerows((day.isoformat(), name.kk, name.ru, name.en) for day, name in rows())


if __name__ == "__main__":
    main()

"""Public holidays of Kazakhstan: the calendar of the `holidays` package, corrected by our table of decrees.

The package knows the transfers (a holiday on a weekend moves to the next working day), 15 March from
2027 on and Kurban Ait, which it can only estimate: when the muftiate sets another day, a decree row
"work" takes the estimate away and a row "off" gives the real day. Names are our own, by date: the
package answers in English when asked for Russian, without an error.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from clinic.db import Text3

if TYPE_CHECKING:
    from clinic.directory.catalogue import Catalogue

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
_DAY_OFF = Text3("демалыс күні", "выходной день", "day off")
_WEEKEND = (5, 6)
_FARTHEST_TRANSFER = 7  # days: 21 and 22 March move behind 23 March


def holiday_name(cat: "Catalogue", day: date) -> Text3 | None:
    """What a public holiday is called, or None on any other day."""
    decree = cat.decrees.get(day)
    if decree is not None:
        return None if decree.kind == "work" else decree.name or _DAY_OFF
    return _calendar(day.year).get(day)


@lru_cache(maxsize=8)
def _calendar(year: int) -> Mapping[date, Text3]:
    from holidays.countries.kazakhstan import Kazakhstan  # late: it takes 20 MB, which not every process needs

    found = Kazakhstan(years=year, language="kk")  # by default it speaks the language of the machine
    return MappingProxyType({day: _name(day, str(found[day])) for day in sorted(found)})


def _name(day: date, package_name: str) -> Text3:
    if (day.month, day.day) in _BY_DATE:
        return _BY_DATE[day.month, day.day]
    if package_name.startswith(_KURBAN_AIT.kk):
        return _KURBAN_AIT
    for back in range(1, _FARTHEST_TRANSFER + 1):
        origin = day - timedelta(days=back)
        if (origin.month, origin.day) in _BY_DATE and origin.weekday() in _WEEKEND:
            return _moved(_BY_DATE[origin.month, origin.day])
    return _DAY_OFF


def _moved(name: Text3) -> Text3:
    return Text3(
        f"{name.kk} (ауыстырылған демалыс күні)", f"{name.ru} (перенесённый выходной)", f"{name.en} (moved day off)"
    )

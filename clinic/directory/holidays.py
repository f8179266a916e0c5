"""Public holidays of Kazakhstan: `seeds/holidays.csv`, corrected by our table of decrees.

The file is written by `make holidays` from the `holidays` package, which knows the transfers (a
holiday on a weekend moves to the next working day), 15 March from 2027 on and Kurban Ait, which it can
only estimate: when the muftiate sets another day, a decree row "work" takes the estimate away and a
row "off" gives the real day. The package itself is not loaded at run time: it would take 20 MB.
"""

import csv
from collections.abc import Mapping
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from clinic.config import ROOT
from clinic.db import Text3

if TYPE_CHECKING:
    from clinic.directory.catalogue import Catalogue

FILE = ROOT / "seeds" / "holidays.csv"
_DAY_OFF = Text3("демалыс күні", "выходной день", "day off")


def holiday_name(cat: "Catalogue", day: date) -> Text3 | None:
    """What a public holiday is called, or None on any other day."""
    decree = cat.decrees.get(day)
    if decree is not None:
        return None if decree.kind == "work" else decree.name or _DAY_OFF
    return known().get(day)


@cache
def known() -> Mapping[date, Text3]:
    """Every public holiday of the file, by date."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return MappingProxyType({date.fromisoformat(r["date"]): Text3(r["kk"], r["ru"], r["en"]) for r in rows})


def last_year() -> int:
    """The last year that the file covers."""
    return max(known()).year

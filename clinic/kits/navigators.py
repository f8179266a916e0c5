"""Peer navigators: people with a name and hours who go with her to the second test. Data, never words in a template."""

import csv
from dataclasses import dataclass
from pathlib import Path

from clinic.config import ROOT, settings
from clinic.db import Text3

FILE = ROOT / "seeds" / "kits" / "navigators.csv"


@dataclass(frozen=True, slots=True)
class Navigator:
    """Somebody who has been through it herself; `hours` in words, `checked_on` "" = nobody checked it yet."""

    city: Text3
    name: Text3
    about: Text3
    hours: Text3
    number: str
    example: bool
    checked_on: str

    @property
    def dial(self) -> str:
        """The number as a `tel:` link wants it."""
        return "".join(sign for sign in self.number if sign.isdigit() or sign == "+")


def read(path: Path = FILE) -> tuple[Navigator, ...]:
    """Those who may be shown: checked by a person, in the demo the invented ones as well."""
    demo = settings().demo
    with path.open(encoding="utf-8", newline="") as file:
        found = (
            Navigator(
                _text(row, "city"),
                _text(row, "name"),
                _text(row, "about"),
                _text(row, "hours"),
                row["number"],
                row["example"] == "yes",
                row["checked_on"],
            )
            for row in csv.DictReader(file)
        )
        return tuple(one for one in found if demo or (one.checked_on and not one.example))


def near(navigators: tuple[Navigator, ...], city: str) -> Navigator | None:
    """The one of a city (its English name): she goes along, so nobody of another city is offered."""
    return next((one for one in navigators if one.city.en == city), None)


def _text(row: dict[str, str], name: str) -> Text3:
    return Text3(row[f"{name}_kk"], row[f"{name}_ru"], row[f"{name}_en"])

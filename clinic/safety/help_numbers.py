"""Whom to call: data that an operator edits and a person checks, never words in a template."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from clinic.booking import showing
from clinic.config import ROOT
from clinic.db import LANGUAGES, Text3
from clinic.directory.catalogue import Catalogue, PlaceInfo, listed

FILE = ROOT / "seeds" / "real" / "help_numbers.csv"
HELPING = ("legal_aid", "ngo")  # kinds of places
MOST_OF_CITY = 4


@dataclass(frozen=True, slots=True)
class HelpNumber:
    """A number, who answers when and at what cost, what becomes of what she says, and when somebody last checked it.

    `spoken`: languages in which it is answered, () where nobody has asked yet; `checked_on`: "" = nobody yet.
    """

    number: str
    name: Text3
    hours: Text3
    cost: Text3
    spoken: tuple[str, ...]
    note: Text3
    checked_on: str
    checked_by: str

    @property
    def dial(self) -> str:
        """The number as a `tel:` link wants it."""
        return "".join(c for c in self.number if c.isdigit() or c == "+")


def read(path: Path | None = None) -> tuple[HelpNumber, ...]:
    """The numbers to show, in the file's order; a doubtful one only once a person has checked it."""
    with (path or FILE).open(encoding="utf-8", newline="") as file:
        return tuple(
            HelpNumber(
                row["number"],
                _three(row, "name"),
                _three(row, "hours"),
                _three(row, "cost"),
                tuple(row["spoken"].split()),
                _three(row, "note"),
                row["checked_on"],
                row["checked_by"],
            )
            for row in csv.DictReader(file)
            if row["sure"] == "yes" or row["checked_on"]
        )


def named(numbers: Sequence[str]) -> tuple[HelpNumber, ...]:
    """Some of them, in the order asked for; one that is not shown is left out."""
    known = {line.number: line for line in read()}
    return tuple(known[number] for number in numbers if number in known)


@dataclass(frozen=True, slots=True)
class HelpPlace:
    """Somebody in her city who can be called: a lawyer or an organization."""

    name: Text3
    kind: str
    numbers: tuple[str, ...]
    open: bool
    hours: str  # "open until 20:00"


def of_city(cat: Catalogue, city: PlaceInfo, now: datetime) -> tuple[HelpPlace, ...]:
    """Who helps in a city and has published a number: lawyers, then organizations, those open now first."""
    found = []
    for loc in cat.locations.values():
        if loc.kind not in HELPING or loc.city != city.name or loc.visibility != "open" or not listed(loc):
            continue
        numbers = tuple(showing.phones(loc.phone))
        if numbers:
            words, is_open = showing.open_line(cat, loc, now)
            found.append(
                (HELPING.index(loc.kind), not is_open, loc.key, HelpPlace(loc.name, loc.kind, numbers, is_open, words))
            )
    return tuple(place for *_order, place in sorted(found, key=lambda one: one[:3])[:MOST_OF_CITY])


def _three(row: dict[str, str], base: str) -> Text3:
    return Text3(*(row[f"{base}_{language}"] for language in LANGUAGES))

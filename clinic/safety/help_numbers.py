"""Whom to call: data that an operator edits and a person checks, never words in a template."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from clinic.config import ROOT
from clinic.db import LANGUAGES, Text3

FILE = ROOT / "seeds" / "real" / "help_numbers.csv"


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


def _three(row: dict[str, str], base: str) -> Text3:
    return Text3(*(row[f"{base}_{language}"] for language in LANGUAGES))

"""Whom to call: data that an operator edits and a person checks, never words in a template."""

import csv
from dataclasses import dataclass
from pathlib import Path

from clinic.config import ROOT
from clinic.db import Text3

FILE = ROOT / "seeds" / "real" / "help_numbers.csv"


@dataclass(frozen=True, slots=True)
class HelpNumber:
    """A number, who answers, and when somebody last checked it ("" = nobody yet)."""

    number: str
    name: Text3
    note: Text3
    checked_on: str
    checked_by: str

    @property
    def dial(self) -> str:
        """The number as a `tel:` link wants it."""
        return "".join(c for c in self.number if c.isdigit() or c == "+")


def read(path: Path = FILE) -> tuple[HelpNumber, ...]:
    """The numbers to show, in the file's order; a doubtful one only once a person has checked it."""
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(
            HelpNumber(
                row["number"],
                Text3(row["name_kk"], row["name_ru"], row["name_en"]),
                Text3(row["note_kk"], row["note_ru"], row["note_en"]),
                row["checked_on"],
                row["checked_by"],
            )
            for row in csv.DictReader(file)
            if row["sure"] == "yes" or row["checked_on"]
        )

"""CSV files as people save them: which encoding, which delimiter, and what stands in each cell.

Excel writes UTF-8 with a byte order mark, Windows-1251 or UTF-16, and `;` or a tab where the
decimal sign is a comma. Every mistake is collected with its row (as Excel counts: the heading is
row 1) and its column, so that a file is mended in one go and never half read.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

import flask_babel

from clinic.db import LANGUAGES, Text3
from clinic.directory import letters

_: Callable[..., str] = flask_babel.gettext  # flask-babel has no types

MAX_BYTES = 8_000_000
MAX_ROWS = 20_000
DELIMITERS = ";,\t"
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a cell that begins so is run by a spreadsheet (OWASP, CSV injection)

_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\u00ad\ufeff\u061c]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_YES = frozenset({"yes", "true", "1", "y", "да", "истина", "иә", "ия", "ақиқат"})
_NO = frozenset({"no", "false", "0", "n", "нет", "ложь", "жоқ", "жалған"})


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong, and where: `row` as Excel counts it, 0 for the file itself."""

    row: int
    column: str
    message: str


class TableRefused(Exception):
    """The file has mistakes, all of them here; nothing was written."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("; ".join(f"{m.row} {m.column}: {m.message}" for m in self.mistakes[:5]))


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    columns: frozenset[str]
    rows: tuple[Row, ...]


def read(data: bytes, required: Sequence[str], optional: Sequence[str]) -> Table:
    """The rows of a CSV file, cells cleaned of invisible signs. Raises TableRefused."""
    if len(data) > MAX_BYTES:
        raise TableRefused([Mistake(0, "", _("The file is larger than 8 MB."))])
    text, narrow = _decode(data)
    records = _records(text)
    _refuse_wrong_letters(text, records)
    heading_number, heading = next(((n, r) for n, r in records if any(c.strip() for c in r)), (1, []))
    names = ["_".join(_clean(c).lower().split()) for c in heading]
    mistakes = [Mistake(heading_number, name, message) for name, message in _heading(names, required, optional)]
    rows: list[Row] = []
    for number, record in records:
        if number <= heading_number or not any(c.strip() for c in record):
            continue
        cells: dict[str, str] = {}
        for index, raw in enumerate(record):
            name = names[index] if index < len(names) else ""
            problem = _problem(raw, narrow)
            if not name and raw.strip():
                problem = _("There is no heading above this cell.")
            if problem:
                mistakes.append(Mistake(number, name or str(index + 1), problem))
            cells[name] = _clean(raw)
        rows.append(Row(number, {name: cells.get(name, "") for name in names if name}))
    if len(rows) > MAX_ROWS:
        mistakes.append(Mistake(0, "", _("The file has more than %(num)s rows.", num=MAX_ROWS)))
    if mistakes:
        raise TableRefused(mistakes)
    return Table(frozenset(n for n in names if n), tuple(rows))


def write(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A CSV file that Excel opens with its letters intact, and in which no cell is run as a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(f"'{cell}" if cell.startswith(FORMULA) else cell for cell in row)
    return out.getvalue().encode("utf-8-sig")


def _refuse_wrong_letters(text: str, records: list[tuple[int, list[str]]]) -> None:
    """Raises TableRefused with the first cell whose letters were once read in a wrong table and saved so."""
    everywhere = letters.wrong_table(text)
    names = records[0][1] if records else []
    for number, record in records:
        for index, cell in enumerate(record):
            if (everywhere and letters.cyrillic(cell)) or letters.twice_encoded(cell):
                name = "_".join(_clean(names[index]).lower().split()) if index < len(names) else str(index + 1)
                message = _(
                    "These letters were read in a wrong table: “%(cell)s”. "
                    "Save the file as CSV UTF-8 where they can still be read.",
                    cell=_clean(cell)[:40],
                )
                raise TableRefused([Mistake(number, name, message)])


def _decode(data: bytes) -> tuple[str, bool]:
    """The text, and whether its encoding is too narrow for Kazakh letters."""
    if data[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):  # .xlsx and .xls, whatever the file is called
        raise TableRefused(
            [Mistake(0, "", _("This is an Excel workbook. In Excel choose “Save as”, then “CSV UTF-8”."))]
        )
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return data.decode("utf-16"), False
        except UnicodeDecodeError:
            pass
    try:
        return data.decode("utf-8-sig"), False
    except UnicodeDecodeError:
        pass
    try:
        text = data.decode("cp1251")
    except UnicodeDecodeError:
        text = ""
    signs = [c for c in text if ord(c) > 127 and c.isalpha()]
    russian = sum("а" <= c.lower() <= "я" or c in "ёЁ" for c in signs)
    if not signs or (russian < 0.9 * len(signs) and not letters.wrong_table(text)):
        raise TableRefused([Mistake(0, "", _("The letters of this file cannot be read. Save it as CSV UTF-8."))])
    return text, True


def _records(text: str) -> list[tuple[int, list[str]]]:
    hint = re.match(r"sep=([;,\t])\r?\n", text)
    first = text.split("\n", 1)[0]
    delimiter = hint[1] if hint else max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found: list[tuple[int, list[str]]] = []
    try:
        for record in reader:
            found.append((len(found) + 1, record))
    except csv.Error:
        where = len(found) + 1
        raise TableRefused([Mistake(where, "", _("The quotation marks of this row do not match."))]) from None
    return found[1:] if hint else found


def _heading(names: list[str], required: Sequence[str], optional: Sequence[str]) -> list[tuple[str, str]]:
    known = {*required, *optional}
    found = [(name, _("This column is missing.")) for name in required if name not in names]
    found += [(n, _("This column is not known.")) for n in dict.fromkeys(names) if n and n not in known]
    found += [(n, _("This column is there twice.")) for n in dict.fromkeys(names) if n and names.count(n) > 1]
    return found


def _problem(raw: str, narrow: bool) -> str:
    if _CONTROL.search(raw):
        return _("There is a sign in this cell that cannot be shown.")
    if narrow and re.search(r"\?\w|\w\?\w", raw):
        return _(
            "The file was saved in Windows-1251, which has no Kazakh letters: they became question marks. "
            "Save it as CSV UTF-8."
        )
    return ""


def _clean(raw: str) -> str:
    text = " ".join(_INVISIBLE.sub("", unicodedata.normalize("NFC", raw)).split())
    return text[1:] if text[:1] == "'" and text[1:2] in FORMULA else text


@dataclass(slots=True)
class Cells:
    """Reads the typed values of one row; what cannot be read is noted in `mistakes`, and goes on as empty."""

    row: Row
    mistakes: list[Mistake] = field(default_factory=list)
    gaps: set[str] = field(default_factory=set)

    def wrong(self, column: str, message: str) -> None:
        self.mistakes.append(Mistake(self.row.number, column, message))

    def text(self, column: str, limit: int) -> str:
        """A cell of at most `limit` signs."""
        value = self.row.cells.get(column, "")
        if len(value) > limit:
            self.wrong(column, _("This is longer than %(num)s signs.", num=limit))
            return ""
        return value

    def needed(self, column: str, limit: int) -> str:
        """A cell that may not be empty."""
        value = self.text(column, limit)
        if not self.row.cells.get(column, ""):
            self.wrong(column, _("This cell is empty."))
        return value

    def text3(self, base: str, limit: int) -> Text3:
        """The columns `base`_kk, _ru, _en; what is empty beside a filled one is noted in `gaps`."""
        values = {language: self.text(f"{base}_{language}", limit) for language in LANGUAGES}
        if any(values.values()):
            columns = (f"{base}_{language}" for language in LANGUAGES)
            self.gaps.update(column for column in columns if not self.row.cells.get(column, ""))
        return Text3(**values)

    def number(self, column: str) -> float | None:
        """A number with a decimal point or comma; empty is None."""
        value = self.row.cells.get(column, "").replace(" ", "").replace(",", ".")
        if not value:
            return None
        if not re.fullmatch(r"-?\d{1,9}(\.\d{1,12})?", value, re.ASCII):
            self.wrong(column, _("This is not a number."))
            return None
        return float(value)

    def whole(self, column: str, low: int, high: int, empty: int) -> int:
        """A whole number between `low` and `high`."""
        value = self.row.cells.get(column, "")
        if not value:
            return empty
        if not re.fullmatch(r"\d{1,9}", value, re.ASCII) or not low <= int(value) <= high:
            self.wrong(column, _("This must be a whole number from %(low)s to %(high)s.", low=low, high=high))
            return empty
        return int(value)

    def yes_no(self, column: str) -> bool | None:
        """Yes or no in any of the three languages; empty is None, "not known"."""
        value = self.row.cells.get(column, "").lower()
        if value in _YES:
            return True
        if value and value not in _NO:
            self.wrong(column, _("Write yes or no, or leave it empty."))
        return False if value in _NO else None

    def day(self, column: str) -> date | None:
        """A date, 2026-11-25 or 25.11.2026; empty is None."""
        value = self.row.cells.get(column, "")
        if not value:
            return None
        iso = re.fullmatch(r"(\d{4})-(\d\d?)-(\d\d?)", value, re.ASCII)
        dotted = re.fullmatch(r"(\d\d?)\.(\d\d?)\.(\d{4})", value, re.ASCII)
        try:
            if iso:
                return date(int(iso[1]), int(iso[2]), int(iso[3]))
            if dotted:
                return date(int(dotted[3]), int(dotted[2]), int(dotted[1]))
        except ValueError:
            pass
        self.wrong(column, _("This is not a date. Write it like 2026-11-25 or 25.11.2026."))
        return None

    def one_of(
        self, column: str, values: Sequence[str], empty: str, also: Mapping[str, str] = MappingProxyType({})
    ) -> str:
        """One of a few words, or one of the words in `also` that mean the same."""
        value = self.row.cells.get(column, "").lower() or empty
        value = also.get(value, value)
        if value not in values:
            self.wrong(column, _("This must be one of: %(values)s.", values=", ".join(values)))
            return values[0]
        return value

    def several(self, column: str) -> tuple[str, ...]:
        """Words separated by commas, semicolons or spaces; each once, in their order."""
        words: Any = re.split(r"[\s,;]+", self.row.cells.get(column, "").lower())
        return tuple(dict.fromkeys(w for w in words if w))

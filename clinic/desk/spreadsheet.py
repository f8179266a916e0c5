"""Tables as files that a spreadsheet opens: Cyrillic intact, and whatever could be taken for a formula is not one."""

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response

from clinic.wording import language_now

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # a spreadsheet would calculate what begins so


def file(name: str, rows: Iterable[Sequence[object]]) -> Response:
    """A table as a file to download."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter="," if language_now() == "en" else ";", lineterminator="\r\n")
    writer.writerows([safe(cell) for cell in row] for row in rows)
    response = Response("\ufeff" + text.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response


def safe(cell: object) -> str:
    """A cell that no spreadsheet calculates."""
    words = str(cell)
    return "'" + words if words.lstrip(" \u00a0").startswith(FORMULA) else words

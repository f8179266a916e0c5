"""What is kept, why, and for how long: declared where the column is, collected here.

`mapped_column(info=keep("phone"))` marks a personal column. `/what-we-keep` is written from these
declarations, and a test fails when a column of a personal table carries none.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import MetaData


@dataclass(frozen=True, slots=True)
class Keep:
    """Why a column is kept: a key of `REASONS` in `site/keep.py`, and how it is protected."""

    what: str
    how: str  # "plain" | "sealed" | "hashed" | "random"


KEEP = "keep"


def keep(what: str, how: str = "plain") -> dict[str, Any]:
    """The `info` of a personal column: what it is (a word of /what-we-keep) and how it is stored."""
    return {KEEP: Keep(what, how)}


def declared(metadata: MetaData) -> dict[str, Keep]:
    """Every declared column of the database, "table.column" -> Keep."""
    return {
        f"{table.name}.{column.name}": column.info[KEEP]
        for table in metadata.sorted_tables
        for column in table.columns
        if KEEP in column.info
    }


def personal_tables(metadata: MetaData) -> list[str]:
    """Tables about a woman: marked `info={"personal": True}`."""
    return [t.name for t in metadata.sorted_tables if t.info.get("personal")]

"""What she may come for: groups of services in a few words, the first of each being what its name usually means.

Data, never words in a template: seeds/needs.csv says which groups there are, in which order, and what
belongs to them. The first group is what is meant as long as she has said nothing.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from clinic.config import ROOT
from clinic.db import LANGUAGES, Text3
from clinic.directory.catalogue import Catalogue, ServiceInfo

FILE = ROOT / "seeds" / "needs.csv"


@dataclass(frozen=True, slots=True)
class Need:
    """A group: its name, and its services of this catalogue, the usual one first."""

    slug: str
    name: Text3
    services: tuple[ServiceInfo, ...]


def read(cat: Catalogue) -> tuple[Need, ...]:
    """The groups of which the catalogue has a service, in the file's order."""
    found = (
        Need(slug, name, tuple(cat.service_by_slug[one] for one in slugs if one in cat.service_by_slug))
        for slug, name, slugs in _rows(FILE)
    )
    return tuple(need for need in found if need.services)


def of_service(cat: Catalogue, service_id: int) -> Need | None:
    """The group that a service belongs to."""
    return next((need for need in read(cat) if any(one.id == service_id for one in need.services)), None)


def usual(cat: Catalogue) -> ServiceInfo | None:
    """What is meant while she has said nothing: the first service of the first group; None where nobody offers it."""
    slug = _rows(FILE)[0][2][0]
    return cat.service_by_slug.get(slug)


@cache
def _rows(path: Path) -> tuple[tuple[str, Text3, tuple[str, ...]], ...]:
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(
            (row["slug"], Text3(*(row[f"name_{language}"] for language in LANGUAGES)), tuple(row["services"].split()))
            for row in csv.DictReader(file)
        )

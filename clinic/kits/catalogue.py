"""Kit types and points as an immutable value in memory, made for one version of the directory.

Whoever writes one of these tables (kit types, steps, points and what they hand over) calls
`directory.catalogue.changed`, as for the directory itself. Stock is not in it.
"""

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.booking.find import measured_from
from clinic.db import Text3
from clinic.directory.catalogue import Catalogue, LocationInfo, attended
from clinic.kits.models import KitStep, KitType, Point, PointKit


@dataclass(frozen=True, slots=True)
class StepInfo:
    n: int
    picture: str
    title: Text3
    text: Text3


@dataclass(frozen=True, slots=True)
class KitInfo:
    """A kit type; its answer may be read from `read_from` to `read_to` minutes."""

    id: int
    number: int
    slug: str
    letter: str
    name: Text3
    needs: Text3
    sample: str
    read_from: int
    read_to: int
    leaflet: str
    gtin: str
    checked_on: date | None
    checked_by: str
    steps: tuple[StepInfo, ...]

    @property
    def offered(self) -> bool:
        """Whether it may be ordered: only with its own steps and the leaflet they come from."""
        return bool(self.steps and self.leaflet)


@dataclass(frozen=True, slots=True, eq=False)
class PointInfo:
    """A location that hands over kits: `kits` are ids of kit types, `measured` the place distances are told from."""

    location: LocationInfo
    kind: str
    how_to_ask: Text3
    hold_days: int
    kits: frozenset[int]
    measured: tuple[float, float] | None
    directory: Catalogue = field(repr=False)  # it knows the holidays
    vector: tuple[float, float, float] = field(repr=False)

    @property
    def id(self) -> int:
        """The location's id, which is the point's."""
        return self.location.id


@dataclass(frozen=True, eq=False)
class KitCatalogue:
    """Kit types in the order of their numbers, offered or not; points by location id and by slug."""

    directory: Catalogue
    kits: tuple[KitInfo, ...]
    kit_by_id: Mapping[int, KitInfo]
    kit_by_number: Mapping[int, KitInfo]
    kit_by_slug: Mapping[str, KitInfo]
    points: Mapping[int, PointInfo]
    point_by_slug: Mapping[str, PointInfo]


_held: KitCatalogue | None = None


def kits(s: Session, cat: Catalogue) -> KitCatalogue:
    """The kits of a version of the directory: read once for each."""
    global _held
    held = _held
    if held is None or held.directory is not cat:
        held = _held = _load(s, cat)
    return held


def takes_orders(point: PointInfo, today: date) -> bool:
    """Whether somebody there looks at its page: opened at the counter within 7 days, and not stopped."""
    return attended(point.location, today)


def vector(lat: float, lng: float) -> tuple[float, float, float]:
    """A place on the unit sphere: the larger the product of two, the nearer they are."""
    a, b = math.radians(lat), math.radians(lng)
    return (math.cos(a) * math.cos(b), math.cos(a) * math.sin(b), math.sin(a))


def _load(s: Session, cat: Catalogue) -> KitCatalogue:
    steps: dict[int, list[StepInfo]] = defaultdict(list)
    for step in s.scalars(select(KitStep).order_by(KitStep.kit_type_id, KitStep.n)):
        steps[step.kit_type_id].append(StepInfo(step.n, step.picture, step.title, step.text))
    found = tuple(
        _kit(row, tuple(steps.get(row.id, ()))) for row in s.scalars(select(KitType).order_by(KitType.number))
    )
    handed: dict[int, set[int]] = defaultdict(set)
    for point_id, kit_id in s.execute(select(PointKit.point_id, PointKit.kit_type_id)):
        handed[point_id].add(kit_id)
    rows = s.execute(
        select(Point.location_id, Point.kind, Point.how_to_ask, Point.hold_days).order_by(Point.location_id)
    )
    points = {
        row.location_id: _point(cat, cat.locations[row.location_id], row.kind, row.how_to_ask, row.hold_days,
                                frozenset(handed.get(row.location_id, ())))
        for row in rows
        if row.location_id in cat.locations
    }  # fmt: skip
    return KitCatalogue(
        directory=cat,
        kits=found,
        kit_by_id=MappingProxyType({kit.id: kit for kit in found}),
        kit_by_number=MappingProxyType({kit.number: kit for kit in found}),
        kit_by_slug=MappingProxyType({kit.slug: kit for kit in found}),
        points=MappingProxyType(points),
        point_by_slug=MappingProxyType({point.location.slug: point for point in points.values()}),
    )


def _kit(row: KitType, steps: tuple[StepInfo, ...]) -> KitInfo:
    return KitInfo(
        row.id, row.number, row.slug, row.letter, row.name, row.needs, row.sample, row.read_from, row.read_to,
        row.leaflet, row.gtin, row.checked_on, row.checked_by, steps,
    )  # fmt: skip


def _point(
    cat: Catalogue, loc: LocationInfo, kind: str, how_to_ask: Text3, hold_days: int, handed: frozenset[int]
) -> PointInfo:
    measured = measured_from(cat, loc)
    return PointInfo(
        loc, kind, how_to_ask, hold_days, handed, measured, cat, vector(*measured) if measured else (0.0, 0.0, 0.0)
    )

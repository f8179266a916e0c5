"""Whether a position in a file can be right: in Kazakhstan, near the town that the row names, not swapped.

Where a town is in the gazetteer its position judges the location's: it finds latitude and longitude
that changed places even where both could be either, and stands in where neither is known.
"""

from collections.abc import Callable, Iterable

import flask_babel
from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.db import LANGUAGES, Text3
from clinic.directory.gazetteer import distance_m
from clinic.directory.models import PlaceName
from clinic.directory.tables import Cells

_: Callable[..., str] = flask_babel.gettext  # flask-babel has no types

FAR_FROM_TOWN = 120_000  # metres: no district of a town lies farther out
FAR_FROM_ANY = 150_000


class Towns:
    """Where the towns of the gazetteer are, by any of their names."""

    def __init__(self, s: Session) -> None:
        self.all: list[tuple[float, float]] = []
        self.by_name: dict[str, tuple[float, float]] = {}
        rows = s.execute(
            select(PlaceName.name, PlaceName.lat, PlaceName.lng)
            .where(PlaceName.kind.in_(("city", "town")))
            .order_by(PlaceName.weight.desc(), PlaceName.id)
        )
        for name, lat, lng in rows:
            self.all.append((lat, lng))
            for language in LANGUAGES:
                self.by_name.setdefault(name[language].lower(), (lat, lng))

    def named(self, city: Text3) -> tuple[float, float] | None:
        return next((self.by_name[n] for n in (city[x].lower() for x in LANGUAGES) if n in self.by_name), None)


def position_of(cells: Cells, city: Text3, towns: Towns) -> tuple[float, float, bool]:
    """Latitude, longitude, and whether they are only the town's; a mistake is noted in `cells`."""
    approximate = bool(cells.yes_no("approximate"))
    before = len(cells.mistakes)
    lat, lng = cells.number("lat"), cells.number("lng")
    town = towns.named(city)
    if lat is None and lng is None:
        if len(cells.mistakes) == before:
            if town:
                return (*town, True)
            cells.wrong("lat", _("This town is not in the gazetteer: give latitude and longitude."))
    elif lat is None or lng is None:
        if len(cells.mistakes) == before:
            cells.wrong("lng" if lng is None else "lat", _("This cell is empty."))
    else:
        problem = misplaced(lat, lng, town, towns.all)
        if not problem:
            return lat, lng, approximate
        cells.wrong("lat", problem)
    return (*(town or (48.0, 68.0)), True)


def misplaced(
    lat: float, lng: float, town: tuple[float, float] | None, all_towns: Iterable[tuple[float, float]]
) -> str:
    """What is wrong with a position, in words; "" when nothing is."""
    inside, turned_inside = _inside(lat, lng), _inside(lng, lat)
    near_town = town is not None and inside and distance_m(lat, lng, *town) <= FAR_FROM_TOWN
    if near_town:
        return ""
    if turned_inside and (not inside or (town is not None and distance_m(lng, lat, *town) <= FAR_FROM_TOWN)):
        return _("Latitude and longitude have changed places.")
    if not inside or not any(distance_m(lat, lng, *t) <= FAR_FROM_ANY for t in all_towns):
        return _("This is outside Kazakhstan.")
    if town is not None:
        km = round(distance_m(lat, lng, *town) / 1000)
        return _("This is %(km)s km from the town that the row names.", km=km)
    return ""


def _inside(lat: float, lng: float) -> bool:
    return 40 <= lat <= 56 and 46 <= lng <= 88

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
from clinic.directory.naming import key_of
from clinic.directory.tables import Cells

_: Callable[..., str] = flask_babel.gettext  # flask-babel has no types

FAR_FROM_TOWN = 120_000  # metres: no district of a town lies farther out
FAR_FROM_ANY = 150_000


class Towns:
    """Where the towns of the gazetteer are, by any of their names."""

    def __init__(self, s: Session) -> None:
        self.all: list[tuple[float, float]] = []
        self.by_name: dict[str, tuple[Text3, tuple[float, float]]] = {}
        rows = s.execute(
            select(PlaceName.name, PlaceName.other_names, PlaceName.lat, PlaceName.lng)
            .where(PlaceName.kind.in_(("city", "town")))
            .order_by(PlaceName.weight.desc(), PlaceName.id)
        ).all()
        for name, _others, lat, lng in rows:
            self.all.append((lat, lng))
            for language in LANGUAGES:
                self.by_name.setdefault(_key(name[language]), (name, (lat, lng)))
        for name, others, lat, lng in rows:  # a name of today wins over one of before
            for other in others.split(";"):
                self.by_name.setdefault(_key(other), (name, (lat, lng)))

    def named(self, city: Text3) -> tuple[float, float] | None:
        """Where a town is; None when the gazetteer has none of its names."""
        found = self._of(city)
        return found[1] if found else None

    def completed(self, city: Text3) -> Text3:
        """A town as the gazetteer calls it, where it knows it; else as it was."""
        found = self._of(city)
        return found[0] if found else city

    def nearly(self, city: Text3) -> str:
        """A town of the gazetteer whose name is nearly this, in Russian; "" when there is none."""
        from rapidfuzz import fuzz, process  # here, since the worker has it in memory otherwise (3 MB)

        typed = _key(city.ru or city.kk or city.en)
        near = process.extractOne(typed, self.by_name.keys(), scorer=fuzz.ratio, score_cutoff=75)
        return self.by_name[near[0]][0].ru if near and typed else ""

    def _of(self, city: Text3) -> tuple[Text3, tuple[float, float]] | None:
        keys = (_key(city[language]) for language in LANGUAGES if city[language])
        return next((self.by_name[key] for key in keys if key in self.by_name), None)


def _key(name: str) -> str:
    return key_of(name).replace(" ", "")  # Талды-Курган, Талдыкурган


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
            near = towns.nearly(city)
            cells.wrong(
                "lat",
                _(
                    "This town is not in the gazetteer. Perhaps: %(name)s. Otherwise give latitude and longitude.",
                    name=near,
                )
                if near
                else _("This town is not in the gazetteer: give latitude and longitude."),
            )
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

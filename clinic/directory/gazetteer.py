"""Where she is: a town, district, station, landmark or street as people type it, or a position.

Names are compared as keys (`naming`). What is found says in which city it lies and what else bears that
name: a guess is shown as one, and the others are one tap away. What each `Spot` is called finds it again.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from clinic.db import LANGUAGES, Text3
from clinic.directory import addresses, streets
from clinic.directory.addresses import Said
from clinic.directory.catalogue import Catalogue, PlaceInfo
from clinic.directory.naming import key_of, other_keyboard
from clinic.directory.streets import Street

__all__ = (
    "IN_CITY_M", "NEAR_M", "NotFound", "OutOfReach", "Spot", "distance_m", "key_of", "locate", "nearest_city",
    "position",
)  # fmt: skip

REACH_M = 150_000
IN_CITY_M = 30_000  # from its middle
NEAR_M = 100_000  # what is farther off is not shown as near without saying so
LONGEST = 80
MOST_OTHERS = 4
# Of 100, by rapidfuzz; seeds/gazetteer.csv and tests/directory/searches.csv are what they were set with.
_SURE = 76.0  # below it a name is only a suggestion
_SURE_SHORT = 80.0
_SURE_OTHER_START = 90.0
_SURE_ELSEWHERE = 90.0  # for a small town that is not hers
_CLOSE = 60.0
_BEGUN = 86.0  # what a name gets of which only the beginning was typed
_KNOWN = 30_000  # and only if so many live there
_WITH_METRO = "almaty"  # elsewhere trains run above the ground
_LARGE = 100_000  # a city of that name is what is meant, wherever she is
_EARTH_M = 6_371_000


@dataclass(frozen=True, slots=True)
class Spot:
    """A point to measure from; `label` is None for her own position.

    `key` is the gazetteer's, "" for a street; `city` the key of the city it is or lies in. `others` are what
    else may have been meant, `missed` the words that were not understood (the city's middle stands for them),
    `guessed` whether no name was exactly as typed.
    """

    lat: float
    lng: float
    label: Text3 | None
    kind: str
    key: str = ""
    city: str = ""
    weight: int = 0
    others: tuple["Spot", ...] = ()
    missed: str = ""
    guessed: bool = False

    def asked(self, language: str) -> str:
        """What finds this and nothing else when it is typed: "г. Аксай", since districts are called so too."""
        name = self.label[language] if self.label else ""
        if self.kind not in ("city", "town") or self.weight >= _LARGE:
            return name
        return {"kk": f"{name}, қала", "ru": f"г. {name}", "en": f"{name}, city"}[language]


@dataclass(frozen=True, slots=True)
class NotFound:
    """No such place; what was perhaps meant, or the largest towns.

    `why` is "street" where a street needs its city, "here" where her own position was meant, else "".
    """

    suggestions: tuple[Spot, ...]
    why: str = ""


class OutOfReach(ValueError):
    """The position is nowhere near a place of the gazetteer (or is no position at all)."""


@dataclass(frozen=True, slots=True)
class _Index:
    places: tuple[PlaceInfo, ...]
    by_key: dict[str, tuple[PlaceInfo, ...]]  # the places that have it, best first
    towns: dict[str, tuple[PlaceInfo, ...]]  # the same of cities and towns alone
    named: dict[str, PlaceInfo]


_held: _Index | None = None


def locate(cat: Catalogue, text: str, home: PlaceInfo | None = None) -> Spot | NotFound:
    """The place that `text` names, whatever its case, script, language, keyboard and small mistakes.

    `home` is the city she has chosen before: of equal names the one there comes first. A city that is named
    wins over a street of that name; a number behind a name makes it an address.
    """
    index = _index(cat.places)
    text = text[:LONGEST]
    if not any(sign.isalpha() for sign in text):
        return NotFound(_largest(index, home))
    readings = [addresses.read(typed) for typed in (text, other_keyboard(text)) if typed]
    if readings[:1] and readings[0].here:
        return NotFound(_largest(index, home), "here")
    for said in readings:
        if (found := _understood(index, said, home)) is not None:
            return found
    for said in readings:
        if isinstance(found := _nearly(index, said, home), Spot):
            return found
    return _nearly(index, readings[0], home) if readings else NotFound(_largest(index, home))


def position(cat: Catalogue, lat: float, lng: float) -> Spot:
    """Her own position, rounded to two decimals (about 1 km). Raises OutOfReach."""
    if not (math.isfinite(lat) and math.isfinite(lng) and abs(lat) <= 90 and abs(lng) <= 180):
        raise OutOfReach
    lat, lng = round(lat, 2), round(lng, 2)
    if not any(abs(p.lat - lat) < 2 and distance_m(lat, lng, p.lat, p.lng) <= REACH_M for p in cat.places):
        raise OutOfReach
    return Spot(lat, lng, None, "position")


def nearest_city(cat: Catalogue, lat: float, lng: float) -> tuple[PlaceInfo, int] | None:
    """The city whose middle is nearest to a point, and how many metres off; None in an empty gazetteer.

    Within IN_CITY_M the point counts as in it or at its edge; farther off, say so and name the city.
    """
    far = (
        (distance_m(lat, lng, place.lat, place.lng), place.key, place) for place in cat.places if place.kind == "city"
    )
    nearest = min(far, default=None)
    return None if nearest is None else (nearest[2], nearest[0])


def distance_m(lat1: float, lng1: float, lat2: float, lng2: float) -> int:
    """Metres in a straight line over the ground (haversine)."""
    a, b = math.radians(lat1), math.radians(lat2)
    half_lat, half_lng = (b - a) / 2, math.radians(lng2 - lng1) / 2
    h = math.sin(half_lat) ** 2 + math.cos(a) * math.cos(b) * math.sin(half_lng) ** 2
    return round(2 * _EARTH_M * math.asin(math.sqrt(min(1.0, h))))


def spot_of(index: _Index, place: PlaceInfo) -> Spot:
    """A place of the gazetteer to measure from, called so that its name finds it again."""
    if place.kind not in ("city", "town"):
        label = _in_city(index, _station_name(place), place.within)
        return Spot(place.lat, place.lng, label, place.kind, place.key, place.within, place.weight)
    names = []
    for language in LANGUAGES:
        name = place.name[language]
        first = index.towns.get(key_of(name), (place,))[0]
        near = None if first is place else _city_of(index, place)  # two villages are called Aksu
        names.append(f"{name} ({near.name[language]})" if near is not None else name)
    return Spot(place.lat, place.lng, Text3(*names), place.kind, place.key, place.key, place.weight)


def _station_name(place: PlaceInfo) -> Text3:
    """The name of a station, with what it is: a city, a district or a street may be called so too."""
    if place.kind != "metro" or "LRT" in place.name.ru:
        return place.name
    kk, ru, en = ("метросы", "метро", "metro") if place.within == _WITH_METRO else ("бекеті", "станция", "station")
    return Text3(f"{place.name.kk} {kk}", f"{ru} {place.name.ru}", f"{place.name.en} {en}")


# ---- exactly as it is called


def _understood(index: _Index, said: Said, home: PlaceInfo | None) -> Spot | NotFound | None:
    """What the words name exactly; None where something in them is not known as it stands."""
    if said.station:
        return _station(index, said, home)
    if said.street or not _owners(index, said.words):
        named = _with_city(index, said)
        if named is not None:
            return named
    found = _ranked(index, _exactly(index, said, None), said, home)
    if not found:
        return _unknown_street(index, said, home) if said.address else None
    best = found[0]
    at_home = home is not None and best.city == home.key
    if not at_home and (best.kind == "street" or (said.bare and not any(word.isalpha() for word in said.bare))):
        return _street_elsewhere(index, said, home, found)  # every city has its "8 микрорайон"
    if home is not None and best.weight < _LARGE and distance_m(best.lat, best.lng, home.lat, home.lng) > NEAR_M:
        return replace(_with_others(best, [spot_of(index, home), *found[1:]]), guessed=True)
    others = found[1:]
    if best.kind == "city" and best.weight >= _LARGE:  # who names a city means it, and no street called after it
        others = [other for other in others if other.kind != "street"]
    return _with_others(best, others)


def _with_city(index: _Index, said: Said) -> Spot | None:
    """“Almaty, Abai” or “Abai 52 Almaty”: a place in a city; the city alone when the rest is not known."""
    options = []
    for mention in said.spans():
        if mention.as_street or mention.numbered:
            continue
        for place in index.towns.get(mention.key, ())[:2]:
            rest = said.without(mention)
            inside = _exactly(index, rest, place) if rest.bare else []
            current = mention.key in {key_of(place.name[language]) for language in LANGUAGES}
            known = bool(inside) or not rest.bare
            if not rest.bare and rest.kinds - {"", "city"}:
                continue  # "метро Абай"
            rank = (known, mention.as_town, place.kind == "city", current, place.weight)
            options.append((rank, place, rest, inside))
    if not options:
        return None
    options.sort(key=lambda option: option[0], reverse=True)
    _rank, place, rest, inside = options[0]
    city = spot_of(index, place)
    others = [spot_of(index, option[1]) for option in options[1:] if option[1] is not place and option[0][3]]
    if inside:
        return _with_others(inside[0], [*inside[1:], *others])
    if not rest.bare:
        return _with_others(city, others) if len(said.words) > 1 else None
    nearly = _nearly_inside(index, rest, place)
    if nearly:
        return replace(_with_others(nearly[0], [*nearly[1:], city, *others]), guessed=True)
    return replace(_with_others(city, others), missed=rest.typed)


def _exactly(index: _Index, said: Said, city: PlaceInfo | None) -> list[Spot]:
    """Places and streets that bear this very name, in a city or anywhere; with its number before without."""
    found = _bearing(index, said, city)
    if said.house:  # a number behind the name of a town or a station makes it a street
        short = _bearing(index, said.without_house(), city)
        found += [spot for spot in short if spot.kind in ("landmark", "street")]
    return list(dict.fromkeys(found))


def _bearing(index: _Index, said: Said, city: PlaceInfo | None) -> list[Spot]:
    found: list[Spot] = []
    if not said.street:
        places = _places(index, said)
        if city is not None:
            places = [p for p in places if p.within == city.key or (p.kind == "town" and _city_of(index, p) is city)]
            places.sort(key=lambda place: " ".join(said.bare) not in {key_of(place.name[x]) for x in LANGUAGES})
        found += [spot_of(index, place) for place in places]
    if said.bare:
        for key in (city.key,) if city else sorted(streets.known_cities() & index.named.keys()):
            found += _streets(index, key, said)
    return found


def _places(index: _Index, said: Said) -> Sequence[PlaceInfo]:
    """The places of that very name, of the kind that was said first."""
    owners = _owners(index, said.words) or _owners(index, said.bare)
    return sorted(owners, key=lambda place: place.kind not in said.kinds)


def _owners(index: _Index, words: Sequence[str]) -> tuple[PlaceInfo, ...]:
    return index.by_key.get(" ".join(words)) or index.by_key.get(" ".join(sorted(words)), ())


def _streets(index: _Index, city: str, said: Said) -> list[Spot]:
    words = [word for word in said.words if word in said.bare or word in streets.DISTRICTS]
    found = streets.find(city, words)
    if any(word in streets.DISTRICTS for word in words):
        found = tuple(sorted(found, key=lambda street: street.kind != "microdistrict"))
    if found:
        return [_street_spot(index, street) for street in found[:3]]
    crossed = streets.crossing(city, said.bare)
    if crossed is None:
        return []
    first, second, lat, lng = crossed
    name = Text3(*(f"{first.name[x]} / {second.name[x]}" for x in LANGUAGES))
    return [Spot(lat, lng, _in_city(index, name, city), "street", "", city)]


def _ranked(index: _Index, found: list[Spot], said: Said, home: PlaceInfo | None) -> list[Spot]:
    """What is called so to the letter and a city by the name it has today first, then what lies in her own city."""
    keys = {" ".join(said.words), " ".join(said.bare)}
    whole = {place.key for place in _owners(index, said.words)} if said.kinds else set()
    here = any(home is not None and spot.city == home.key and spot.key for spot in found)

    def rank(spot: Spot) -> int:
        if spot.key in whole or spot.kind in said.kinds or ("city" in said.kinds and spot.kind == "town"):
            return 0
        as_city = spot.kind == "city" and keys & _names(spot) and (spot.weight >= _LARGE or not here)
        if as_city and not said.kinds - {"", "city"}:
            return 0
        return 1 if home is not None and spot.city == home.key else 2

    ranked = sorted(found, key=rank)
    if ranked and rank(ranked[0]) == 0:  # nobody means a street of that name in a city that is not hers
        return [spot for spot in ranked if rank(spot) < 2 or spot.key]
    return ranked


def _names(spot: Spot) -> set[str]:
    return {key_of(spot.label[language]) for language in LANGUAGES} if spot.label else set()


def _station(index: _Index, said: Said, home: PlaceInfo | None) -> Spot | NotFound | None:
    """“The railway station”: hers, or those there are."""
    stations = [
        p
        for p in index.places
        if p.kind in ("landmark", "metro") and addresses.is_station((p.name.ru, *p.other_names), said)
    ]
    near = [spot_of(index, p) for p in sorted(stations, key=lambda p: -p.weight) if home and p.within == home.key]
    if near:
        return _with_others(near[0], near[1:])
    found = [spot_of(index, p) for p in sorted(stations, key=lambda p: -p.weight)]
    return NotFound(tuple(found[:MOST_OTHERS]) or _largest(index, home))


def _street_elsewhere(index: _Index, said: Said, home: PlaceInfo | None, found: list[Spot]) -> Spot | NotFound:
    """A street that her city has not, as far as we know: its middle; or the question in which city."""
    if home is not None:
        return replace(_with_others(spot_of(index, home), found), missed=said.typed)
    return NotFound(tuple(found[:MOST_OTHERS]), "street")


def _unknown_street(index: _Index, said: Said, home: PlaceInfo | None) -> Spot | NotFound | None:
    nearly = [
        spot for key in streets.known_cities() if key in index.named for spot in _nearly_streets(index, key, said)
    ]
    here = [spot for spot in nearly if home is not None and spot.city == home.key]
    if here:
        return replace(_with_others(here[0], [*here[1:], *nearly]), guessed=True)
    if home is not None:
        return replace(_with_others(spot_of(index, home), nearly), missed=said.typed)
    return NotFound(tuple(nearly[:MOST_OTHERS]) or _largest(index, home), "street")


# ---- nearly as it is called


def _nearly(index: _Index, said: Said, home: PlaceInfo | None) -> Spot | NotFound:
    """The place whose name is nearest, if near enough; else the next ones as suggestions."""
    words = said.bare or said.words
    best, near = _similar(index, words, said.kinds, home)
    streets_here = _nearly_streets(index, home.key, said) if home is not None else []
    if streets_here and (best is None or home is None or (best.within or best.key) != home.key):
        return replace(_with_others(streets_here[0], [*streets_here[1:], *map(_spots(index), near)]), guessed=True)
    if best is None:
        suggested = [*map(_spots(index), near)]
        if not suggested and home is None:
            for key in sorted(streets.known_cities()):
                suggested += _nearly_streets(index, key, said)[:1] if key in index.named else []
        return NotFound(_with_home(index, suggested, home))
    return replace(_with_others(spot_of(index, best), [*map(_spots(index), near)]), guessed=True)


def _spots(index: _Index) -> Callable[[PlaceInfo], Spot]:
    return lambda place: spot_of(index, place)


def _nearly_inside(index: _Index, said: Said, city: PlaceInfo) -> list[Spot]:
    best = None if said.address else _similar(index, said.bare, said.kinds, None, city.key)[0]
    return [*([spot_of(index, best)] if best else []), *_nearly_streets(index, city.key, said)]


def _nearly_streets(index: _Index, city: str, said: Said) -> list[Spot]:
    found = streets.similar(city, said.without_house().bare)
    return [_street_spot(index, street) for street in found[:2]]


def _similar(
    index: _Index, words: Sequence[str], kinds: frozenset[str], home: PlaceInfo | None, city: str = ""
) -> tuple[PlaceInfo | None, tuple[PlaceInfo, ...]]:
    """The place whose name is nearest, if near enough, and the next ones."""
    from rapidfuzz import fuzz, process  # here, since the worker has it in memory otherwise (3 MB)

    asked = " ".join(words)
    if len(asked) < 4 or not any(len(word) > 2 for word in words):
        return None, ()
    scored: list[tuple[float, PlaceInfo]] = []
    for key, score, _at in process.extract(
        asked, index.by_key.keys(), scorer=fuzz.ratio, score_cutoff=_CLOSE, limit=12
    ):
        place = _best(index.by_key[key], kinds, city, home)
        if place is not None:
            said = 4.0 if place.kind in kinds else 0.0
            here = home is not None and home.key in (place.key, place.within)
            scored.append((score + said + min(math.log10(place.weight + 1), 6) + 6 * here, place))
            known = place.kind == "city" or place.weight >= _KNOWN or here or bool(city)
            if score < max(_sure(asked, key), 0 if known else _SURE_ELSEWHERE):
                scored[-1] = (min(scored[-1][0], _CLOSE), place)
    if len(asked) >= 5:
        begun = [place for key, owners in index.by_key.items() if key.startswith(asked) for place in owners]
        known_ones = sorted((place for place in begun if place.weight >= _KNOWN), key=lambda place: -place.weight)
        place = _best(known_ones, kinds, city, home)
        if place is not None:
            scored.append((_BEGUN, place))
    scored.sort(key=lambda pair: -pair[0])
    near = tuple(dict.fromkeys(place for _score, place in scored))[:3]
    return (scored[0][1] if scored and scored[0][0] > _CLOSE else None), near


def _best(owners: Iterable[PlaceInfo], kinds: frozenset[str], city: str, home: PlaceInfo | None) -> PlaceInfo | None:
    found = [p for p in owners if not city or p.within == city]
    found.sort(key=lambda p: (p.kind not in kinds, home is None or home.key not in (p.key, p.within)))
    return found[0] if found else None


def _sure(asked: str, key: str) -> float:
    """How alike two keys must be; people seldom mistype the first letter (Tashkent is not Atakent)."""
    if asked[0] != key[0]:
        return _SURE_OTHER_START
    return _SURE_SHORT if len(asked) < 7 else _SURE


# ---- the index and what spots are called


def _index(places: tuple[PlaceInfo, ...]) -> _Index:
    """The keys of a catalogue's places, made once for each catalogue."""
    global _held
    held = _held
    if held is None or held.places is not places:
        same = held is not None and held.places == places  # another version changed something else
        held = _held = replace(held, places=places) if held is not None and same else _make_index(places)
    return held


def _make_index(places: tuple[PlaceInfo, ...]) -> _Index:
    best_first = sorted(places, key=lambda place: (place.kind != "city", -place.weight))
    by_key: dict[str, list[PlaceInfo]] = {}
    towns: dict[str, list[PlaceInfo]] = {}
    for place in best_first:
        names = (*(place.name[language] for language in LANGUAGES), *place.other_names)
        for key in dict.fromkeys(key_of(name) for name in names):
            if not key:
                continue
            for written in {key, " ".join(sorted(key.split()))}:  # "Sairan bus station", "bus station Sairan"
                by_key.setdefault(written, []).append(place)
            if place.kind in ("city", "town"):
                for written in {key, key.replace(" ", "")}:  # Талды-Курган, Талдыкурган
                    towns.setdefault(written, []).append(place)
                    if written not in by_key:
                        by_key[written] = [place]
    return _Index(
        places,
        {key: tuple(found) for key, found in by_key.items()},
        {key: tuple(found) for key, found in towns.items()},
        {place.key: place for place in places},
    )


def _city_of(index: _Index, place: PlaceInfo) -> PlaceInfo | None:
    """The city nearest to a town."""
    cities = (p for p in index.places if p.kind == "city" and p is not place)
    return min(cities, key=lambda p: distance_m(p.lat, p.lng, place.lat, place.lng), default=None)


def _in_city(index: _Index, name: Text3, city: str) -> Text3:
    """A name with its city behind it, unless it says it already."""
    within = index.named.get(city)
    if within is None:
        return name
    return Text3(*(name[x] if within.name[x][:5] in name[x] else f"{name[x]}, {within.name[x]}" for x in LANGUAGES))


def _street_spot(index: _Index, street: Street) -> Spot:
    # "8 микрорайон" is in every city, as streets are
    kind = "street" if street.kind in streets.STREETS or not any(c.isalpha() for c in street.bare) else "landmark"
    return Spot(street.lat, street.lng, _in_city(index, street.name, street.city), kind, "", street.city)


def _with_others(spot: Spot, others: Iterable[Spot]) -> Spot:
    """A spot with what else was perhaps meant: each named once, none of the same name."""
    kept: dict[str, Spot] = {}
    for other in others:
        if other.label is not None and spot.label is not None and other.label.ru != spot.label.ru:
            kept.setdefault(other.label.ru, replace(other, others=()))
    return replace(spot, others=tuple(kept.values())[:MOST_OTHERS])


def _with_home(index: _Index, found: Iterable[Spot], home: PlaceInfo | None) -> tuple[Spot, ...]:
    """What was perhaps meant, her whole city among it; the largest towns where nothing is near."""
    near = tuple(dict.fromkeys(found))[: MOST_OTHERS - 1]
    return (*near, *((spot_of(index, home),) if home is not None else ())) if near else _largest(index, home)


def _largest(index: _Index, home: PlaceInfo | None) -> tuple[Spot, ...]:
    best = sorted(index.places, key=lambda p: (p is not home, p.kind != "city", -p.weight))
    return tuple(spot_of(index, place) for place in best[:3])

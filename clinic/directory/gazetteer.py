"""Where she is: a town, district, station or landmark as people type it, or a position.

Names in three languages and two scripts are compared as *keys*: Latin by anyascii, then folded so
that the many ways to write a Kazakh name in Latin letters meet (Qaraghandy, Karagandy, Karaganda).
"""

import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from anyascii import anyascii

from clinic.db import LANGUAGES, Text3
from clinic.directory.catalogue import Catalogue, PlaceInfo

REACH_M = 150_000
IN_CITY_M = 30_000  # from its middle
NEAR_M = 100_000  # what is farther off is not shown as near without saying so
LONGEST = 80
# Of 100, by rapidfuzz; seeds/gazetteer.csv and tests/directory/searches.csv are what they were set with.
_SURE = 76.0  # below it a name is only a suggestion
_SURE_SHORT = 80.0
_SURE_OTHER_START = 90.0
_CLOSE = 60.0
_BEGUN = 86.0  # what a name gets of which only the beginning was typed
_KNOWN = 30_000  # and only if so many live there
_EARTH_M = 6_371_000

# Words that say what kind of thing is meant, as keys; those of "" say nothing and are passed over.
_SAID = {
    "metro": "metro metrosi stansia stansiasi station subuai lrt beketi bekti",
    "district": "raion raione raiona audan audani audaninda audanindagi district",
    "landmark": "mkr mkrn mikr mikroraion mikroraione ikshamaudan ikshamaudani mikrodistrikt "
    "vokzal vokzali avtovokzal avtovokzali bazar bazari rinok railuai",
    "city": "g gor gorod gorode kala kalasi kalasinda siti sitiu toun obl oblast oblasti region oblis oblisi",
    "": "selo s poselok p pos auil auili kent kenti kazahstan v vo u okolo riadom near in the "
    "ulitsa ul kosh koshesi strit st prospekt pr dangili zh d",
}
_WORDS = {word: kind for kind, words in _SAID.items() for word in words.split()}


@dataclass(frozen=True, slots=True)
class Spot:
    """A point to measure from; `label` is None for her own position."""

    lat: float
    lng: float
    label: Text3 | None
    kind: str


@dataclass(frozen=True, slots=True)
class NotFound:
    """No such place; what was perhaps meant, or the largest towns."""

    suggestions: tuple[PlaceInfo, ...]


class OutOfReach(ValueError):
    """The position is nowhere near a place of the gazetteer (or is no position at all)."""


@dataclass(frozen=True, slots=True)
class _Index:
    places: tuple[PlaceInfo, ...]
    keys: tuple[str, ...]
    by_key: dict[str, tuple[int, ...]]  # the places that have it, best first
    cities: dict[str, str]  # key of a city's name -> key of the city


_held: _Index | None = None


def locate(cat: Catalogue, text: str) -> Spot | NotFound:
    """The place that `text` names, whatever its case, script, language and small mistakes."""
    index = _index(cat.places)
    words = key_of(text[:LONGEST]).split()
    kinds = {kind for word in words if (kind := _WORDS.get(word))}
    bare = [word for word in words if word not in _WORDS]
    found = _exact(index, words, set(), "")
    if found is None and bare:
        found = _exact(index, bare, kinds, "") or _within(index, bare, kinds)
    if found is None:
        found, near = _similar(index, bare or words, kinds)
        if found is None:
            return NotFound(near or _largest(index))
    return Spot(found.lat, found.lng, found.name, found.kind)


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


_FOLDS = tuple(
    (re.compile(pattern), to)
    for pattern, to in (
        (r"['`]", ""),
        (r"[^a-z0-9]+", " "),
        (r"\br n\b", "raion"),  # the short form р-н
        (r"shch|sch", "sh"),
        (r"dzh|zh|dj|j", "zh"),  # Dzhambul, Zhambyl, Jambyl
        (r"tch|ch", "sh"),  # Chimkent, Shymkent
        (r"gh", "g"),
        (r"kh", "h"),
        (r"c(?=[eiy])|ts|tz", "s"),
        (r"q|ck|c", "k"),
        (r"x", "ks"),
        (r"w", "u"),
        (r"y", "i"),
        (r"\bie", "e"),  # Yesil, Esil
        (r"([a-z])\1+", r"\1"),
    )
)


# What anyascii would write otherwise than people do.
_LETTERS = {ord("ң"): "н", ord("ş"): "sh", ord("ç"): "ch", ord("ñ"): "n"}


def key_of(text: str) -> str:
    """A name as it is compared: Latin, lower case, only letters, digits and single spaces."""
    kept = "".join(c if unicodedata.category(c)[0] in "LNM" else " " if c not in "'’ʼ`" else "" for c in text)
    key = anyascii(unicodedata.normalize("NFKC", kept).casefold().translate(_LETTERS)).lower()
    for pattern, to in _FOLDS:
        key = pattern.sub(to, key)
    return " ".join(key.split())


def _index(places: tuple[PlaceInfo, ...]) -> _Index:
    """The keys of a catalogue's places, made once for each catalogue."""
    global _held
    held = _held
    if held is None or held.places is not places:
        same = held is not None and held.places == places  # another version changed something else
        held = _held = replace(held, places=places) if held is not None and same else _make_index(places)
    return held


def _make_index(places: tuple[PlaceInfo, ...]) -> _Index:
    best_first = sorted(range(len(places)), key=lambda i: (places[i].kind != "city", -places[i].weight, i))
    by_key: dict[str, list[int]] = {}
    cities: dict[str, str] = {}
    for i in best_first:
        place = places[i]
        names = (*(place.name[language] for language in LANGUAGES), *place.other_names)
        for key in dict.fromkeys(key_of(name) for name in names):
            if not key:
                continue
            for written in {key, " ".join(sorted(key.split()))}:  # "Sairan bus station", "bus station Sairan"
                by_key.setdefault(written, []).append(i)
            if place.kind == "city":
                cities.setdefault(key, place.key)
    owners = {key: tuple(found) for key, found in by_key.items()}
    return _Index(places, tuple(owners), owners, cities)


def _exact(index: _Index, words: list[str], kinds: set[str], city: str) -> PlaceInfo | None:
    """The best place of that very name; of the kind that was said, if there is one."""
    owners = index.by_key.get(" ".join(words)) or index.by_key.get(" ".join(sorted(words)), ())
    return _best(index, owners, kinds, city)


def _best(index: _Index, owners: Iterable[int], kinds: set[str], city: str) -> PlaceInfo | None:
    found = [p for p in (index.places[i] for i in owners) if not city or p.within == city]
    return next((p for p in found if p.kind in kinds), found[0] if found else None)


def _within(index: _Index, words: list[str], kinds: set[str]) -> PlaceInfo | None:
    """“Almaty, Abai” or “Abai Almaty”: a place in a city; the city alone when the rest is not known."""
    for n in range(min(3, len(words) - 1), 0, -1):
        for name, rest in ((words[:n], words[n:]), (words[-n:], words[:-n])):
            city = index.cities.get(" ".join(name))
            if city:
                found = _exact(index, rest, kinds, city) or _similar(index, rest, kinds, city)[0]
                return found or _exact(index, name, {"city"}, "")
    return None


def _similar(
    index: _Index, words: list[str], kinds: set[str], city: str = ""
) -> tuple[PlaceInfo | None, tuple[PlaceInfo, ...]]:
    """The place whose name is nearest, if near enough, and the next ones."""
    from rapidfuzz import fuzz, process  # here, since the worker has it in memory otherwise (3 MB)

    asked = " ".join(words)
    if len(asked) < 4 or not any(len(word) > 2 for word in words):
        return None, ()
    scored: list[tuple[float, PlaceInfo]] = []
    for key, score, _at in process.extract(asked, index.keys, scorer=fuzz.ratio, score_cutoff=_CLOSE, limit=12):
        place = _best(index, index.by_key[key], kinds, city)
        if place is not None:
            said = 4.0 if place.kind in kinds else 0.0
            scored.append((score + said + min(math.log10(place.weight + 1), 6), place))
            if score < _sure(asked, key):
                scored[-1] = (min(scored[-1][0], _CLOSE), place)
    if len(asked) >= 5:
        begun = [i for key, owners in index.by_key.items() if key.startswith(asked) for i in owners]
        known = sorted((i for i in begun if index.places[i].weight >= _KNOWN), key=_order(index))
        place = _best(index, known, kinds, city)
        if place is not None:
            scored.append((_BEGUN, place))
    scored.sort(key=lambda pair: -pair[0])
    near = tuple(dict.fromkeys(place for _score, place in scored))[:3]
    return (scored[0][1] if scored and scored[0][0] > _CLOSE else None), near


def _sure(asked: str, key: str) -> float:
    """How alike two keys must be; people seldom mistype the first letter (Tashkent is not Atakent)."""
    if asked[0] != key[0]:
        return _SURE_OTHER_START
    return _SURE_SHORT if len(asked) < 7 else _SURE


def _order(index: _Index) -> Callable[[int], int]:
    return lambda i: -index.places[i].weight


def _largest(index: _Index) -> tuple[PlaceInfo, ...]:
    return tuple(sorted(index.places, key=lambda p: (p.kind != "city", -p.weight))[:3])

"""The streets of the cities whose streets are known: read once from seeds/streets.csv, found by any word of their name.

A name is compared by the stems of its words, so that "Жандосов көшесі", "ул. Жандосова" and "Zhandosov st" meet.
House numbers are no part of it: nobody needs to tell a search engine where she lives.
"""

import csv
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, product

from anyascii import anyascii

from clinic.config import ROOT
from clinic.db import Text3
from clinic.directory.naming import key_of, keys_of

FILE = ROOT / "seeds" / "streets.csv"
ALIKE = 85.0  # of 100, by rapidfuzz
CROSSING_M = 1_500  # streets of which only points are known cross if they come so near
STREETS = ("avenue", "street", "lane")
_PART = "street_part"  # a further point of a long street


TYPE_WORDS = keys_of(
    "ул улица улице улицы улицу ulica ulitsa ulitsy көше көшесі көшесінде көшесінің kosh koshe koshesi кошеси "
    "пр пр-т пр-кт просп проспект проспекта проспекте prospekt avenue ave даңғыл даңғылы даңғылында дангылы "
    "пер переулок переулке тұйық бульвар бульвары бул шоссе трасса тракт наб набережная проезд аллея аллеясы "
    "street str st lane road rd drive тас"
) - {"t", "kt"}
_SMALL_WORDS = keys_of(
    "имени им атындағы микрорайон микрорайоне мкр мкрн мкр-н шағынаудан шағынауданы ықшамаудан ықшамауданы трц тц тд жк"
)
DISTRICTS = keys_of("микрорайон микрорайоне мкр мкрн шағынаудан шағынауданы ықшамаудан ықшамауданы")
# Of these there are many: alone they name nothing.
_GENERAL = keys_of(
    "поликлиника больница аптека школа детский сад банк рынок базар университет парк центр клиника врач роддом азс "
    "магазин жк тц трц городская емхана аурухана мектеп"
)
_SPELT = {"satbaev": "satpaev", "dzhambul": "zhambil", "zhambul": "zhambil", "turkistan": "turkestan", "lenin": "lenin"}


@dataclass(frozen=True, slots=True)
class Street:
    """A street, or another thing that an address is told by; `lat`, `lng` is a point on it."""

    city: str  # key in the gazetteer
    kind: str
    ru: str
    kk: str
    lat: float
    lng: float
    extent_m: int

    @property
    def bare(self) -> str:
        """Its name without what kind of thing it is."""
        return " ".join(stems_of(key_of(self.ru).split()))

    @property
    def name(self) -> Text3:
        """What it is called: as on the map, where no Kazakh name is known in Russian."""
        return Text3(self.kk or self.ru, self.ru, anyascii(self.ru))


@dataclass(frozen=True, slots=True)
class _Index:
    by_name: dict[str, tuple[Street, ...]]  # sorted stems of a whole name
    by_stem: dict[str, tuple[tuple[Street, int], ...]]  # a stem, and how many the name has
    parts: dict[str, tuple[Street, ...]]


def known_cities() -> frozenset[str]:
    """Keys of the cities whose streets are known."""
    return frozenset(_indexes())


def find(city: str, words: Sequence[str]) -> tuple[Street, ...]:
    """The streets of a city that bear this name (words as keys), the main one first; () where there is none."""
    index = _indexes().get(city)
    stems = stems_of(words)
    if index is None or not stems:
        return ()
    exact = index.by_name.get(" ".join(sorted(stems)), ())
    if exact or max(map(len, stems)) < 4 or _GENERAL.issuperset(words):
        return exact
    holding = [dict(index.by_stem.get(stem, ())) for stem in stems]
    both = set(holding[0]).intersection(*holding[1:])
    named = {street for street in both if street.kind != "stop"} or both  # stops are called after streets
    return tuple(sorted(named, key=lambda street: (holding[0][street], *_main_first(street))))


def similar(city: str, words: Sequence[str]) -> tuple[Street, ...]:
    """The streets of a city whose name is nearly this, the likeliest first."""
    from rapidfuzz import fuzz, process  # here, since the worker has it in memory otherwise (3 MB)

    index = _indexes().get(city)
    asked = " ".join(sorted(stems_of(words)))
    if index is None or len(asked) < 5:
        return ()
    names = process.extract(asked, index.by_name.keys(), scorer=fuzz.ratio, score_cutoff=ALIKE, limit=3)
    stems = process.extract(asked, index.by_stem.keys(), scorer=fuzz.ratio, score_cutoff=ALIKE, limit=2)
    found = [street for name, _score, _at in names if name[0] == asked[0] for street in index.by_name[name][:1]]
    for stem, _score, _at in stems:
        if stem[0] == asked[0]:
            found += [max(index.by_stem[stem], key=lambda pair: pair[0].extent_m)[0]]
    return tuple(dict.fromkeys(found))


def crossing(city: str, words: Sequence[str]) -> tuple[Street, Street, float, float] | None:
    """Two streets of a city named one after the other, and about where they cross; None if these are not two."""
    index = _indexes().get(city)
    if index is None:
        return None
    words = [word for word in words if word not in _BETWEEN]
    for n in range(1, len(words)):
        first, second = find(city, words[:n]), find(city, words[n:])
        if first and second and first[0] != second[0]:
            pairs = product(_line(index, first[0]), _line(index, second[0]))
            a, b = min(pairs, key=lambda pair: _apart(*pair))
            if _apart(a, b) <= CROSSING_M:
                return first[0], second[0], (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
    return None


def _line(index: _Index, street: Street) -> list[tuple[float, float]]:
    """Points along a street, from the few that are known."""
    known = sorted({(s.lat, s.lng) for s in (street, *index.parts.get(street.ru, ()))})
    if max(p[1] for p in known) - min(p[1] for p in known) > known[-1][0] - known[0][0]:
        known.sort(key=lambda point: point[1])
    between = [
        (a[0] + (b[0] - a[0]) * n / 10, a[1] + (b[1] - a[1]) * n / 10) for a, b in pairwise(known) for n in range(10)
    ]
    return [*between, known[-1]]


def _apart(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Metres, on the flat: streets that cross are near each other."""
    return math.hypot((a[0] - b[0]) * 111_200, (a[1] - b[1]) * 111_200 * math.cos(math.radians(a[0])))


_BETWEEN = keys_of("и угол уг мен және and пересечение перекресток қиылысы выше ниже") - {""}


def stems_of(words: Iterable[str]) -> list[str]:
    """The words of a name (as keys) without what kind of street it is, initials and endings."""
    words = list(words)
    stems = [_stem(word) for word in words if word not in TYPE_WORDS and word not in _SMALL_WORDS]
    stems = [stem for stem in stems if len(stem) > 1 or stem.isdigit()]
    if all(stem.isdigit() for stem in stems) and any(word in DISTRICTS for word in words):
        stems.append("mkr")  # "8 микрорайон" is no "8-я улица"
    return stems


def _stem(word: str) -> str:
    if word.isdigit() or len(word) < 5:
        return word
    for ending, kept in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: len(word) - len(ending)] + kept
            break
    return _SPELT.get(word, word)


# Endings of the genitive and of adjectives, as keys: the first that fits.
_ENDINGS = (
    ("skaia", "sk"), ("skoi", "sk"), ("skii", "sk"), ("skogo", "sk"), ("naia", "n"), ("noi", "n"), ("nii", "n"),
    ("uli", "ov"), ("ova", "ov"), ("eva", "ev"), ("ina", "in"), ("aia", "ai"), ("oia", "oi"), ("eia", "ei"),
    ("lia", "l"), ("ia", "i"), ("ogo", ""), ("ov", "ov"), ("ev", "ev"), ("a", ""),
)  # fmt: skip


@lru_cache(maxsize=1)
def _indexes() -> dict[str, _Index]:
    names: dict[str, dict[str, dict[Street, None]]] = defaultdict(lambda: defaultdict(dict))
    stems: dict[str, dict[str, dict[Street, int]]] = defaultdict(lambda: defaultdict(dict))
    parts: dict[str, dict[str, list[Street]]] = defaultdict(lambda: defaultdict(list))
    keys = lru_cache(maxsize=None)(lambda word: key_of(word).split())  # most words stand in many names
    with FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            street = Street(
                row["city"], row["kind"], row["name_ru"], row["name_kk"],
                float(row["lat"]), float(row["lng"]), int(row["extent_m"]),
            )  # fmt: skip
            if street.kind == _PART:
                parts[street.city][street.ru].append(street)
                continue
            for name in filter(None, (street.ru, street.kk, *row["other_names"].split("|"))):
                found = stems_of(without_ordinals([key for word in name.split() for key in keys(word)]))
                names[street.city][" ".join(sorted(found))].setdefault(street)
                for stem in found:
                    known = stems[street.city][stem].get(street, 99)
                    stems[street.city][stem][street] = min(known, len(found))
    return {
        city: _Index(
            {name: tuple(sorted(found, key=_main_first)) for name, found in names[city].items() if name},
            {stem: tuple(found.items()) for stem, found in stems[city].items()},
            {name: tuple(found) for name, found in parts[city].items()},
        )
        for city in names
    }


def _main_first(street: Street) -> tuple[bool, int, str]:
    return street.kind == "stop", -street.extent_m, street.ru


def without_ordinals(words: list[str]) -> list[str]:
    """The words of a key; of "7-й" only the number."""
    return [
        w for i, w in enumerate(words) if not (i and words[i - 1].isdigit() and w in ("i", "ia", "shi", "oi", "go"))
    ]

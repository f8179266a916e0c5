"""What an address as people type it is made of: the name of a city, kinds of things, names, house numbers."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from clinic.directory.naming import key_of, keys_of
from clinic.directory.streets import TYPE_WORDS, without_ordinals

# Words that say what kind of thing is meant; those of "" say nothing and are passed over.
_SAID = {
    "metro": "метро metrosi метросы станция станциясы station subway лрт бекеті бекет",
    "district": "район районе района аудан ауданы ауданында ауданындағы district",
    "landmark": "мкр мкрн м-н микр микрорайон микрорайоне ықшамаудан ықшамауданы шағынаудан шағын microdistrict "
    "вокзал вокзалы автовокзал автовокзалы базар базары рынок рынка railway",
    "city": "г гор город городе қала қаласы қаласында city town обл область области region облыс облысы",
    "": "село с поселок посёлок пос п ауыл ауылы кент кенті казахстан қазақстан рк kazakhstan в во на у около рядом "
    "возле с от напротив near in the at жанында қасында маңында",
}
_WORDS = {key: kind for kind, words in _SAID.items() for key in keys_of(words)}
_HOUSE_WORDS = keys_of(
    "д дом кв квартира корп корпус к оф офис стр строение блок подъезд каб кабинет этаж үй пәтер house apt"
)
_HOUSE = re.compile(r"[0-9]{1,4}[a-z]?")
_SLASH = re.compile(r"(?<=[^\W\d]{3})/")  # "Абая/Правды", and neither "ж/д" nor "14/3"
_POSTCODE = re.compile(r"[0-9]{5,6}")
_HERE_WORDS = (
    "рядом|рядом со мной|около меня|возле меня|недалеко|близко|поблизости|тут|здесь|где я|где я сейчас|мое место|"
    "моё местоположение|ближайший|ближайшие|жақын|жақында|жақын жерде|жақын маңда|жанымда|маған жақын|осы жерде|"
    "осында|near me|nearby|near|here|my location|around me|close to me"
)
_HERE = frozenset(map(key_of, _HERE_WORDS.split("|")))
_STATION = keys_of("вокзал вокзалы вокзала вокзале вокзалдың")
_BUS_STATION = keys_of("автовокзал автовокзалы автовокзала автовокзале автобекет автостанция")
_RAIL = keys_of("жд ж/д железнодорожный железнодорожного теміржол темиржол railway train")
# these stand behind the name: "Абай көшесі"
_BEHIND = keys_of("көшесі көше даңғылы даңғыл кошеси koshesi street avenue ave str st")


@dataclass(frozen=True, slots=True)
class Mention:
    """Words that may name a city: from where to where, and what stands around them."""

    first: int
    last: int
    key: str
    as_street: bool
    as_town: bool
    numbered: bool


@dataclass(frozen=True, slots=True)
class Said:
    """A text as words; `typed` is what she wrote of them."""

    words: tuple[str, ...]
    typed: str
    raw: tuple[str, ...]  # for each word the part of the text it comes from

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(kind for word in self.words if (kind := _WORDS.get(word)))

    @property
    def street(self) -> bool:
        """Whether she says that it is a street."""
        return any(word in TYPE_WORDS for word in self.words)

    @property
    def house(self) -> tuple[str, ...]:
        """The numbers behind the last name: a house, a flat."""
        n = len(self.words)
        while n and (_HOUSE.fullmatch(self.words[n - 1]) or self.words[n - 1] in _HOUSE_WORDS):
            n -= 1
        tail = self.words[n:]
        return tail if n and any(_HOUSE.fullmatch(word) for word in tail) and not self._named_by_number(n) else ()

    def _named_by_number(self, n: int) -> bool:
        return _WORDS.get(self.words[n - 1]) == "landmark" and all(
            _WORDS.get(word) is not None for word in self.words[:n]
        )

    @property
    def address(self) -> bool:
        return self.street or bool(self.house)

    @property
    def bare(self) -> tuple[str, ...]:
        """The words that name something."""
        return tuple(word for word in self.words if word not in _WORDS and word not in TYPE_WORDS)

    @property
    def here(self) -> bool:
        return " ".join(self.words) in _HERE

    @property
    def station(self) -> bool:
        """Whether nothing is said but that it is a station."""
        names = {*_STATION, *_BUS_STATION, *_RAIL}
        said = any(word in names for word in self.words)
        return said and all(word in names or _WORDS.get(word) in ("", "metro") for word in self.words)

    def without_house(self) -> "Said":
        return self._kept(range(len(self.words) - len(self.house))) if self.house else self

    def without(self, mention: Mention) -> "Said":
        """The text without a city's name and the words that only say that it is a city."""
        kept = [
            i for i, word in enumerate(self.words)
            if not mention.first <= i < mention.last and _WORDS.get(word) != "city"
        ]  # fmt: skip
        return self._kept(kept)

    def _kept(self, places: "range | list[int]") -> "Said":
        raw = tuple(self.raw[i] for i in places)
        return replace(
            self, words=tuple(self.words[i] for i in places), raw=raw, typed=" ".join(dict.fromkeys(raw)).strip(" ,;")
        )

    def spans(self) -> Iterator[Mention]:
        """Every one to three words in a row that may be a city's name."""
        for n in (3, 2, 1):
            for first in range(len(self.words) - n + 1):
                last = first + n
                span = self.words[first:last]
                if n == len(self.words) and n == 1:
                    continue
                if all(word in _WORDS or word in TYPE_WORDS for word in span):
                    continue
                yield Mention(
                    first,
                    last,
                    " ".join(span),
                    self._is(first - 1, TYPE_WORDS - _BEHIND) or self._is(last, _BEHIND),
                    _WORDS.get(self.words[first - 1]) == "city" if first else False,
                    last < len(self.words)
                    and bool(_HOUSE.fullmatch(self.words[last]))
                    and "," not in self.raw[last - 1]
                    and not (last + 1 < len(self.words) and _WORDS.get(self.words[last + 1]) == "landmark"),
                )

    def _is(self, at: int, words: frozenset[str]) -> bool:
        if not 0 <= at < len(self.words) or self.words[at] not in words:
            return False
        return "," not in self.raw[at if words is not _BEHIND else at - 1]


def read(text: str) -> Said:
    """A text as words that can be compared."""
    words: list[str] = []
    raw: list[str] = []
    for part in _SLASH.sub("/ ", text.replace(",", ", ")).split():
        keys = without_ordinals(key_of(part).split())
        for key in keys:
            if not _POSTCODE.fullmatch(key):
                words.append(key)
                raw.append(part)
    return Said(tuple(words), " ".join(text.split()), tuple(raw))


def is_station(names: Iterable[str], said: Said) -> bool:
    """Whether a landmark of these names is such a station as was said."""
    keys = {word for name in names for word in key_of(name).split()}
    if any(word in _BUS_STATION for word in said.words):
        return bool(keys & _BUS_STATION)
    return bool(keys & _STATION) and not keys & _BUS_STATION

"""A search among what a page lists: places, people, deeds. However a name is written, it is found."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from flask import request

from clinic.db import LANGUAGES
from clinic.directory.catalogue import LocationInfo
from clinic.directory.naming import key_of, keys_of, other_keyboard
from clinic.wording import language_now

MOST_SIGNS = 80
SHORT = 5  # so many lines are seen at a glance: nobody has to search among them


@dataclass(frozen=True, slots=True)
class Places:
    """A list of places as it was searched: what was found, by town and name, of how many; `asked` as it was typed."""

    found: tuple[LocationInfo, ...]
    of: int
    asked: dict[str, str]

    @property
    def searched(self) -> bool:
        """Whether the list is so long that one has to search in it."""
        return self.of > SHORT


def places(own: Collection[LocationInfo]) -> Places:
    """A person's places, and of these what the address of this page asks for."""
    q, language = request.args.get("q", "")[:MOST_SIGNS], language_now()
    holds = sieve(q)
    found = [place for place in own if holds(*texts(place))]
    found.sort(key=lambda place: (place.city[language], place.name[language]))
    return Places(tuple(found), len(own), {"q": q})


def texts(place: LocationInfo) -> Iterator[str]:
    """What a place is found by, in every language."""
    return (words[code] for words in (place.name, place.address, place.city) for code in LANGUAGES)


def sieve(words: str) -> Callable[..., bool]:
    """Whether words of some texts begin as each typed word does: in any script, case, order, on the wrong keyboard."""
    ways = [keys for way in (words, other_keyboard(words)) if (keys := keys_of(way))]

    def holds(*texts: str) -> bool:
        line = " ".join(("", *map(key_of, texts)))
        return not ways or any(all(f" {key}" in line for key in keys) for keys in ways)

    return holds

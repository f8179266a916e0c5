"""Search over the pages: any of our languages, either script, small mistakes forgiven. Nothing of it is kept."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process
from rapidfuzz.distance import Prefix

from clinic.directory.gazetteer import key_of
from clinic.safety.pages import markup
from clinic.safety.pages.shown import Shown

MOST_FOUND = 8
_CLOSE = 82.0  # of 100: how alike a typed word and one of a page must be
_ENDED = 90.0  # what a word gets that has the same stem
_STEM = 4
_SHORT = 3  # words up to this length must be the same
_WEIGHTS = ((4.0, "heading"), (4.0, "words"), (2.0, "summary"))
# Words that say nothing about what she looks for, as keys.
_EMPTY = frozenset(
    key_of(
        "и в во на не что как мне меня мой моя с у за по от из а но или это кто где есть ли бы "
        "мені және не ма ба мен үшін қалай қайда бар the a an of to in is my me i how what do if on they"
    ).split()
)


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    page: Shown
    words: dict[str, float]  # each word and the weight of where it stands


def find(pages: Sequence[Shown], typed: str, language: str) -> list[Shown]:
    """The pages that fit best, each once: in her language where it fits there, else in the one that fits best."""
    entries, often = _index(tuple(pages))
    asked = [word for word in dict.fromkeys(key_of(typed).split()) if word not in _EMPTY] or key_of(typed).split()
    vocabulary = list(often)
    scores: dict[_Entry, float] = {}
    hits: dict[int, set[str]] = {}
    for word in asked:
        for known, alike in _alike(word, vocabulary):
            rare = math.log(1 + len(entries) / often[known])
            for entry in entries:
                if (weight := entry.words.get(known)) is not None:
                    scores[entry] = scores.get(entry, 0.0) + weight * rare * (alike / 100) ** 4
                    hits.setdefault(entry.page.number, set()).add(word)
    best: dict[int, _Entry] = {}
    for entry in sorted(scores, key=lambda entry: (entry.page.language != language, -scores[entry])):
        best.setdefault(entry.page.number, entry)
    enough = math.ceil(len(asked) / 2)
    fit = [entry for number, entry in best.items() if len(hits[number]) >= enough]
    fit.sort(key=lambda entry: (-len(hits[entry.page.number]), entry.page.language != language, -scores[entry]))
    return [entry.page for entry in fit[:MOST_FOUND]]


def _alike(word: str, vocabulary: list[str]) -> list[tuple[str, float]]:
    """Words of the pages that may be meant, best first."""
    if len(word) <= _SHORT:
        return [(word, 100.0)] if word in vocabulary else []
    begun = [(known, _ENDED) for known in vocabulary if _same_stem(word, known)]
    near = process.extract(word, vocabulary, scorer=fuzz.ratio, score_cutoff=_CLOSE, limit=6)
    found = dict(begun) | {known: float(score) for known, score, _at in near}
    return sorted(found.items(), key=lambda pair: -pair[1])[:12]


def _same_stem(word: str, known: str) -> bool:
    """Whether two words begin alike and only end in different ways, as they do in Russian and Kazakh."""
    shorter = min(len(word), len(known))
    return shorter >= _STEM and Prefix.similarity(word, known) >= max(_STEM, 0.7 * shorter)


@lru_cache(maxsize=4)
def _index(pages: tuple[Shown, ...]) -> tuple[tuple[_Entry, ...], dict[str, int]]:
    """The words of every page, and on how many each stands; made anew when a page has changed."""
    entries = tuple(_Entry(page, _words(page)) for page in pages)
    often = Counter(word for entry in entries for word in entry.words)
    return entries, dict(often)


def _words(page: Shown) -> dict[str, float]:
    found = {word: 1.0 for word in key_of(markup.plain(page.text)).split() if word not in _EMPTY}
    for weight, name in reversed(_WEIGHTS):
        for word in key_of(getattr(page, name)).split():
            if word not in _EMPTY:
                found[word] = weight
    return found

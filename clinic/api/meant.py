"""What a search understood of the words in `q`, so that a guess can be shown as one."""

from collections.abc import Mapping
from typing import Any

from clinic.api import speech
from clinic.directory.gazetteer import NotFound, Spot


def understood(asked: Mapping[str, Any], spot: Spot | NotFound | None) -> dict[str, Any] | None:
    """The field `understood` of an answer; None where no `q` was asked."""
    if "q" not in asked:
        return None
    language = speech.language()
    if not isinstance(spot, Spot):
        others = spot.suggestions if spot else ()
        return {"name": None, "exact": False, "missed": asked["q"], "others": _named(others, language)}
    return {
        "name": spot.label[language] if spot.label else None,
        "exact": not (spot.guessed or spot.missed),
        "missed": spot.missed,
        "others": _named(spot.others, language),
    }


def _named(spots: tuple[Spot, ...], language: str) -> list[dict[str, str]]:
    return [{"name": spot.label[language] if spot.label else "", "q": spot.asked(language)} for spot in spots]

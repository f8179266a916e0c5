"""Places of a list as HTML, drawn once: in the same minute a place looks the same to everybody.

Only what is everybody's is remembered. A card that carries on her position or her code is drawn anew.
"""

from collections.abc import Sequence
from functools import lru_cache

from flask import render_template, request
from markupsafe import Markup

from clinic import wording
from clinic.booking.showing import Card

Carried = Sequence[tuple[str, str]]


def place_card(card: Card, first: bool, carry: Carried) -> Markup:
    """A card of the list; the times of the `first` stand out."""
    if carry:
        return _draw(card, first, carry)
    return _remembered(card, first, wording.language_now(), request.script_root)


@lru_cache(maxsize=4096)
def _remembered(card: Card, first: bool, _language: str, _root: str) -> Markup:
    return _draw(card, first, ())


def _draw(card: Card, first: bool, carry: Carried) -> Markup:
    return Markup(render_template("booking/_one_card.html", card=card, first=first, carry=carry))  # noqa: S704 - a template's

"""Places of a list as HTML, drawn once: in the same minute a place looks the same to everybody.

Only what is everybody's is remembered. What she chose is put in afterwards; a card that carries on her
position or her code is drawn anew.
"""

from collections.abc import Sequence
from functools import lru_cache

from flask import render_template, request
from markupsafe import Markup, escape

from clinic import wording
from clinic.booking.showing import Card

Carried = Sequence[tuple[str, str]]
_FIELDS = Markup("<!--fields-->")  # where her choice is put in


def place_card(card: Card, first: bool, kept: Carried, carry: Carried) -> Markup:
    """A card of the list; the times of the `first` stand out. `kept` is her choice, which every step of it keeps."""
    drawn = (
        _draw(card, first, carry) if carry else _remembered(card, first, wording.language_now(), request.script_root)
    )
    fields = "".join(f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in kept)
    return Markup(drawn.replace(_FIELDS, fields))  # noqa: S704 - escaped above


@lru_cache(maxsize=4096)
def _remembered(card: Card, first: bool, _language: str, _root: str) -> str:
    return _draw(card, first, ())


def _draw(card: Card, first: bool, carry: Carried) -> str:
    return render_template("booking/_one_card.html", card=card, first=first, carry=carry, fields=_FIELDS)

"""Going through the tokens of typed hours, and saying why they cannot be used."""

from collections.abc import Callable, Iterable
from typing import Any

import flask_babel

from clinic.directory.hours_words import Token, tokens

_: Callable[..., Any] = flask_babel.lazy_gettext  # flask-babel has no types


class HoursError(Exception):
    """These hours cannot be used: `message` is a lazy sentence, `position` an index into the text,
    `offer` a text that would be accepted, or ""."""

    def __init__(self, message: Any, position: int, offer: str = "") -> None:
        super().__init__(message, position)
        self.message = message
        self.position = position
        self.offer = offer

    def __str__(self) -> str:
        return str(self.message)


class Reader:
    """The tokens of a text and the place reached in them."""

    def __init__(self, text: str) -> None:
        self.tokens = _without_empty_dashes(tokens(text))
        self.i = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.i]

    def ahead(self, n: int) -> Token:
        return self.tokens[min(self.i + n, len(self.tokens) - 1)]

    def take(self) -> Token:
        token = self.tokens[self.i]
        self.i = min(self.i + 1, len(self.tokens) - 1)
        return token

    def mark(self, value: str) -> bool:
        """Whether the next token is this mark; takes it if so."""
        if self.next.kind == "mark" and self.next.value == value:
            self.take()
            return True
        return False


def _without_empty_dashes(found: Iterable[Token]) -> list[Token]:
    """The tokens without a dash that joins nothing: "по субботам", "Пн-Пт: - 9-18"."""
    kept: list[Token] = []
    for token in found:
        joins = token.kind != "mark" or token.value != "-" or (kept and kept[-1].value not in (",", ";", ":"))
        if joins or token.text.startswith(("-", "–", "—")):
            kept.append(token)
    return kept


def refused(token: Token) -> HoursError:
    """The sentence for a token that cannot stand where it stands."""
    if token.kind == "refused":
        message = {
            "sun": _("Write clock times instead of sunrise or sunset."),
            "school": _("School holidays are not known here: write the dates."),
            "easter": _("Write the date itself: feasts that move are not known here."),
            "week": _("Week numbers are not possible: write dates."),
            "break": _("Write a break as two spans: 09:00-13:00,14:00-18:00"),
            "agreed": _("Where hours are agreed by phone, leave this field empty."),
        }[token.value]
    elif token.kind == "open":
        message = _("A remark begins and ends with a straight quotation mark.")
    elif token.value == "||":
        message = _("A second choice after “||” is not possible: write one rule for each day.")
    elif token.value == "+":
        message = _("“+” leaves the end open: write when it closes.")
    elif token.value == "/":
        message = _("A step with “/” is not possible.")
    elif token.kind == "comment":
        message = _("Write “open”, “unknown” or “off” before a remark.")
    elif token.kind == "end":
        message = _("Something is missing at the end. An example: Mo-Fr 09:00-18:00; Sa 10:00-14:00")
    else:
        message = _(
            "“%(part)s” is not understood here. An example: Mo-Fr 09:00-18:00; Sa 10:00-14:00", part=token.text[:30]
        )
    return HoursError(message, token.at)

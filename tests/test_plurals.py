"""Counted sentences come out right for every number (cases.md 14)."""

import re
from typing import NamedTuple

import pytest
from flask import Flask
from flask_babel import force_locale, ngettext

from tests.catalogues import stored

NUMBERS = (0, 1, 2, 5, 11, 12, 21, 22, 25, 101, 111)
RUSSIAN = {0: 2, 1: 0, 2: 1, 5: 2, 11: 2, 12: 2, 21: 0, 22: 1, 25: 2, 101: 0, 111: 2}  # CLDR: one, few, many


class Counted(NamedTuple):
    """A sentence with a number in it: the English source and the forms of a language."""

    one: str
    many: str
    forms: tuple[str, ...]


def counted(language: str) -> list[Counted]:
    found = []
    for message in stored(language):
        if message.id and not isinstance(message.id, str):
            assert message.string
            assert not isinstance(message.string, str)
            found.append(Counted(message.id[0], message.id[1], tuple(message.string)))
    return found


def values(text: str, number: int) -> dict[str, object]:
    return {name: number if name == "num" else "x" for name in re.findall(r"%\((\w+)\)", text)}


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_case_14_every_counted_sentence_is_rendered_in_its_form(app: Flask, language: str) -> None:
    sentences = counted(language)
    assert len(sentences) > 5
    for sentence in sentences:
        others = {name: x for name, x in values(sentence.one + sentence.many, 0).items() if name != "num"}
        for number in NUMBERS:
            form = sentence.forms[RUSSIAN[number] if language == "ru" else int(number != 1)]
            with force_locale(language):
                said = ngettext(sentence.one, sentence.many, number, **others)
            assert said == form % values(form, number), (language, number, sentence.one)


def test_case_14_a_kazakh_noun_stays_as_it_is_after_a_number() -> None:
    for sentence in counted("kk"):
        assert len({form.replace("бір ", "%(num)s ") for form in sentence.forms}) == 1, sentence.one


def test_case_14_russian_has_three_forms_and_they_differ() -> None:
    for sentence in counted("ru"):
        assert len(sentence.forms) == 3, sentence.one
        assert len(set(sentence.forms)) > 1, sentence.one

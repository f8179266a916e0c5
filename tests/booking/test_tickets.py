from collections import Counter

import pytest

from clinic.booking import tickets
from clinic.db import LANGUAGES


def test_there_are_enough_nouns_and_none_twice_in_any_language() -> None:
    assert len(tickets.NOUNS) >= 64
    for language in LANGUAGES:
        words = [noun[language] for noun in tickets.NOUNS]
        assert len(set(words)) == len(words)
        assert all(word and word[0].isupper() and " " not in word for word in words)


def test_first_letters_are_spread_so_that_a_guess_seldom_opens_a_card() -> None:
    opening = Counter(letter for n in range(len(tickets.NOUNS)) for letter in tickets.letters(n))
    assert max(opening.values()) <= len(tickets.NOUNS) / 6


@pytest.mark.parametrize("letter", ["Т", "т", " т", "тюль", "Қ", "қ", "T", "t"])
def test_a_card_opens_with_the_letter_of_any_language(letter: str) -> None:
    assert tickets.noun_words(0, "ru") == "Тюльпан"
    assert tickets.fold(letter) in tickets.letters(0)


@pytest.mark.parametrize("letter", ["", " ", "я", "2"])
def test_it_does_not_open_without_the_right_letter(letter: str) -> None:
    assert tickets.fold(letter) not in tickets.letters(0)


def test_yo_and_ye_are_one_letter() -> None:
    hedgehog = next(n for n, noun in enumerate(tickets.NOUNS) if noun.ru == "Ёж")
    assert tickets.fold("е") in tickets.letters(hedgehog)
    assert tickets.fold("Ё") in tickets.letters(hedgehog)


def test_numbers_grow_by_one_to_three() -> None:
    assert {tickets.step() for _ in range(200)} == {1, 2, 3}

"""Numbers as people type them (case 10)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import Babel, force_locale

from clinic.config import EXTENSION
from clinic.passes.phones import PhoneError, parse

TRANSLATIONS = Path(__file__).parents[2] / "translations"
HERS = "+77011234567"


@dataclass
class Countries:
    sms_countries: tuple[str, ...] = ("KZ",)


@pytest.fixture(autouse=True)
def countries() -> Iterator[Countries]:
    """Just enough of an application: the allowed countries, and a page in Russian."""
    app = Flask(__name__)
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    Babel(app, locale_selector=lambda: "ru")
    app.extensions[EXTENSION] = allowed = Countries()
    with app.app_context():
        yield allowed


def refusal(typed: str) -> PhoneError:
    with pytest.raises(PhoneError) as caught:
        parse(typed)
    return caught.value


@pytest.mark.parametrize(
    "typed",
    [
        "8 (701) 123-45-67",
        "+7 701 123 45 67",
        "7011234567",
        "8701\u00a0123\u00a045\u00a067",
        "77011234567",
        "+7(701)1234567",
        "8-701-123-45-67",
        "701.123.45.67",
        "\u200e+7 701 123 45 67\u200f",
        "\u2066+7\u20117011234567\u2069",
        "８７０１１２３４５６７",
        "＋７ ７０１ １２３ ４５ ６７",
        "٨٧٠١١٢٣٤٥٦٧",
        "00 7 701 123 45 67",
        "+8 701 123 45 67",
        "  +7 701 123 45 67\n",
        "+7\u2009701\u2012123–45—67",
        "tel:+77011234567",
        "WhatsApp: +7 701 123-45-67",
        "https://wa.me/77011234567",
        "тел. 8 701 123 45 67",
        "моб. 8-701-123-45-67",
    ],
)
def test_case_10_forms_that_people_type_are_one_number(typed: str) -> None:
    assert parse(typed) == HERS


@pytest.mark.parametrize("prefix", ["700", "701", "702", "705", "706", "707", "708", "747", "771", "775", "776", "777",
                                    "778", "785"])  # fmt: skip
def test_every_mobile_prefix_of_kazakhstan_is_taken(prefix: str) -> None:
    assert parse(f"8{prefix}5550102") == f"+7{prefix}5550102"


def test_case_10_a_russian_mobile_is_refused_in_words_unless_allowed(countries: Countries) -> None:
    error = refusal("+7 926 123 45 67")
    assert error.kind == "country"
    assert str(error.message) == "Это номер другой страны (Россия). SMS отправляем только сюда: Казахстан"
    countries.sms_countries = ("KZ", "RU")
    assert parse("+7 926 123 45 67") == parse("8 926 123 45 67") == "+79261234567"


def test_case_10_a_land_line_is_refused() -> None:
    for typed in ("8 727 250 00 00", "+7 7172 12 34 56", "7272500000"):
        assert refusal(typed).kind == "landline"
    assert str(refusal("8 727 250 00 00").message) == "Это городской номер, SMS на него не придёт"


@pytest.mark.parametrize(
    "typed", ["701 12З 45 67", "+7 7O1 123 45 67", "abc", "нет", "+7 701 123 45 67 доб. 5", "八701"]
)
def test_case_10_a_letter_is_refused_and_named(typed: str) -> None:
    error = refusal(typed)
    assert error.kind == "letters"
    assert str(error.message) == "В номере есть буква: нужны только цифры"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("+7 701 555 01 4", "В номере не хватает одной цифры: должно быть 10 после +7"),
        ("8701555014", "В номере не хватает одной цифры: должно быть 10 после +7"),
        ("701555014", "В номере не хватает одной цифры: должно быть 10 после +7"),
        ("7701555014", "В номере не хватает одной цифры: должно быть 10 после +7"),
        ("+7 701 555 01", "В номере не хватает 2 цифр: должно быть 10 после +7"),
        ("+7", "В номере не хватает 10 цифр: должно быть 10 после +7"),
        ("8", "В номере не хватает 10 цифр: должно быть 10 после +7"),
    ],
)
def test_missing_digits_are_counted(typed: str, words: str) -> None:
    error = refusal(typed)
    assert (error.kind, str(error.message)) == ("short", words)


def test_missing_digits_are_counted_in_the_language_of_the_page() -> None:
    message = refusal("+7 701 555 01 4").message
    with force_locale("kk"):
        assert str(message) == "Нөмірде бір цифр жетіспейді: +7-ден кейін 10 цифр болуы керек"
    with force_locale("en"):
        assert str(message) == "One digit is missing in the number: there must be 10 after +7"


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("+", "empty"),
        ("\u200f", "empty"),
        ("+7 701 123 45 678", "long"),
        ("8" * 1_000_000, "long"),
        (" " * 1_000_000, "empty"),
        ("\0", "invalid"),
        ("+7 701 123 45 67 😀", "invalid"),
        ("7+701", "invalid"),
        ("+7 000 000 00 00", "range"),
        *(
            (f"{before}{prefix}1234567", "range")
            for prefix in (703, 704, 709, 750, 751, 765)
            for before in ("+7", "8", "")
        ),
        ("+7 612 123 45 67", "range"),
        ("tel:", "empty"),
        ("+7 800 555 35 35", "invalid"),
        ("+999 12345678", "invalid"),
        ("+996 555 123 456", "country"),
        ("+1", "invalid"),
    ],
)
def test_everything_else_is_refused_with_its_kind(typed: str, kind: str) -> None:
    assert refusal(typed).kind == kind


def test_an_error_carries_nothing_of_what_was_typed() -> None:
    error = refusal("+7 701 555 01 4")
    assert "701" not in repr(error)
    assert "701" not in str(error.message)

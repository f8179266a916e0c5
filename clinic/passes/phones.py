"""Telephone numbers as people of Kazakhstan type them, read into E.164 or refused in a sentence.

Kazakhstan and Russia share +7: a Russian mobile is kept as what it is and taken only where the
operator allows it (`KESHKI_SMS_COUNTRIES`). No SMS reaches a land line, so it is refused.
"""

import re
import unicodedata
from collections.abc import Callable

import flask_babel
import phonenumbers
from babel import Locale
from flask_babel.speaklater import LazyString
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from clinic.config import settings
from clinic.wording import FORMATS, gettext, language_now

lazy_gettext: Callable[..., LazyString] = flask_babel.lazy_gettext  # flask-babel has no types
lazy_ngettext: Callable[..., LazyString] = flask_babel.lazy_ngettext

LONGEST_TYPED = 60
NATIONAL_DIGITS = 10
TRUNK_PREFIXES = ("7", "8")  # 8 is dialled inside the country, 7 is the country code without its plus
SEPARATORS = frozenset("()[].,/\\_'·")
# What phones and messengers put in front of a number when it is copied.
_PASTED = re.compile(
    r"^[\s\W]*(?:https?://)?(?:tel|sms|smsto|callto|phone|тел(?:ефон)?|моб(?:ильный)?|whats\s?app|wa\.me/|api\.whatsapp\.com/"
    r"send\?phone=|вотсап|ватсап|вацап|viber|telegram|телеграм)[\s.:/]*",
    re.IGNORECASE,
)
RECEIVING = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


class PhoneError(Exception):
    """What was typed is no number that an SMS can reach.

    `kind` is one of empty, letters, short, long, landline, range, country, invalid; `message` a lazy
    sentence for beside the field.
    """

    def __init__(self, kind: str, message: LazyString) -> None:
        super().__init__(kind)  # never what was typed: it may end in a log
        self.kind = kind
        self.message = message


def parse(text: str) -> str:
    """The number in E.164 ("+77011234567"). Raises PhoneError."""
    number = _number(_international(_digits(text)))
    region = phonenumbers.region_code_for_number(number) or ""
    kind = phonenumbers.number_type(number)
    if not phonenumbers.is_valid_number(number):
        raise _unknown_range(number) if number.country_code == 7 else _invalid()
    if kind == PhoneNumberType.FIXED_LINE:
        raise PhoneError("landline", lazy_gettext("This is a land line: no SMS reaches it"))
    if kind not in RECEIVING:
        raise _unknown_range(number) if kind == PhoneNumberType.VOIP else _invalid()
    if region not in settings().sms_countries:
        raise PhoneError("country", LazyString(_of_another_country, region, settings().sms_countries))
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def country(e164: str) -> str | None:
    """The two-letter country of a number in E.164; None when it is no valid number."""
    try:
        number = phonenumbers.parse(e164, None)
    except NumberParseException:
        return None
    return phonenumbers.region_code_for_number(number)


def _digits(text: str) -> str:
    """The typed digits with an optional leading +; direction marks, spaces and separators are passed over."""
    signs = []
    for sign in _PASTED.sub("", unicodedata.normalize("NFKC", text[: LONGEST_TYPED * 4])):
        category = unicodedata.category(sign)
        if category == "Nd":
            signs.append(str(unicodedata.digit(sign)))
        elif sign == "+" and not signs:
            signs.append(sign)
        elif category in ("Cf", "Zs", "Pd", "Mn") or sign in SEPARATORS or sign in "\t\r\n":
            continue
        elif category.startswith("L"):
            raise PhoneError("letters", lazy_gettext("There is a letter in the number: only digits are needed"))
        else:
            raise _invalid()
    digits = "".join(signs)
    if not digits.strip("+"):
        raise PhoneError("empty", lazy_gettext("Type a mobile number"))
    if len(digits) > LONGEST_TYPED or len(text) > LONGEST_TYPED * 4:
        raise _long()
    return digits


def _international(typed: str) -> str:
    """The same digits beginning with + and the country code."""
    plus, digits = typed.startswith("+"), typed.lstrip("+")
    if not plus and digits.startswith("00") and len(digits) > NATIONAL_DIGITS:
        plus, digits = True, digits[2:]
    if plus and digits[0] not in TRUNK_PREFIXES:
        return "+" + digits
    national = digits
    if plus or len(digits) > NATIONAL_DIGITS or not _is_national(digits):
        # "+8 701…" is a common slip; country codes that begin with 8 are far away and longer
        national = digits[1:] if digits[0] in TRUNK_PREFIXES else digits
        if plus and digits[0] == "8" and national[:1] not in ("7", "9", ""):
            return "+" + digits
    missing = NATIONAL_DIGITS - len(national)
    if missing > 0:
        raise PhoneError("short", _short(missing))
    if missing < 0:
        raise _long()
    return "+7" + national


def _is_national(digits: str) -> bool:
    """Whether ten or fewer digits without + are meant to follow +7: what 8 or 77 begins has a prefix too much."""
    if len(digits) == NATIONAL_DIGITS:
        return digits[:2] in ("70", "74", "75", "76") or phonenumbers.is_valid_number(_number("+7" + digits))
    return digits[0] != "8"


def _number(international: str) -> phonenumbers.PhoneNumber:
    try:
        return phonenumbers.parse(international, None)
    except NumberParseException as error:
        raise _invalid() from error


def _short(missing: int) -> LazyString:
    return lazy_ngettext(
        "One digit is missing in the number: there must be 10 after +7",
        "%(num)s digits are missing in the number: there must be 10 after +7",
        missing,
    )


def _long() -> PhoneError:
    return PhoneError("long", lazy_gettext("There are too many digits in the number: there must be 10 after +7"))


def _invalid() -> PhoneError:
    return PhoneError("invalid", lazy_gettext("There is a mistake in the number: 10 digits are needed after +7"))


def _unknown_range(number: phonenumbers.PhoneNumber) -> PhoneError:
    """Ten digits that no list of ranges holds: perhaps mistyped, perhaps newer than the list."""
    return PhoneError("range", LazyString(_range_words, str(number.national_number)[:3]))


def _range_words(prefix: str) -> str:
    return gettext(
        "We do not know mobile numbers that begin with +7 %(prefix)s. Check the first digits, or use another number",
        prefix=prefix,
    )


def _of_another_country(region: str, allowed: tuple[str, ...]) -> str:
    names = Locale.parse(FORMATS[language_now()]).territories
    return gettext(
        "This is a number of another country (%(country)s). SMS goes only to: %(countries)s",
        country=names.get(region, region),
        countries=", ".join(str(names.get(code, code)) for code in allowed),
    )

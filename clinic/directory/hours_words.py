"""The words for days, months and states that staff type in Kazakh, Russian and English; a text cut into them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_DAYS = {
    "Mo": "mo mon monday mondays пн пон понедельник понедельника дс дүй дүйсенбі",
    "Tu": "tu tue tues tuesday tuesdays вт втр вторник вторника сс сей сейсенбі",
    "We": "we wed wednesday wednesdays ср среда среды среду сәр сәрсенбі",
    "Th": "th thu thur thurs thursday thursdays чт чтв четверг четверга бс бей бейсенбі",
    "Fr": "fr fri friday fridays пт птн пятница пятницы пятницу жм жұма",
    "Sa": "sa sat saturday saturdays сб суб суббота субботы субботу сен сенбі",
    "Su": "su sun sunday sundays вс вск воскресенье воскресенья жс жк жек жексенбі",
}
_MONTHS = (
    "jan january янв январь января қаң қаңтар",
    "feb february фев февраль февраля ақп ақпан",
    "mar march мар март марта нау наурыз",
    "apr april апр апрель апреля сәу сәуір",
    "may май мая мам мамыр",
    "jun june июн июнь июня мау маусым",
    "jul july июл июль июля шіл шілде",
    "aug august авг август августа там тамыз",
    "sep sept september сентябрь сентября қыр қыркүйек",
    "oct october окт октябрь октября қаз қазан",
    "nov november ноя нояб ноябрь ноября қар қараша",
    "dec december дек декабрь декабря жел желтоқсан",
)
_STATES = {
    "off": "off closed закрыто выходной вых нерабочий жабық демалыс|выходной день|демалыс күні",
    "open": "open открыто ашық",
    "unknown": "unknown неизвестно белгісіз",
}
_OTHER: dict[tuple[str, Any], str] = {
    ("always", None): "круглосуточно|тәулік бойы|around the clock|24 часа|24 hours|24 сағат",
    ("every", "Mo-Su"): "ежедневно|daily|каждый день|күн сайын|every day",
    ("every", "Mo-Fr"): "будни|по будням|в будни|рабочие дни|в рабочие дни|жұмыс күндері|weekdays",
    ("holidays", None): (
        "ph|праздники|праздник|праздничные дни|в праздники|мереке|мерекелер|мереке күндері|"
        "holiday|holidays|public holiday|public holidays"
    ),
    ("mark", "-"): "to|till|until|through|до|по",
    ("mark", ","): "and|и|және",
    ("skip", None): "с|from",
}
_REFUSED = {
    "sun": "sunrise|sunset|dawn|dusk|daylight|рассвет|закат",
    "school": "sh|каникулы|school holidays|school holiday",
    "easter": "easter|пасха|ramadan|рамазан|рамадан",
    "week": "week|weeks|неделя|апта",
    "break": "перерыв|обед|үзіліс|lunch|break",
}


def _words() -> dict[str, tuple[str, Any]]:
    known: dict[str, tuple[str, Any]] = {}
    for day, forms in _DAYS.items():
        known |= dict.fromkeys(forms.split(), ("day", day))
    for number, forms in enumerate(_MONTHS, 1):
        known |= dict.fromkeys(forms.split(), ("month", number))
    for state, forms in _STATES.items():
        singles, *phrases = forms.split("|")
        known |= dict.fromkeys((*singles.split(), *phrases), ("state", state))
    for meaning, forms in _OTHER.items():
        known |= dict.fromkeys(forms.split("|"), meaning)
    return known


WORDS = _words()
REFUSED_WORDS = {form: kind for kind, forms in _REFUSED.items() for form in forms.split("|")}
# longest first, so that "мереке күндері" is not read as "мереке"
PHRASES = sorted((form for form in (*WORDS, *REFUSED_WORDS) if " " in form), key=len, reverse=True)


@dataclass(frozen=True, slots=True)
class Token:
    """A word, time, number or mark; `at` is its place in the text."""

    kind: str  # day month holidays state always every time number comment mark refused end
    value: Any
    at: int
    text: str


_TOKEN = re.compile(
    r"""(?P<space>[\s​-‏⁠﻿]+)
    | "(?P<comment>[^"\x00-\x1f]*)"
    | (?P<open>["„“«])
    | (?P<always>24\s*/\s*7)
    | (?P<phrase>"""
    + "|".join(r"\s+".join(map(re.escape, phrase.split())) for phrase in PHRASES)
    + r""")(?![^\W\d_])
    | (?P<ampm>[ap]\.?\s?m\b\.?)
    | (?P<time>[0-9]{1,2}(?:[:.：][0-9]{2}(?![0-9])|\s?[hч]\s?:?\s?(?:[0-9]{2})?(?![^\W_])))
    | (?P<number>[0-9]+)
    | (?P<word>[^\W\d_]+\.?)
    | (?P<dash>[-‐‑‒–—―−~])
    | (?P<mark>\|\||[-,;:+/()\[\]&])
    | (?P<other>.)""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)


def tokens(text: str) -> Iterator[Token]:
    """The text cut into tokens, the last of kind "end"; what is not known has the kind "other"."""
    for match in _TOKEN.finditer(text):
        kind, at, raw = match.lastgroup or "other", match.start(), match.group()
        if kind == "space":
            continue
        if kind == "comment":
            yield Token(kind, match["comment"].strip(), at, raw)
        elif kind == "always":
            yield Token("always", None, at, raw)
        elif kind in ("word", "phrase"):
            key = " ".join(raw.casefold().rstrip(".").split())
            if key in REFUSED_WORDS:
                yield Token("refused", REFUSED_WORDS[key], at, raw)
            elif key in WORDS:
                word_kind, value = WORDS[key]
                if word_kind != "skip":
                    yield Token(word_kind, value, at, raw)
            else:
                yield Token("other", raw, at, raw)
        elif kind == "time":
            hour, minute = re.fullmatch(r"([0-9]+)\D*([0-9]*)", raw).groups()  # type: ignore[union-attr]
            yield Token("time", (int(hour), int(minute or 0)), at, raw)
        elif kind == "number":
            yield Token("number", int(raw), at, raw)
        elif kind in ("dash", "mark"):
            yield Token("mark", "-" if kind == "dash" else "," if raw == "&" else raw, at, raw)
        else:
            yield Token(kind, raw, at, raw)
    yield Token("end", None, len(text), "")

"""The words for days, months and states that staff type in Kazakh, Russian and English; a text cut into them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_DAYS = {
    "Mo": "mo mon monday mondays пн пон понедельник понедельника понедельникам дс дүй дүйсенбі дүйсенбіден дүйсенбіге",
    "Tu": "tu tue tues tuesday tuesdays вт втр вторник вторника вторникам сс сей сейсенбі сейсенбіден сейсенбіге",
    "We": "we wed wednesday wednesdays ср срд среда среды среду средам сәр сәрсенбі сәрсенбіден сәрсенбіге",
    "Th": "th thu thur thurs thursday thursdays чт чтв четверг четверга четвергам "
    "бс бей бейсенбі бейсенбіден бейсенбіге",
    "Fr": "fr fri friday fridays пт птн пятница пятницы пятницу пятницам жм жұма жұмадан жұмаға",
    "Sa": "sa sat saturday saturdays сб суб суббота субботы субботу субботам сен сенбі сенбіден сенбіге",
    "Su": "su sun sunday sundays вс вск воскресенье воскресенья воскресеньям воскресение воскресения воскресениям "
    "жс жк жек жексенбі жексенбіден жексенбіге",
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
    ("always", None): "круглосуточно|круглые сутки|тәулік бойы|around the clock|24 часа|24 hours|24 сағат",
    ("every", "Mo-Su"): (
        "ежедневно|ежедневно без выходных|без выходных|каждый день|все дни|daily|every day|"
        "күн сайын|күнделікті|күнделікті демалыссыз|демалыссыз"
    ),
    ("every", "Mo-Fr"): "будни|по будням|в будни|рабочие дни|в рабочие дни|жұмыс күндері|weekdays",
    ("holidays", None): (
        "ph|праздники|праздник|праздничные дни|в праздники|мереке|мерекелер|мереке күндері|"
        "holiday|holidays|public holiday|public holidays"
    ),
    ("mark", "-"): "to|till|until|through|до|по",
    ("mark", ","): "and|и|және",
    ("skip", None): (
        "с|from|at|дейін|аралығында|сағат|час|часа|часов|без перерыва|без обеда|үзіліссіз|no break|"
        "режим работы|график работы|время работы|часы работы|график|режим|работаем|работает|"
        "жұмыс уақыты|жұмыс кестесі|жұмыс тәртібі|hours|opening hours|working hours"
    ),
}
_REFUSED = {
    "sun": "sunrise|sunset|dawn|dusk|daylight|рассвет|закат",
    "school": "sh|каникулы|school holidays|school holiday",
    "easter": "easter|пасха|ramadan|рамазан|рамадан",
    "week": "week|weeks|неделя|апта",
    "break": "перерыв|обед|үзіліс|lunch|break",
    "agreed": "по запросу|по записи|по договоренности|по договорённости|по звонку|по телефону|инфо по тел|"
    "по согласованию|по предварительной записи|алдын ала жазылу|жазылу бойынша|келісім бойынша|сұраныс бойынша|"
    "by appointment|on request|by phone|by arrangement",
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


# Letters that look the same in both scripts: a word with one of the other script is read as it looks.
_LATIN, _CYRILLIC = "aceopxyTBMHKAECOPXi", "асеорхуТВМНКАЕСОРХі"
_AS_CYRILLIC = str.maketrans(_LATIN, _CYRILLIC)
_AS_LATIN = str.maketrans(_CYRILLIC, _LATIN)


def _known(word: str) -> str:
    """The form under which a word is known, with letters that only look like the right ones put right; or ""."""
    for written in (word, word.translate(_AS_CYRILLIC), word.translate(_AS_LATIN)):
        form = " ".join(written.casefold().rstrip(".").split())
        if form in WORDS or form in REFUSED_WORDS:
            return form
    return ""


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
    | (?P<always>24\s*/\s*(?:7|24)|24\s?[ч]\b\.?)
    | (?P<until>-?(?:ге|ға|ке|қа)(?:\s+дейін)?(?![^\W\d_]))
    | (?P<since>-?(?:ден|дан|тен|тан)(?![^\W\d_]))
    | (?P<phrase>"""
    + "|".join(r"\s+".join(map(re.escape, phrase.split())) for phrase in PHRASES)
    + r""")(?![^\W\d_])
    | (?P<ampm>[ap]\.?\s?m\b\.?)
    | (?P<time>[0-9]{1,2}(?:[:.：][0-9]{2}(?![0-9])(?:\s?[hч](?![^\W_])\.?)?|\s?[hч]\s?:?\s?(?:[0-9]{2})?(?![^\W_])))
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
        if kind in ("space", "until"):  # "9-дан 18-ге дейін": the ending says only what the dash says already
            continue
        if kind == "comment":
            yield Token(kind, match["comment"].strip(), at, raw)
        elif kind == "always":
            yield Token("always", None, at, raw)
        elif kind == "since":
            yield Token("mark", "-", at, raw)
        elif kind in ("word", "phrase"):
            key = _known(raw)
            if key in REFUSED_WORDS:
                yield Token("refused", REFUSED_WORDS[key], at, raw)
            elif key:
                word_kind, value = WORDS[key]
                if word_kind != "skip":
                    yield Token(word_kind, value, at, raw)
                if key.endswith(("ден", "дан")) and word_kind == "day":  # "дүйсенбіден жұмаға": from Monday to Friday
                    yield Token("mark", "-", at, raw)
            else:
                yield Token("other", raw, at, raw)
        elif kind == "time":
            hour, minute = re.match(r"([0-9]+)\D*([0-9]*)", raw).groups()  # type: ignore[union-attr]
            yield Token("time", (int(hour), int(minute or 0)), at, raw)
        elif kind == "number":
            yield Token("number", int(raw), at, raw)
        elif kind in ("dash", "mark"):
            yield Token("mark", "-" if kind == "dash" else "," if raw == "&" else raw, at, raw)
        else:
            yield Token(kind, raw, at, raw)
    yield Token("end", None, len(text), "")

"""Until when, as people write it at night on a phone: 23, 2300, 23-00, "11 вечера", "через час", "11 pm".

A bare hour may be meant for morning or evening; a check-in runs at most twelve hours, so that only one
of the two can be meant.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _l

from clinic import clock
from clinic.booking import typed
from clinic.safety.alerts.check_ins import FARTHEST, SHORTEST

NOT_AN_HOUR = _l("We could not read the hour. Write it like 23:00, or press one of the keys.")
_NUMBERS = {
    "час": 1, "часа": 1, "сағаттан": 1, "сағат": 1, "hour": 1, "один": 1, "одну": 1, "бір": 1, "one": 1, "an": 1,
    "a": 1,
    "два": 2, "две": 2, "екі": 2, "two": 2, "три": 3, "үш": 3, "three": 3, "четыре": 4, "төрт": 4, "four": 4,
}  # fmt: skip
_HALF = re.compile(r"полчаса|пол часа|жарты сағат\w*|half an hour")
_HALF_MORE = re.compile(r"полтора часа|бір жарым сағат\w*|an hour and a half")
_HOURS = re.compile(r"(\d{1,2}|[a-zа-яёәіңғүұқөһ]+)? ?(часов|часа|час|ч|сағаттан|сағат|сағ|hours|hour|h)\.?")
_MINUTES = re.compile(r"(\d{1,3}) ?(минуты|минуту|минут|мин|м|минуттан|minutes|minute|min)\.?")
_CLOCK = re.compile(r"(\d{1,2})(?:[:.\- ]?([0-5]\d))?")
_EVENING = re.compile(r"вечера|вечером|кешкі|кешке|кеш|дня|түстен кейін|p\.?m\.?")
_MORNING = re.compile(r"ночи|ночью|утра|утром|түнгі|түнде|таңғы|таңертең|a\.?m\.?")
_MIDNIGHT = re.compile(r"полночь|полуночи|түн ортасы\w*|midnight")
_AFTER = re.compile(r"^(через|in)\b|\bкейін$")
_SAID = re.compile(r"\b(через|до|в|к|около|сағат|кейін|дейін|in|at|until|till|by)\b|-(да|де|та|те|ға|ге|қа|ке)\b")


@dataclass(frozen=True, slots=True)
class Until:
    """An hour of the clock (`either`: of morning or evening), or so many minutes from now.

    `either` of minutes from now: "2 часа" may mean two o'clock as well; the earlier of them counts.
    """

    minutes: int
    from_now: bool = False
    either: bool = False

    def moment(self, now: datetime) -> datetime:
        """When that is next; what is too near or too far is refused by whoever starts it."""
        if self.from_now:
            later = now + timedelta(minutes=self.minutes)
            return min(later, Until(self.minutes, either=True).moment(now)) if self.either else later
        today = clock.local(now).date()
        steps = (0, 12, 24, 36) if self.either else (0, 24)
        moments = [clock.at(today, self.minutes + 60 * step) for step in steps]
        fit = [at for at in moments if now + SHORTEST <= at <= now + FARTHEST]
        return fit[0] if fit else next((at for at in moments if at >= now + SHORTEST), moments[-1])


def hours_from_now(hours: int) -> Until:
    """What the buttons say."""
    return Until(60 * hours, from_now=True)


def read(value: str) -> Until:
    """What was typed. Raises Unreadable."""
    text = " ".join(unicodedata.normalize("NFKC", value).lower().replace("ё", "е").split()).strip(" .,!")
    if _MIDNIGHT.search(text):
        return Until(0)
    if _AFTER.search(text) or not re.search(r"\d", text) or re.search(r"\d ?(ч|час|часа|h|мин|м|min)\.?$", text):
        return _from_now(text)
    evening, morning = bool(_EVENING.search(text)), bool(_MORNING.search(text))
    bare = " ".join(_SAID.sub(" ", _MORNING.sub(" ", _EVENING.sub(" ", text))).split()).strip(" .")
    bare = re.sub(r" ?(часов|часа|час|ч)\.?$", "", bare)
    match = _CLOCK.fullmatch(bare)
    if match is None or len(match[1]) + len(match[2] or "") > len(bare):
        raise typed.Unreadable(NOT_AN_HOUR)
    hour, minutes = int(match[1]), int(match[2] or 0)
    if hour == 24 and not minutes:
        hour = 0
    if hour > 23 or ((evening or morning) and hour > 12 and morning):
        raise typed.Unreadable(NOT_AN_HOUR)
    if evening and hour < 12:
        hour += 12
    elif morning and hour == 12:
        hour = 0
    either = not (evening or morning) and match[2] is None and len(match[1]) <= 2 and 1 <= hour <= 12
    return Until(60 * (hour % 12 if either else hour) + minutes, either=either)


def _from_now(text: str) -> Until:
    said = " ".join(re.sub(r"\b(через|кейін|in)\b", " ", text).split())
    if _HALF_MORE.fullmatch(said):
        return Until(90, from_now=True)
    if _HALF.fullmatch(said):
        return Until(30, from_now=True)
    if match := _HOURS.fullmatch(said):
        count = 1 if match[1] is None else int(match[1]) if match[1].isdigit() else _NUMBERS.get(match[1], 0)
        said_so = _AFTER.search(text) is not None
        if 12 < count <= 24 and not said_so:
            return Until(60 * (count % 24))
        if 0 < count <= 12 and (match[1] or match[2] != "часов"):
            return Until(60 * count, from_now=True, either=not said_so and match[1] is not None)
    if match := _MINUTES.fullmatch(said):
        return Until(int(match[1]), from_now=True)
    raise typed.Unreadable(NOT_AN_HOUR)

"""Our strict subset against 940 answers of opening_hours.js 3.15.0 for one week, 14 to 20 December 2026."""

import json
import os
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask

from clinic import wording
from clinic.directory import hours

MONDAY = date(2026, 12, 14)
WEEK = 7 * 1440
ANSWERS = Path(os.environ["KESHKI_PEER_DATA"]) / "opening-hours" / "peer-answers.ndjson"
ONLY_WE_READ = {"круглосуточно", "24/24"}  # opening_hours.js knows neither the Russian word nor the doctors' fraction


def answers() -> list[dict[str, Any]]:
    return [json.loads(line) for line in ANSWERS.read_text(encoding="utf-8").splitlines()]


def read(typed: str) -> str | hours.HoursError:
    """The week's expression ("" for blank text), or why it is refused."""
    try:
        return hours.split_holidays(typed)[0]
    except hours.HoursError as error:
        return error


def their_minutes(answer: dict[str, Any]) -> set[int]:
    start = datetime.combine(MONDAY, datetime.min.time())
    found: set[int] = set()
    for begins, ends, state, *_remark in answer["js"]:
        if state == "open":
            first, last = (int((datetime.fromisoformat(text) - start).total_seconds()) // 60 for text in (begins, ends))
            found |= set(range(max(first, 0), min(last, WEEK)))
    return found


def our_minutes(week: str) -> tuple[set[int], int]:
    """Open minutes of that week, no day a holiday, and how far the longest night runs past midnight."""
    found: set[int] = set()
    longest_night = 0
    for n in range(-1, 7):
        for start, end in hours.intervals(week, "", MONDAY + timedelta(days=n), False):
            found |= set(range(max(n * 1440 + start, 0), min(n * 1440 + end, WEEK)))
            longest_night = max(longest_night, end - 1440)
    return found, longest_night


def test_what_we_accept_means_what_opening_hours_js_says() -> None:
    equal = 0
    for answer in answers():
        week = read(answer["oh"])
        if isinstance(week, hours.HoursError) or not week or answer["oh"] in ONLY_WE_READ:
            continue
        assert answer["js"] is not None, f"{answer['oh']!r} is refused by opening_hours.js"
        ours, night = our_minutes(week)
        # a night is ours whole; opening_hours.js cuts it where the next day has a rule of its own
        differ = {minute for minute in ours ^ their_minutes(answer) if minute % 1440 >= night}
        assert not differ, f"{answer['oh']!r} read as {week!r}"
        equal += ours == their_minutes(answer)
    assert equal >= 200


def test_all_others_are_refused_with_a_sentence_in_three_languages(app: Flask) -> None:
    refused = 0
    for answer in answers():
        error = read(answer["oh"])
        if isinstance(error, str):
            continue
        refused += 1
        said = set()
        for language in ("kk", "ru", "en"):
            with wording.speaking(language):
                said.add(str(error.message))
        assert len(said) == 3, answer["oh"]
        assert 0 <= error.position <= len(answer["oh"])
    assert refused >= 500


def test_what_we_store_is_read_again_as_the_same() -> None:
    for answer in answers():
        if isinstance(read(answer["oh"]), str):
            week, on_holidays = hours.split_holidays(answer["oh"])
            assert hours.split_holidays(week) == (week, "")
            assert hours.split_holidays(hours.joined(week, on_holidays))[0] == week

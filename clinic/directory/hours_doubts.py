"""Hours that can be read in two ways are refused with both readings: a guess would send somebody to a locked door."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import flask_babel

from clinic.directory.hours_reader import HoursError
from clinic.directory.hours_spans import DAY, LATEST_END
from clinic.directory.hours_text import WEEKDAYS, Rule, text_of

_: Callable[..., Any] = flask_babel.lazy_gettext  # flask-babel has no types

Spans = tuple[tuple[int, int], ...]


def refuse_doubtful(rules: tuple[Rule, ...]) -> None:
    """Raises HoursError where rules contradict each other, with the texts that say it clearly."""
    for rule in rules:
        _refuse_hours_in_hours(rules, rule)
    for j, later in enumerate(rules):
        if later.adds:
            _refuse_added(rules, j)
    _refuse_replaced(rules)


def _refuse_hours_in_hours(rules: tuple[Rule, ...], rule: Rule) -> None:
    """`09:00-18:00,13:00-14:00`: the second is a break for whoever writes so, and nothing by the standard."""
    for outer in rule.spans:
        inner = sorted({span for span in rule.spans if span != outer and outer[0] <= span[0] and span[1] <= outer[1]})
        if not inner:
            continue
        rest = tuple(span for span in rule.spans if span != outer and span not in inner)
        without = replace(rule, spans=tuple(sorted({*rest, *_less(outer, inner)})))
        whole = replace(rule, spans=tuple(sorted({*rest, outer})))
        written = [one for one in (without, whole) if one.spans and all(map(_writable, one.spans))]
        texts = [text_of(tuple(one if r is rule else r for r in rules)) for one in written]
        raise HoursError(
            _(
                "Hours within hours. If the shorter ones are a break, write: %(first)s. If not: %(second)s",
                first=texts[0],
                second=texts[-1],
            ),
            rule.at,
            texts[0],
        )


def _writable(span: tuple[int, int]) -> bool:
    start, end = span
    return start < DAY and (end <= LATEST_END or end - DAY < start)


def _less(outer: tuple[int, int], inner: list[tuple[int, int]]) -> Spans:
    found, at = [], outer[0]
    for start, end in inner:
        if start > at:
            found.append((at, start))
        at = max(at, end)
    return (*found, *(((at, outer[1]),) if at < outer[1] else ()))


def _refuse_added(rules: tuple[Rule, ...], j: int) -> None:
    """`Mo-Sa 09:00-20:00, Sa 09:00-15:00`: by the standard a comma adds, and people mean "but on Saturday"."""
    later = rules[j]
    if later.state == "off":
        return
    covering = [
        i
        for i, first in enumerate(rules[:j])
        if first.state != "off" and _same_time_of_year(first, later) and _weekdays(first) & _weekdays(later)
        if any(a < d and c < b for a, b in _times(first) for c, d in _times(later))
    ]
    if all(_says_the_same(rules[i], later) for i in covering):
        return
    instead = tuple(
        replace(rule, adds=rule.adds and k != j)
        for k, rule in enumerate(rules)
        if k not in covering or not (_always(rule) <= _always(later) and later.dates in ((), rule.dates))
    )
    instead = tuple(replace(rule, adds=rule.adds and k > 0) for k, rule in enumerate(instead))
    first, offer = rules[covering[0]], text_of(instead)
    both = ""
    if len(covering) == 1 and first.dates == later.dates and _always(later) <= _always(first):
        spans = _joined((*_times(first), *_times(later)))
        added = replace(later, adds=False, spans=spans)
        kept = tuple(added if k == j else rule for k, rule in enumerate(rules))
        if _always(first) <= _always(later):
            kept = tuple(rule for k, rule in enumerate(kept) if k != covering[0])
        if spans == _joined(_times(first)):
            kept = tuple(rule for k, rule in enumerate(rules) if k != j)
        both = text_of(kept)
    if both and both != offer:
        message = _(
            "“%(part)s” stands on days that have hours already. Only these hours on those days: %(instead)s. "
            "Both together: %(both)s",
            part=later.text(),
            instead=offer,
            both=both,
        )
    else:
        message = _(
            "“%(part)s” stands on days that have hours already. If only these hours hold on those days, "
            "write: %(instead)s",
            part=later.text(),
            instead=offer,
        )
    raise HoursError(message, later.at, offer)


def _says_the_same(first: Rule, later: Rule) -> bool:
    """Whether both say the same hours: on the days of both that is one reading, however the rules are joined."""
    return first.state == later.state and _joined(_times(first)) == _joined(_times(later))


def _refuse_replaced(rules: tuple[Rule, ...]) -> None:
    """Refuse a rule that never holds, as in `Mo-Fr 09:00-13:00; Mo-Fr 14:00-18:00`: in the standard the
    second replaces the first, and people who write so expect both."""
    for i, first in enumerate(rules):
        covered: set[str] = set()
        for j in range(i + 1, len(rules)):
            later = rules[j]
            if later.adds or (later.state == "off" and later.spans) or later.dates not in ((), first.dates):
                continue
            covered |= _each_day(later.days)
            if {day if day in covered else day[:2] for day in _each_day(first.days)} <= covered:
                if first.state == "off" or later.state == "off":
                    raise HoursError(
                        _("“%(second)s” leaves nothing of “%(first)s”.", first=first.text(), second=later.text()),
                        later.at,
                    )
                both = _merged(rules, i, j)
                if both is None:
                    offer = text_of(tuple(rule for k, rule in enumerate(rules) if k != i))
                    message = _("“%(first)s” never holds. Without it: %(offer)s", first=first.text(), offer=offer)
                else:
                    offer = text_of(both)
                    message = _(
                        "“%(second)s” replaces “%(first)s”. If both hold, write: %(offer)s",
                        first=first.text(),
                        second=later.text(),
                        offer=offer,
                    )
                raise HoursError(message, later.at, offer)


def _merged(rules: tuple[Rule, ...], i: int, j: int) -> tuple[Rule, ...] | None:
    """The rules in which j adds to i, as one list of times where their days are the same; None if that is no better."""
    first, second = rules[i], rules[j]
    if (first.dates, first.days, first.state) == (second.dates, second.days, second.state):
        both = replace(first, spans=_joined((*_times(first), *_times(second))))
        return tuple(both if k == i else rule for k, rule in enumerate(rules) if k != j)
    second = replace(second, adds=True)
    spread = tuple(second if k == j else rule for k, rule in enumerate(rules))
    try:
        _refuse_added(spread, j)
    except HoursError:
        return None
    if not second.dates and not second.days:
        second = replace(second, days=("Mo-Su",))
    return tuple(second if k == j else rule for k, rule in enumerate(rules))


def _joined(spans: Spans) -> Spans:
    """Spans sorted, those that overlap made one if that can be written; those that only touch stay."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(set(spans)):
        if found and start < found[-1][1] and _writable((found[-1][0], end)):
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(found)


def _times(rule: Rule) -> Spans:
    return rule.spans or ((0, DAY),)


def _same_time_of_year(first: Rule, later: Rule) -> bool:
    return not first.dates or not later.dates or first.dates == later.dates


def _weekdays(rule: Rule) -> set[str]:
    """The weekdays on which a rule can hold; `Fr[1]` is a Friday."""
    return {day[:2] for day in _each_day(rule.days)}


def _always(rule: Rule) -> set[str]:
    return _each_day(rule.days)


def _each_day(days: tuple[str, ...]) -> set[str]:
    """`Mo-We,Fr[1]` as {Mo, Tu, We, Fr[1]}; no days mean every day."""
    found: set[str] = set()
    for item in days or ("Mo-Su",):
        if "[" in item or "-" not in item:
            found.add(item)
        else:
            first, last = (WEEKDAYS.index(day) for day in item.split("-"))
            found |= {WEEKDAYS[(first + n) % 7] for n in range((last - first) % 7 + 1)}
    return found

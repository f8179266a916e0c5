"""What coordinators do to pages: begin one, save a version, take it off, bring an old one back; what is overdue."""

import difflib
from dataclasses import dataclass
from datetime import date, datetime

import brotli
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from clinic import audit, clock
from clinic.safety.pages import markup, neutral, shown
from clinic.safety.pages.models import LANGUAGES, SECTIONS, Page, PageVersion

FIRST_OWN = 100  # numbers below belong to what is delivered with the program
MOST_COMPARED = 800  # lines of both texts
MOST_BYTES = 3_600  # of a page's own text as sent with br: what of 10 KB is left beside styles and frame


class Stale(Exception):
    """Somebody has saved a version since this one was opened."""


class Unfit(ValueError):
    """The text can't be a page; `why` is heading, summary, inside, link or long; `what` is the word or address."""

    def __init__(self, why: str, what: str = "") -> None:
        super().__init__(why, what)
        self.why, self.what = why, what


class BadCheck(ValueError):
    """Who checked it and when stand together, and not in the future."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A text as it was typed."""

    heading: str
    summary: str
    words: str
    text: str
    sources: str


@dataclass(frozen=True, slots=True)
class Check:
    """Who read it, and when."""

    by: str
    on: date


@dataclass(frozen=True, slots=True)
class Cell:
    """One page in one language, for the coordinators' list. `good_until`: None where nobody has checked it."""

    language: str
    state: str  # missing, draft, checked, overdue, withdrawn
    reviewed_on: date | None
    waiting: bool  # a newer draft waits beside what is shown


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    section: str
    heading: str
    cells: tuple[Cell, ...]


def look(draft: Draft) -> None:
    """Raises Unfit where the text can't be a page."""
    large = (("heading", (draft.heading,)), ("summary", (draft.summary,)), ("inside", markup.large(draft.text)))
    for why, headings in large:
        for heading in headings:
            if told := neutral.telling(heading):
                raise Unfit(why, told)
    if found := markup.strange(draft.text):
        raise Unfit("link", found[0])
    sent = brotli.compress(markup.html(draft.text, "/kk", lambda numbers: " ".join(numbers)).encode())
    if len(draft.text) > markup.MOST_SIGNS or len(sent) > MOST_BYTES:
        raise Unfit("long")


def begin(s: Session, section: str, actor: str, now: datetime) -> int:
    """A new page without a word; returns its number."""
    if section not in SECTIONS:
        raise ValueError(section)
    number = max(s.scalar(select(func.max(Page.number))) or 0, FIRST_OWN - 1) + 1
    last = s.scalar(select(func.max(Page.position)).where(Page.section == section)) or 0
    s.add(Page(number=number, section=section, position=last + 1))
    s.flush()
    audit.record(s, now, actor, "page begun", str(number))
    return number


def newest(s: Session, number: int, language: str) -> PageVersion | None:
    """The last version that was saved, whatever its state."""
    return s.scalar(_versions(number, language).limit(1))


def versions(s: Session, number: int, language: str) -> list[PageVersion]:
    """All of them, the newest first."""
    return list(s.scalars(_versions(number, language)))


def save(
    s: Session, number: int, language: str, draft: Draft, check: Check | None, base: int, actor: str, now: datetime
) -> int:
    """Write a version, checked where `check` says by whom; `base` is the one that was opened. Returns its number.

    The same text with the same check again adds nothing. Raises Unfit, BadCheck, Stale.
    """
    look(draft)
    if check is not None and (not check.by.strip() or check.on > clock.local(now).date()):
        raise BadCheck
    last = newest(s, number, language)
    state = "draft" if check is None else "checked"
    if last is not None and last.state == state and _same(last, draft, check):
        return last.n
    n = _next(last, base)
    s.add(
        PageVersion(
            page=number,
            language=language,
            n=n,
            state=state,
            heading=draft.heading,
            summary=draft.summary,
            words=draft.words,
            text=draft.text,
            sources=draft.sources,
            reviewed_on=None if check is None else check.on,
            reviewed_by="" if check is None else check.by,
            saved_on=clock.local(now).date(),
            saved_by=actor,
        )
    )
    s.flush()
    audit.record(s, now, actor, "page checked" if check else "page saved", f"{number} {language} {n}")
    return n


def withdraw(s: Session, number: int, language: str, base: int, actor: str, now: datetime) -> None:
    """Take a page off in one language, at once. Raises Stale."""
    last = newest(s, number, language)
    if last is None or last.state == "withdrawn":
        return
    _copy(s, last, "withdrawn", _next(last, base), actor, now)
    audit.record(s, now, actor, "page taken off", f"{number} {language}")


def restore(s: Session, number: int, language: str, n: int, base: int, actor: str, now: datetime) -> bool:
    """Make an old version the newest draft; somebody must check it anew. False when there is none. Raises Stale."""
    old = s.get(PageVersion, (number, language, n))
    last = newest(s, number, language)
    if old is None or last is None:
        return False
    if last.n == n:
        return True
    _copy(s, old, "draft", _next(last, base), actor, now)
    audit.record(s, now, actor, "page restored", f"{number} {language} {n}")
    return True


def overview(s: Session, today: date) -> list[Row]:
    """Every page with its state in each language, those that need somebody first."""
    columns = (PageVersion.page, PageVersion.language, PageVersion.n, PageVersion.state, PageVersion.reviewed_on)
    found: dict[tuple[int, str], list[tuple[str, date | None]]] = {}
    for page, language, _n, state, reviewed_on in s.execute(select(*columns).order_by(PageVersion.n)):
        found.setdefault((page, language), []).append((state, reviewed_on))
    names = headings(s)
    rows = [
        Row(
            page.number,
            page.section,
            names.get(page.number, ""),
            tuple(_cell(language, found.get((page.number, language), []), today) for language in LANGUAGES),
        )
        for page in s.scalars(select(Page).order_by(Page.number))
    ]
    order = {section: i for i, section in enumerate(SECTIONS)}
    return sorted(rows, key=lambda row: (not _needs(row), order[row.section], row.number))


def headings(s: Session) -> dict[int, str]:
    """The newest heading of each page in Russian, or in the first language that it has."""
    columns = (PageVersion.page, PageVersion.language, PageVersion.heading)
    best: dict[int, str] = {}
    for page, language, heading in s.execute(select(*columns).order_by(PageVersion.n)):
        if language == "ru" or page not in best:
            best[page] = heading
    return best


def compare(old: str, new: str) -> list[tuple[str, str]]:
    """The lines of two texts: ("+", line) for a new one, ("-", line) for one that is gone, (" ", line) for the rest.

    The time grows with the square of the lines at worst: of very long texts one stands after the other.
    """
    before, after = old.splitlines(), new.splitlines()
    if len(before) + len(after) > MOST_COMPARED:
        return [("-", line) for line in before] + [("+", line) for line in after]
    if before == after:
        return [(" ", line) for line in after]
    lines = difflib.unified_diff(before, after, n=MOST_COMPARED, lineterm="")
    return [(line[:1], line[1:]) for line in list(lines)[3:]]


def _versions(number: int, language: str) -> Select[PageVersion]:
    return (
        select(PageVersion)
        .where(PageVersion.page == number, PageVersion.language == language)
        .order_by(PageVersion.n.desc())
    )


def _next(last: PageVersion | None, base: int) -> int:
    n = 0 if last is None else last.n
    if n != base:
        raise Stale
    return n + 1


def _same(last: PageVersion, draft: Draft, check: Check | None) -> bool:
    texts = all(getattr(last, name) == getattr(draft, name) for name in Draft.__slots__)
    return texts and (check is None or (last.reviewed_by, last.reviewed_on) == (check.by, check.on))


def _copy(s: Session, of: PageVersion, state: str, n: int, actor: str, now: datetime) -> None:
    s.add(
        PageVersion(
            page=of.page,
            language=of.language,
            n=n,
            state=state,
            heading=of.heading,
            summary=of.summary,
            words=of.words,
            text=of.text,
            sources=of.sources,
            reviewed_on=None,
            saved_on=clock.local(now).date(),
            saved_by=actor,
        )
    )
    s.flush()


def _cell(language: str, states: list[tuple[str, date | None]], today: date) -> Cell:
    if not states:
        return Cell(language, "missing", None, False)
    public = next((one for one in reversed(states) if one[0] != "draft"), None)
    waiting = states[-1][0] == "draft" and public is not None
    if public is None:
        return Cell(language, "draft", None, False)
    if public[0] == "withdrawn":
        return Cell(language, "withdrawn", None, waiting)
    return Cell(language, "overdue" if shown.overdue(public[1], today) else "checked", public[1], waiting)


def _needs(row: Row) -> bool:
    return any(cell.state in ("draft", "overdue") or cell.waiting for cell in row.cells)

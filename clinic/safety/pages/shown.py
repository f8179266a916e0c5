"""Which version of a page is served to whom.

Outside the demo that is the newest one that a person has checked, unless a newer one takes the page
off. The demo shows the newest, checked or not, under a banner.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clinic.config import settings
from clinic.safety.pages.models import LANGUAGES, Page, PageVersion

GOOD_FOR = timedelta(days=180)  # after that a check is overdue: laws change
OWN_NAMES = {"kk": "Қазақша", "ru": "Русский", "en": "English", "uz": "Oʻzbekcha", "uz-cyrl": "Ўзбекча"}
TAGS = {"uz": "uz-Latn", "uz-cyrl": "uz-Cyrl"}  # as HTML names them


@dataclass(frozen=True, slots=True)
class Shown:
    """A page as it is served now in one language."""

    number: int
    section: str
    position: int
    language: str
    n: int
    heading: str
    summary: str
    words: str
    text: str
    sources: str
    reviewed_on: date | None
    reviewed_by: str

    @property
    def own_name(self) -> str:
        """What the language calls itself."""
        return OWN_NAMES[self.language]

    @property
    def tag(self) -> str:
        """The language as HTML names it."""
        return TAGS.get(self.language, self.language)


_held: tuple[tuple[object, ...], tuple[Shown, ...]] | None = None


def all_of(s: Session, sections: Iterable[str]) -> tuple[Shown, ...]:
    """Every page of these sections in every language it can be served in, by section and position."""
    chosen = tuple(sections)
    found = [page for page in _everything(s) if page.section in chosen]
    return tuple(sorted(found, key=lambda one: (chosen.index(one.section), one.position, one.number, one.language)))


def _everything(s: Session) -> tuple[Shown, ...]:
    """All that is served now, held in memory until a page or a version is added: none of them ever changes."""
    global _held
    counts = s.execute(select(_COUNT_PAGES, _COUNT_VERSIONS)).one()
    stamp = (s.get_bind().engine.url, settings().demo, *counts)
    held = _held
    if held is None or held[0] != stamp:
        held = _held = (stamp, _read(s))
    return held[1]


_COUNT_PAGES = select(func.count()).select_from(Page).scalar_subquery()
_COUNT_VERSIONS = select(func.count()).select_from(PageVersion).scalar_subquery()


def _read(s: Session) -> tuple[Shown, ...]:
    states = ("draft", "checked", "withdrawn") if settings().demo else ("checked", "withdrawn")
    newest = (
        select(PageVersion.page, PageVersion.language, func.max(PageVersion.n).label("n"))
        .where(PageVersion.state.in_(states))
        .group_by(PageVersion.page, PageVersion.language)
        .subquery()
    )
    rows = s.execute(
        select(Page, PageVersion)
        .join(PageVersion, PageVersion.page == Page.number)
        .join(
            newest,
            (newest.c.page == PageVersion.page)
            & (newest.c.language == PageVersion.language)
            & (newest.c.n == PageVersion.n),
        )
        .where(PageVersion.state != "withdrawn")
    )
    return tuple(_shown(page, version) for page, version in rows)


def one(s: Session, number: int, language: str) -> Shown | None:
    """A page in exactly this language; None when there is none to serve."""
    return next((page for page in languages_of(s, number) if page.language == language), None)


def languages_of(s: Session, number: int) -> tuple[Shown, ...]:
    """A page in all languages it can be served in, in our order of languages."""
    found = [page for page in _everything(s) if page.number == number]
    return tuple(sorted(found, key=lambda page: LANGUAGES.index(page.language)))


def overdue(reviewed_on: date | None, today: date) -> bool:
    """Whether somebody should look at this text (again)."""
    return reviewed_on is None or today - reviewed_on > GOOD_FOR


def _shown(page: Page, version: PageVersion) -> Shown:
    return Shown(
        page.number,
        page.section,
        page.position,
        version.language,
        version.n,
        version.heading,
        version.summary,
        version.words,
        version.text,
        version.sources,
        version.reviewed_on,
        version.reviewed_by,
    )

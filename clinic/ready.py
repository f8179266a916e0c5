"""What is missing before a site may open to the public, and where each thing is set."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from clinic import alive, clock
from clinic.config import settings
from clinic.directory import checks
from clinic.directory.models import Location, OpenQuestion, Organization
from clinic.messaging import outbox
from clinic.safety import help_numbers
from clinic.safety.pages import editing
from clinic.safety.reports import canary, key_list
from clinic.wording import day_words, language_now

SEEN_DAYS = 7
LIST_DAYS = 30  # before the organization's list runs out


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that is missing, in a sentence; set at the server, by an answer, or on the page of a place."""

    words: str
    question: int | None = None
    place: int | None = None

    def __str__(self) -> str:
        return self.words


def missing(s: Session) -> Iterator[Lack]:
    """One for each thing that is missing; none means READY."""
    found = settings()
    today = clock.today()
    if found.demo:
        yield Lack(_("This is the demo: unset KESHKI_DEMO."))
    if not found.is_https:
        yield Lack(_("Set KESHKI_BASE_URL to the public https address."))
    if found.contact is None:
        yield Lack(_("Set KESHKI_CONTACT, so that people can report a weakness."))
    if found.twilio is None:
        yield Lack(_("No sender of SMS is configured: the site will offer no reminders."))
    if error := outbox.held_up(s):
        yield Lack(
            _(
                "SMS do not go out: the provider refuses the account or its sender (error %(error)s)."
                " What is due waits.",
                error=error,
            )
        )
    yield from (Lack(trouble.words) for trouble in alive.troubles(s, clock.now()))
    for number, question in s.execute(
        select(OpenQuestion.number, OpenQuestion.question)
        .where(OpenQuestion.answered_on.is_(None))
        .order_by(OpenQuestion.number)
    ):
        words = _("Open question %(number)s: %(text)s", number=number, text=question[language_now()])
        yield Lack(words, question=number)
    yield from map(Lack, _notes(s, today))
    yield from map(Lack, _pages(s, today))
    yield from _places(s, today)


def _notes(s: Session, today: date) -> Iterator[str]:
    listed = key_list.installed()
    if listed is None:
        return
    if listed.until < today + timedelta(days=LIST_DAYS):
        day = listed.until.isoformat()
        yield _("The list of keys for notes ends on %(day)s: the organization signs it anew.", day=day)
    if s.scalar(select(Organization.id).where(Organization.slug == listed.organization)) is None:
        yield _("The organization that reads notes is not in the directory: %(slug)s.", slug=listed.organization)
    if canary.state(s, clock.now()).is_late:
        yield _("The site's own note has not come back opened: ask the organization which key it holds.")


def _pages(s: Session, today: date) -> Iterator[str]:
    unchecked = [line.number for line in help_numbers.read() if not line.checked_on]
    if unchecked:
        yield _("Nobody has called these help numbers to check them: %(list)s.", list=", ".join(unchecked))
    rows = [row for row in editing.overview(s, today) if row.section in ("help", "rights", "health")]
    if not rows:
        yield _("No page on help and rights is loaded: flask pages seed.")
    waiting = sum(any(cell.state in ("draft", "overdue") for cell in row.cells) for row in rows)
    if waiting:
        yield ngettext(
            "%(num)s page on help and rights waits for a check, see /staff/pages.",
            "%(num)s pages on help and rights wait for a check, see /staff/pages.",
            waiting,
        )


def _places(s: Session, today: date) -> Iterator[Lack]:
    places = s.scalars(select(Location).where(Location.visibility != "unlisted")).all()
    for place in places:
        for words in _of_place(place, today):
            yield Lack(words, place=place.id)
    if not any(place.bookable for place in places):
        yield Lack(_("No place takes bookings yet."))


def _of_place(place: Location, today: date) -> Iterator[str]:
    name = place.name[language_now()]
    if place.example:
        yield _("%(name)s is an example: take it off the lists.", name=name)
        return
    if place.consent_on is None:
        yield _("%(name)s has not agreed to be published.", name=name)
    if place.checked_on is None:
        yield _("Nobody has checked the entry of %(name)s.", name=name)
    elif checks.stale(place.checked_on, today):
        yield _("Nobody has confirmed the entry of %(name)s for two months.", name=name)
    if place.bookable and (place.desk_seen_on is None or (today - place.desk_seen_on).days > SEEN_DAYS):
        last = day_words(place.desk_seen_on, today) if place.desk_seen_on else _("never")
        yield _("Nobody opens the roster of %(name)s (last: %(day)s).", name=name, day=last)


@dataclass(frozen=True, slots=True)
class Answered:
    """A question that somebody has checked."""

    number: int
    words: str
    on: date
    by: str


def answered(s: Session) -> list[Answered]:
    """The questions that somebody has checked, the latest first."""
    rows = s.scalars(
        select(OpenQuestion)
        .where(OpenQuestion.answered_on.is_not(None))
        .order_by(OpenQuestion.answered_on.desc(), OpenQuestion.number)
    )
    return [
        Answered(row.number, row.question[language_now()], row.answered_on, row.answered_by)
        for row in rows
        if row.answered_on is not None
    ]


def reopen(s: Session, number: int) -> bool:
    """Take an answer back: somebody has to check it again; False when there is no such number."""
    return _write(s, number, "", None)


def answer(s: Session, number: int, by: str, today: date) -> bool:
    """Note that a person has answered an open question; False when there is no such number."""
    return _write(s, number, by, today)


def _write(s: Session, number: int, by: str, on: date | None) -> bool:
    done = s.execute(
        update(OpenQuestion)
        .where(OpenQuestion.number == number)
        .values(answered_on=on, answered_by=by)
        .returning(OpenQuestion.number)
    ).first()
    return done is not None

"""What happened at a coordinator's places, and to what belongs to all: who did what in which hour, of 90 days.

No client stands in it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import false, select

from clinic import clock
from clinic.audit import Audit
from clinic.booking import typed
from clinic.booking.models import STATUSES
from clinic.db import db
from clinic.desk import bp, deed_words, spreadsheet
from clinic.desk.forms import LARGEST_ID
from clinic.desk.me import place_names
from clinic.directory import catalogue
from clinic.staff import memberships, people
from clinic.staff.guard import staff_only
from clinic.staff.people import CHIEFS
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now

ON_A_PAGE = 200
# Marks of the day, hidden once the roster has forgotten its visits: hours in which somebody came would come close
# to counting them.
MARKS = (*(f"visit.{status}" for status in STATUSES), "visit.walk_in", "visit.walk_in_given_up")
# What is done to things that belong to everybody: every coordinator sees it, whoever did it.
COMMON = (
    "page begun", "page saved", "page checked", "page restored", "page taken off", "lot.recall", "question.answer",
    "question.reopen",    "on duty", "off duty", "drill started",
)  # fmt: skip
MARKS_SHOWN = timedelta(days=2)
IN_A_FILE = 20_000


@dataclass(frozen=True, slots=True)
class Deed:
    """One line of the list."""

    id: int
    hour: datetime
    who: str
    words: Any
    place: str
    thing: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Which deeds somebody looks for; what is empty leaves all."""

    who: str
    where: int | None
    kind: str

    def fields(self) -> dict[str, str]:
        """As they stand in an address."""
        return {"who": self.who, "where": str(self.where or ""), "kind": self.kind}


@bp.get("/people/deeds")
@staff_only(*CHIEFS, at_shared_desk=False)
def deeds(person: SignedIn) -> ResponseReturnValue:
    """The latest deeds at her places and of her people, or some of them; `before` leads to older ones."""
    before, asked = _number("before"), _asked()
    found = _read(person, asked, ON_A_PAGE + 1, before)
    return render_template(
        "staff/deeds.html",
        person=person,
        deeds=found[:ON_A_PAGE],
        older=len(found) > ON_A_PAGE,
        asked=asked.fields(),
        who=sorted(_names(person).items(), key=lambda one: one[1]),
        where=sorted(_places(person).items(), key=lambda one: one[1]),
        kinds=deed_words.kind_words(),
    )


@bp.get("/people/deeds.csv")
@staff_only(*CHIEFS, at_shared_desk=False)
def deeds_file(person: SignedIn) -> ResponseReturnValue:
    """The same deeds as a file; without marks of visits, which a file would keep for longer than the page does."""
    head = [_("Hour"), _("Who"), _("What"), _("What it was about"), _("Where")]
    rows = (
        [f"{clock.local(deed.hour):%Y-%m-%d %H:00}", deed.who, deed.words, deed.thing, deed.place]
        for deed in _read(person, _asked(), IN_A_FILE, marks=False)
    )
    return spreadsheet.file("deeds.csv", [head, *rows])


def _number(name: str) -> int | None:
    if name not in request.args:
        return None
    try:
        return typed.number(request.args[name], 1, LARGEST_ID)
    except typed.Unreadable:
        abort(404)


def _asked() -> Asked:
    return Asked(
        request.args.get("who", "")[:80], _number("where") if request.args.get("where") else None,
        request.args.get("kind", "")[:20],
    )  # fmt: skip


def _names(person: SignedIn) -> dict[str, str]:
    return {one.login: one.name for one in people.seen_by(db.session(), person.staff_id)}


def _places(person: SignedIn) -> dict[int, str]:
    s, language = db.session(), language_now()
    places = memberships.places_of(s, person.staff_id, CHIEFS, catalogue.current(s).locations.values())
    return {place.id: place.name[language] for place in places}


def _read(person: SignedIn, asked: Asked, most: int, before: int | None = None, marks: bool = True) -> list[Deed]:
    s, names, places = db.session(), _names(person), _places(person)
    elsewhere = Audit.location.is_(None) & (Audit.actor.in_(names) | Audit.thing.in_(names))
    shown_marks = Audit.hour > clock.now() - MARKS_SHOWN if marks else false()
    wanted = select(Audit).where(
        Audit.location.in_(places) | elsewhere | Audit.verb.in_(COMMON), Audit.verb.not_in(MARKS) | shown_marks
    )
    if before is not None:
        wanted = wanted.where(Audit.id < before)
    if asked.who:
        wanted = wanted.where(Audit.actor == asked.who)
    if asked.where is not None:
        wanted = wanted.where(Audit.location == asked.where)
    if asked.kind:
        wanted = wanted.where(Audit.verb.in_(deed_words.verbs_of(asked.kind)))
    titles, cat = place_names(), catalogue.current(s)
    return [
        Deed(
            row.id,
            row.hour,
            deed_words.actor(row.actor, names),
            deed_words.WORDS.get(row.verb, row.verb),
            titles.get(row.location, "") if row.location is not None else "",
            deed_words.thing(row, names, cat),
        )
        for row in s.scalars(wanted.order_by(Audit.id.desc()).limit(most))
    ]

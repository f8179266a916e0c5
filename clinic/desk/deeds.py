"""What happened at a coordinator's places, and to what belongs to all: who did what in which hour, of 90 days.

No client stands in it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from sqlalchemy import select, true

from clinic import clock
from clinic.audit import Audit
from clinic.booking import typed
from clinic.booking.models import STATUSES
from clinic.db import db
from clinic.desk import bp
from clinic.desk.forms import LARGEST_ID
from clinic.desk.me import place_names
from clinic.directory import catalogue
from clinic.staff import memberships, people
from clinic.staff.guard import staff_only
from clinic.staff.people import CHIEFS
from clinic.staff.sign_in import SignedIn

ON_A_PAGE = 200
# Marks of the day, hidden once the roster has forgotten its visits: hours in which somebody came would come close
# to counting them.
MARKS = (*(f"visit.{status}" for status in STATUSES), "visit.walk_in", "visit.walk_in_given_up")
# What is done to things that belong to everybody: every coordinator sees it, whoever did it.
COMMON = (
    "page begun", "page saved", "page checked", "page restored", "page taken off", "lot.recall", "question.answer",
    "on duty", "off duty", "drill started",
)  # fmt: skip
MARKS_SHOWN = timedelta(days=2)
NAMELESS = ("closure.", "place.", "training ", "hours.", "request ")  # what they were done to has a number only

WORDS: dict[str, Any] = {
    "signed in": _l("signed in"),
    "password.wrong": _l("wrong password"),
    "second.wrong": _l("right password, wrong second factor"),
    "pin changed": _l("changed the PIN"),
    "password changed": _l("changed a password"),
    "app.add": _l("set up an app as second factor"),
    "app.drop": _l("took the app off"),
    "passkey.add": _l("added a passkey"),
    "passkey.drop": _l("took a passkey off"),
    "codes.new": _l("made new recovery codes"),
    "staff added": _l("made an account"),
    "staff switched off": _l("switched an account off"),
    "staff.invite": _l("invited"),
    "staff.renew": _l("invited to a new password"),
    "invitation.back": _l("took an invitation back"),
    "invitation.accept": _l("accepted an invitation"),
    "role.give": _l("gave a role"),
    "role.take": _l("took a role away"),
    "staff.off": _l("switched an account off"),
    "staff.on": _l("switched an account on"),
    "second.reset": _l("took a lost second factor off"),
    "sign_in.end": _l("ended a sign-in"),
    "desk.add": _l("made a shared desk"),
    "desk.end": _l("ended a shared desk"),
    "visit.here": _l("marked arrivals"),
    "visit.in_room": _l("called in"),
    "visit.done": _l("marked visits as done"),
    "visit.booked": _l("took a mark back"),
    "visit.missed": _l("marked that somebody did not come"),
    "visit.cancelled": _l("cancelled visits"),
    "visit.book": _l("booked at the desk"),
    "visit.walk_in": _l("took people without an appointment"),
    "visit.walk_in_given_up": _l("took a walk-in off"),
    "visit.move": _l("moved visits"),
    "visit.stop": _l("called visits off"),
    "visit.again": _l("made the next appointment"),
    "visit.awaited": _l("noted that something is awaited"),
    "visit.ready": _l("noted that something is ready"),
    "visit.fetched": _l("noted that something was fetched"),
    "visit.note": _l("wrote a note to a visit"),
    "room.late": _l("said how late a room runs"),
    "shift.note": _l("left a note for the next shift"),
    "shift.note_removed": _l("took a note of the shift away"),
    "hours.change": _l("changed opening hours"),
    "visits.rearrange": _l("moved or cancelled visits because of changed hours"),
    "closure.add": _l("closed a room or the place"),
    "closure.remove": _l("took a closure away"),
    "place.stop": _l("stopped the evening"),
    "place.reopen": _l("opened again after a stop"),
    "lot.recall": _l("recalled a lot"),
    "place.new": _l("set a place up"),
    "place.change": _l("changed what is said of a place"),
    "room.new": _l("added a room"),
    "room.change": _l("changed a room"),
    "room.retire": _l("retired a room"),
    "point.change": _l("changed a point for kits"),
    "entry.checked": _l("checked the entry of a place"),
    "entry.link": _l("made a link for checking an entry"),
    "entry.settled": _l("settled a question of an entry"),
    "question.answer": _l("answered an open question"),
    "page begun": _l("began a page"),
    "page saved": _l("saved a page"),
    "page checked": _l("noted that a page was checked"),
    "page restored": _l("took an earlier version of a page"),
    "page taken off": _l("took a page off"),
    "on duty": _l("went on duty"),
    "off duty": _l("went off duty"),
    "signal taken": _l("took a signal"),
    "signal taken over": _l("took a signal over"),
    "signal reopened": _l("opened a signal again"),
    "signal closed": _l("closed a signal"),
    "drill started": _l("started a drill"),
    "notes exported": _l("exported sealed notes"),
    "answers imported": _l("imported answers to sealed notes"),
    "referral made": _l("made a referral"),
    "referral redeemed": _l("took a referral in"),
    "request written down": _l("wrote down a request for data"),
    "training planned": _l("planned a class"),
    "training changed": _l("changed a class"),
    "training cancelled": _l("cancelled a class"),
    "training counted": _l("counted who came to a class"),
    "kit.handed_over": _l("handed over kits"),
    "kit.handover_undone": _l("took a handover back"),
    "kit.walk_in": _l("gave kits without an order"),
    "kit.walk_in_undone": _l("took that back"),
    "kit.received": _l("took a delivery in"),
    "kit.expired": _l("wrote off expired kits"),
    "kit.damaged": _l("wrote off damaged kits"),
    "kit.recalled": _l("wrote off recalled kits"),
    "kit.counted": _l("counted"),
    "kit.moved": _l("moved kits to another point"),
    "kit.undone": _l("took an entry back"),
}


@dataclass(frozen=True, slots=True)
class Deed:
    """One line of the list."""

    id: int
    hour: datetime
    who: str
    words: Any
    place: str
    thing: str


@bp.get("/people/deeds")
@staff_only(*CHIEFS, at_shared_desk=False)
def deeds(person: SignedIn) -> ResponseReturnValue:
    """The latest deeds at her places and of her people; `before` leads to older ones."""
    try:
        before = typed.number(request.args["before"], 1, LARGEST_ID) if "before" in request.args else None
    except typed.Unreadable:
        abort(404)
    found = _read(person, before)
    return render_template(
        "staff/deeds.html", person=person, deeds=found[:ON_A_PAGE], older=len(found) > ON_A_PAGE, before=before
    )


def _read(person: SignedIn, before: int | None) -> list[Deed]:
    s = db.session()
    places = memberships.places_of(s, person.staff_id, CHIEFS, catalogue.current(s).locations.values())
    names = {one.login: one.name for one in people.seen_by(s, person.staff_id)}
    elsewhere = Audit.location.is_(None) & (Audit.actor.in_(names) | Audit.thing.in_(names))
    rows = s.scalars(
        select(Audit)
        .where(
            Audit.location.in_([place.id for place in places]) | elsewhere | Audit.verb.in_(COMMON),
            Audit.verb.not_in(MARKS) | (Audit.hour > clock.now() - MARKS_SHOWN),
            Audit.id < before if before is not None else true(),
        )
        .order_by(Audit.id.desc())
        .limit(ON_A_PAGE + 1)
    )
    titles = place_names()
    return [
        Deed(
            row.id,
            row.hour,
            names.get(row.actor, row.actor),
            WORDS.get(row.verb, row.verb),
            titles.get(row.location, "") if row.location is not None else "",
            "" if row.verb.startswith(NAMELESS) else names.get(row.thing, row.thing),
        )
        for row in rows
    ]

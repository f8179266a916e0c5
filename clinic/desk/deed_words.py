"""How deeds of staff are said: the verb, who did it, and what it was done to."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from clinic.audit import Audit
from clinic.desk.people_words import ROLE_WORDS
from clinic.directory.catalogue import Catalogue
from clinic.wording import date_words, language_now

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
    "date.confirm": _l("confirmed the date"),
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
    "question.reopen": _l("opened a question again"),
    "place.hide": _l("took an example off the lists"),
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

# Beginnings of the verbs that belong together, for whoever looks for one kind of deed.
KINDS = {
    "accounts": ("signed", "password", "second.", "pin ", "app.", "passkey.", "codes.", "staff", "invitation.", "role.",
                 "sign_in.", "desk."),
    "visits": ("visit", "room.late", "shift."),
    "places": ("hours.", "closure.", "place.", "room.new", "room.change", "room.retire", "point.", "entry.",
               "question."),
    "kits": ("lot.", "kit."),
    "texts": ("page ", "training "),
    "calls": ("on duty", "off duty", "signal ", "drill ", "notes ", "answers ", "referral ", "request "),
}  # fmt: skip
NAMELESS = ("closure.", "place.", "point.", "entry.", "hours.", "request ")  # they happen to the place, or to a number
AT_THE_SERVER = ("command line", "operator")
SEEDS = ("example", "seeds", "demo")


def kind_words() -> list[tuple[str, str]]:
    """The kinds of deeds to choose from: (kind, words)."""
    return [
        ("accounts", _("Accounts and sign-ins")),
        ("visits", _("Visits and the shift")),
        ("places", _("Places and hours")),
        ("kits", _("Tests for home")),
        ("texts", _("Texts and classes")),
        ("calls", _("Calls for help, referrals, requests")),
    ]


def verbs_of(kind: str) -> list[str]:
    """The verbs of a kind; none for a kind that is none."""
    return [verb for verb in WORDS if verb.startswith(KINDS.get(kind, ("\x00",)))]


def actor(login: str, names: Mapping[str, str]) -> str:
    """Who did it, by the name that colleagues know."""
    if login in AT_THE_SERVER:
        return str(_("somebody at the server"))
    if login in SEEDS:
        return str(_("the program's own examples"))
    return names.get(login, login)


def thing(row: Audit, names: Mapping[str, str], cat: Catalogue) -> str:
    """What it was done to, in words; empty where the place says it all, or it has no name any more."""
    if row.verb.startswith(NAMELESS):
        return ""
    if row.thing.startswith("room:"):
        return _room(row, cat)
    if row.verb.startswith(("visit.", "room.late")):
        return _day(row.thing)
    if row.verb.startswith("role."):
        role, _space, login = row.thing.partition(" ")
        return f"{ROLE_WORDS[role]}: {names.get(login, login)}" if role in ROLE_WORDS else ""
    if row.verb.startswith("page "):
        number, *rest = row.thing.split()
        return ", ".join([_("page %(number)s", number=number), *rest[:1]])
    if row.verb.startswith("training "):
        return str(_("no. %(number)s", number=row.thing))
    return names.get(row.thing, row.thing)


def _room(row: Audit, cat: Catalogue) -> str:
    place = cat.locations.get(row.location or 0)
    number = row.thing.partition(":")[2]
    found = (room.name[language_now()] for room in place.rooms if str(room.id) == number) if place else ()
    return next(iter(found), "")


def _day(text: str) -> str:
    try:
        return date_words(date.fromisoformat(text))
    except ValueError:
        return ""

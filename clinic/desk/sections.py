"""The sections of the desk that a person has: the menu of every page, and the page of all of them."""

from dataclasses import dataclass

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from clinic.desk import bp
from clinic.desk.closures import CLOSE_ROLES
from clinic.desk.duty_bell import bell
from clinic.desk.duty_pages import ROLES as DUTY_ROLES
from clinic.desk.felt import ROLES as LINES_ROLES
from clinic.desk.figures import ROLES as FIGURE_ROLES
from clinic.desk.notes import reads_notes
from clinic.desk.places import PLACE_ROLES
from clinic.desk.point_pages import points_of
from clinic.desk.referrals import ROLES as REFERRAL_ROLES
from clinic.desk.requests import ROLES as REQUEST_ROLES
from clinic.desk.signal_pages import ROLES as SIGNAL_ROLES
from clinic.desk.trainings import ROLES as TRAINING_ROLES
from clinic.desk.views import ROSTER_ROLES
from clinic.staff import guard
from clinic.staff.models import ROLES
from clinic.staff.people import CHIEFS
from clinic.staff.sign_in import SignedIn

MOST = 7  # words in the menu; the last of them leads to all the others


@dataclass(frozen=True, slots=True)
class Section:
    """A link in the menu, and one sentence about it for who starts today."""

    href: str
    word: str
    current: bool
    about: str = ""


@bp.context_processor
def _sections() -> dict[str, object]:
    return {"sections": sections}


@bp.get("/more")
@guard.staff_only(*ROLES)
def more(person: SignedIn) -> ResponseReturnValue:
    """Everything that this person may open, each with a sentence."""
    return render_template("desk/more.html", person=person, every=_every(person))


def sections() -> list[Section]:
    """The menu: what this person opens most, at most seven words."""
    person = guard.current()
    if person is None or person.locked:
        return []
    found = _every(person)[: MOST - 1]
    rest = Section(url_for("desk.more"), _("Everything else"), not any(one.current for one in found))
    return [*found, rest]


def _signals_word() -> str:
    """With the number of those that nobody has taken, for whoever is on duty."""
    waits = bell()
    return f"{_('Calls for help')} ({waits.count})" if waits and waits.count else str(_("Calls for help"))


def _every(person: SignedIn) -> list[Section]:
    """All that is this person's, what is opened most often first."""
    roles = guard.roles_here(person)
    points = points_of(person.staff_id, person.desk_id)
    desk_of_own = person.desk_id is None
    figures = "desk.show_insight" if roles & set(LINES_ROLES) else "desk.show_figures"
    one_point = url_for("desk.show_point", slug=points[0].slug) if len(points) == 1 else ""
    places, lines = roles & set(PLACE_ROLES), roles & set(LINES_ROLES)
    # who may, the page, its word, its addresses, what it is
    table = (
        (roles & set(ROSTER_ROLES), "desk.today", _("Today"), "roster", _("Who comes when, by room.")),
        (points, "desk.all_points", _("Tests for home"), "points", _("Orders to hand over, and what is in stock.")),
        (roles & set(SIGNAL_ROLES), "desk.show_signals", _signals_word(), "alerts",
         _("Somebody presses “I need help now”: take it and answer.")),
        (places, "desk.places", _("Places"), "places ready",
         _("Addresses, rooms, services and what is still missing.")),
        (roles & set(REFERRAL_ROLES), "desk.referrals_page", _("Referrals"), "referrals",
         _("Send somebody on to another organization, or take a code that was given.")),
        (lines or (points and roles & set(FIGURE_ROLES)), figures, _("Figures"), "insight figures lines",
         _("How many came, when, and what they said about it.")),
        (roles & set(CHIEFS), "desk.all_people", _("People"), "people",
         _("Who works here and may do what; invitations.")),
        (roles & set(DUTY_ROLES), "desk.show_duty", _("On duty"), "duty", _("Begin and end being on call.")),
        (roles & set(CLOSE_ROLES), "desk.hours_list", _("Opening hours"), "hours closures",
         _("The week of each place, and the days on which it is closed.")),
        (roles & set(TRAINING_ROLES), "desk.trainings", _("Classes"), "trainings",
         _("Trainings, their seats and dates.")),
        (reads_notes(person), "desk.show_notes", _("Sealed stories"), "reports",
         _("What women have sealed for the organization; opened with its key only.")),
        (True, "desk.pages", _("Texts for her"), "pages", _("What the site says about help and rights.")),
        (lines and desk_of_own, "desk.show_lines", _("What women wrote"), "lines", _("Their words after a visit.")),
        (points and roles & set(FIGURE_ROLES) and lines, "desk.show_figures", _("Figures of tests for home"), "figures",
         _("Orders, hand-overs and answers by month.")),
        (roles & set(REQUEST_ROLES) and desk_of_own, "desk.requests_page", _("Requests of authorities"), "requests",
         _("The police or a court has asked for data: write it down here.")),
        (True, "desk.reach", _("Cards and posters"), "reach", _("To print and lay out.")),
    )  # fmt: skip
    here = request.path.removeprefix(request.script_root)
    return [
        Section(
            (one_point if page == "desk.all_points" else "") or url_for(page),
            word,
            any(here.startswith(f"/staff/{part}") for part in parts.split()),
            about,
        )
        for may, page, word, parts, about in table
        if may
    ]

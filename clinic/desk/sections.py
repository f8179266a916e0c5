"""The sections of the desk that a person has, for the head of every page."""

from dataclasses import dataclass

from flask import request, url_for
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
from clinic.staff.people import CHIEFS


@dataclass(frozen=True, slots=True)
class Section:
    """A link in the head of the page."""

    href: str
    word: str
    current: bool


@bp.context_processor
def _sections() -> dict[str, object]:
    return {"sections": sections, "tools": tools}


def tools() -> list[Section]:
    """What is opened once in a while, from the page of guidance: referrals, requests, what is printed."""
    person = guard.current()
    if person is None or person.locked:
        return []
    roles = guard.roles_here(person)
    found = []
    if roles & set(REFERRAL_ROLES):
        found.append(Section(url_for("desk.referrals_page"), _("Referrals"), False))
    if roles & set(REQUEST_ROLES) and person.desk_id is None:
        found.append(Section(url_for("desk.requests_page"), _("Requests of authorities"), False))
    found.append(Section(url_for("desk.reach"), _("Cards and posters"), False))
    return found


def _signals_word() -> str:
    """With the number of those that nobody has taken, for whoever is on duty."""
    waits = bell()
    return f"{_('Signals')} ({waits.count})" if waits and waits.count else str(_("Signals"))


def sections() -> list[Section]:
    """Roster, hand-over, figures, people: those of them that are this person's, when there is more than one."""
    person = guard.current()
    if person is None or person.locked:
        return []
    roles = guard.roles_here(person)
    found = []
    here = request.path.removeprefix(request.script_root)
    points = points_of(person.staff_id, person.desk_id)
    if roles & set(ROSTER_ROLES):
        found.append(Section(url_for("desk.today"), _("Today"), "/staff/roster/" in here))
    if points:
        href = url_for("desk.show_point", slug=points[0].slug) if len(points) == 1 else url_for("desk.all_points")
        found.append(Section(href, _("Hand-over"), "/staff/points" in here))
    if roles & set(CLOSE_ROLES):
        there = "/staff/hours" in here or "/staff/closures" in here
        found.append(Section(url_for("desk.hours_list"), _("Hours"), there))
    if roles & set(PLACE_ROLES):
        there = "/staff/places" in here or "/staff/ready" in here
        found.append(Section(url_for("desk.places"), _("Places"), there))
    if points and roles & set(FIGURE_ROLES):
        found.append(Section(url_for("desk.show_figures"), _("Figures"), "/staff/figures" in here))
    if roles & set(LINES_ROLES):
        found.append(Section(url_for("desk.show_insight"), _("Visits"), "/staff/insight" in here))
        found.append(Section(url_for("desk.show_lines"), _("What was said"), "/staff/lines" in here))
    if reads_notes(person):
        found.append(Section(url_for("desk.show_notes"), _("Notes"), "/staff/reports" in here))
    if roles & set(TRAINING_ROLES):
        found.append(Section(url_for("desk.trainings"), _("Classes"), "/staff/trainings" in here))
    if roles & set(DUTY_ROLES):
        found.append(Section(url_for("desk.show_duty"), _("On duty"), "/staff/duty" in here))
    if roles & set(SIGNAL_ROLES):
        found.append(Section(url_for("desk.show_signals"), _signals_word(), "/staff/alerts" in here))
    found.append(Section(url_for("desk.pages"), _("Pages"), "/staff/pages" in here))
    if roles & set(CHIEFS):
        found.append(Section(url_for("desk.all_people"), _("People"), "/staff/people" in here))
    return found if len(found) > 1 else []

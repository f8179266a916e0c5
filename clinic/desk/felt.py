"""What was said about her places: the coordinator's page of what is published, and of the lines."""

from dataclasses import dataclass

from flask import render_template
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.booking import feedback
from clinic.db import db
from clinic.desk import bp
from clinic.directory import catalogue
from clinic.staff import memberships
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn
from clinic.wording import date_words, language_now

ROLES = ("coordinator",)


@dataclass(frozen=True, slots=True)
class Place:
    """What was said of a place: what its public page shows, and the lines by week."""

    name: str
    shown: feedback.Shown | None
    lines: tuple[tuple[str, str], ...]


@bp.get("/lines")
@staff_only(*ROLES)
def show_lines(person: SignedIn) -> ResponseReturnValue:
    """The places that this person coordinates, by name."""
    s, now, language = db.session(), clock.now(), language_now()
    places = memberships.places_of(s, person.staff_id, ROLES, catalogue.current(s).locations.values())
    found = feedback.lines(s, [place.id for place in places], now)
    said = [
        Place(
            place.name[language],
            feedback.shown(s, place.id),
            tuple((date_words(line.week), line.text) for line in found if line.location_id == place.id),
        )
        for place in sorted(places, key=lambda place: (place.name[language], place.id))
        if place.rooms
    ]
    return render_template("desk/lines.html", person=person, places=said)

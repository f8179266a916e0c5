"""The organizations for which a person works, and all of them by name."""

from collections.abc import Collection

from sqlalchemy import select

from clinic.db import db
from clinic.directory import catalogue
from clinic.directory.models import Organization
from clinic.staff import memberships
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now


def names() -> dict[int, str]:
    """Every organization: its id, and its name in the language of the page, in order of the names."""
    language = language_now()
    rows = db.session().execute(select(Organization.id, Organization.name)).all()
    return dict(sorted(((row.id, row.name[language]) for row in rows), key=lambda pair: pair[1]))


def theirs(person: SignedIn, roles: Collection[str]) -> dict[int, str]:
    """Those of them in which this person holds one of `roles`; at a shared desk, that desk's alone."""
    s = db.session()
    places = catalogue.current(s).locations
    held = [role for role in memberships.roles_of(s, person.staff_id) if role.role in roles]
    ids = {role.organization_id for role in held}
    ids |= {place.organization_id for place in places.values() if any(role.covers(place) for role in held)}
    if person.desk_id is not None:
        ids &= {places[person.desk_id].organization_id}
    return {number: name for number, name in names().items() if number in ids}

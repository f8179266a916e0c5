"""How roles, places and people are said in the pages about people."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from flask import g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import select

from clinic.db import db
from clinic.directory import catalogue
from clinic.directory.models import Organization
from clinic.staff.models import ROLES
from clinic.staff.people import Held
from clinic.wording import language_now

ROLE_WORDS: dict[str, Any] = {
    "receptionist": _l("Reception"),
    "clinician": _l("Clinician"),
    "point_keeper": _l("Giving out kits"),
    "responder": _l("On duty for alerts"),
    "coordinator": _l("Coordination"),
    "administrator": _l("Administration"),
}


AFTER = "\uffff"  # sorts behind every name


def where_words(held: Held) -> str:
    """The place of a role, or all places of an organization."""
    language = language_now()
    if held.location_id is not None:
        place = catalogue.current(db.session()).locations.get(held.location_id)
        return place.name[language] if place is not None else "?"
    return str(_("%(organization)s, all places", organization=_organizations()[held.organization_id]))


def summary(held: Iterable[Held]) -> list[str]:
    """Who somebody is in a line for each role: at one place by its name, at many by the first and how many more."""
    ordered = sorted(held, key=lambda one: ROLES.index(one.role))
    return [f"{ROLE_WORDS[role]}: {_places_words(list(of))}" for role, of in groupby(ordered, lambda one: one.role)]


def _places_words(held: list[Held]) -> str:
    names = sorted(where_words(one) for one in held)
    more = len(names) - 1
    if not more:
        return names[0]
    words = ngettext("%(place)s and %(num)s more place", "%(place)s and %(num)s more places", more, place=names[0])
    return str(words)


def value_of(held: Held) -> str:
    """The place of a role as a form sends it."""
    return f"place:{held.location_id}" if held.location_id is not None else f"all:{held.organization_id}"


def choices(chief: tuple[Held, ...]) -> list[tuple[str, str]]:
    """Where roles can be given: (value, words), the places of an organization before all of it."""
    whole = {one.organization_id for one in chief if one.location_id is None}
    single = {one.location_id for one in chief if one.location_id is not None}
    language = language_now()
    names = _organizations()
    whole_words = {id_: str(_("%(organization)s, all places", organization=names[id_])) for id_ in whole}
    found = [(names[id_], AFTER, f"all:{id_}", words) for id_, words in whole_words.items()]
    for place in catalogue.current(db.session()).locations.values():
        if place.organization_id in whole or place.id in single:
            name = place.name[language]
            found.append((names[place.organization_id], name, f"place:{place.id}", f"{name}, {place.city[language]}"))
    return [(value, words) for _organization, _place, value, words in sorted(found)]


def roles_of(chief: tuple[Held, ...]) -> list[tuple[str, Any]]:
    """The roles that can be given somewhere: (role, words)."""
    everything = any(one.role == "administrator" for one in chief)
    return [(role, ROLE_WORDS[role]) for role in ROLES if everything or role != "administrator"]


def _organizations() -> dict[int, str]:
    """Asked once a request: a long list says them for every line."""
    if "organization_names" not in g:
        g.organization_names = _read_organizations()
    found: dict[int, str] = g.organization_names
    return found


def _read_organizations() -> dict[int, str]:
    language = language_now()
    rows = db.session.execute(select(Organization.id, Organization.name))
    return {id_: name[language] for id_, name in rows}

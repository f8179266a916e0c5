"""Who may see and change whom: roles given and taken, accounts switched off and on.

A coordinator gives every role but administrator at her place, or at her organization and its places; an
administrator gives all of them there. Who answers calls for help is chosen by somebody of the whole organization,
not of one place. A coordinator gives nothing to herself. An organization and a place keep somebody who can let
others in.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from clinic.directory.models import Location, Organization
from clinic.staff import accounts, second_factor
from clinic.staff.models import ROLES, Membership, SignIn, Staff

CHIEFS = ("coordinator", "administrator")
BEYOND_A_PLACE = ("responder",)  # who answers calls for help answers for more than one place: an organization gives it


class NotYours(Exception):
    """The person, the place or the role is not hers to change."""


class LastOne(Exception):
    """Nobody would be left who can let others in."""


@dataclass(frozen=True, slots=True)
class Held:
    """A role at a place (`location_id`) or at all places of an organization (without); both name the organization."""

    role: str
    organization_id: int
    location_id: int | None

    def covers(self, other: "Held") -> bool:
        """Whether this role reaches the place, or the organization, of another one."""
        if self.organization_id != other.organization_id:
            return False
        return self.location_id is None or self.location_id == other.location_id

    def may_give(self, other: "Held") -> bool:
        """Whether whoever holds this may give and take `other`."""
        if not self.covers(other) or (other.role in BEYOND_A_PLACE and self.location_id is not None):
            return False
        return self.role == "administrator" or (self.role == "coordinator" and other.role != "administrator")


@dataclass(frozen=True, slots=True)
class Person:
    """An account as its coordinator sees it."""

    id: int
    login: str
    name: str
    off: bool
    held: tuple[Held, ...]
    second: bool


def held_by(s: Session, staff_id: int) -> tuple[Held, ...]:
    """Everything a person has been given."""
    return _held(s, [staff_id]).get(staff_id, ())


def rules_over(s: Session, staff_id: int) -> tuple[Held, ...]:
    """What a person holds that lets her change others."""
    return tuple(one for one in held_by(s, staff_id) if one.role in CHIEFS)


def givable(chief: Iterable[Held], wanted: Held) -> bool:
    """Whether one of `chief` may give `wanted`."""
    return any(one.may_give(wanted) for one in chief)


def seen_by(s: Session, chief_id: int) -> list[Person]:
    """Everybody who holds something that this person reaches, by name."""
    chief = rules_over(s, chief_id)
    organizations = {one.organization_id for one in chief}
    nearby = s.scalars(
        select(Membership.staff_id)
        .outerjoin(Location, Location.id == Membership.location_id)
        .where(or_(Membership.organization_id.in_(organizations), Location.organization_id.in_(organizations)))
        .distinct()
    ).all()
    people = _people(s, nearby)
    return [one for one in people if any(rule.covers(held) for rule in chief for held in one.held)]


def seen(s: Session, chief_id: int, staff_id: int) -> Person:
    """One of them. Raises NotYours."""
    chief = rules_over(s, chief_id)
    found = _people(s, [staff_id])
    if not found or not any(rule.covers(held) for rule in chief for held in found[0].held):
        raise NotYours
    return found[0]


def may_manage(chief: Iterable[Held], person: Person) -> bool:
    """Whether an account is theirs as a whole: nothing it holds is beyond what they may give."""
    chief = tuple(chief)
    return bool(person.held) and all(givable(chief, held) for held in person.held)


def target(s: Session, role: str, organization_id: int | None, location_id: int | None) -> Held:
    """A role at a place or an organization that exists. Raises NotYours."""
    if role not in ROLES:
        raise NotYours
    if location_id is not None:
        found = s.scalar(select(Location.organization_id).where(Location.id == location_id))
        if found is None:
            raise NotYours
        return Held(role, found, location_id)
    if organization_id is None or s.get(Organization, organization_id) is None:
        raise NotYours
    return Held(role, organization_id, None)


def give(s: Session, chief_id: int, staff_id: int, wanted: Held) -> None:
    """Give a role. Raises NotYours."""
    _lock(s, {wanted.organization_id})
    chief = rules_over(s, chief_id)
    if not givable(chief, wanted) or (chief_id == staff_id and not _is_administrator(chief, wanted)):
        raise NotYours
    if chief_id != staff_id:
        seen(s, chief_id, staff_id)
    of_all = wanted.organization_id if wanted.location_id is None else None
    accounts.give_role(s, s.get_one(Staff, staff_id), wanted.role, of_all, wanted.location_id)
    s.flush()


def take(s: Session, chief_id: int, staff_id: int, gone: Held) -> None:
    """Take a role away. Raises NotYours, LastOne."""
    _lock(s, {gone.organization_id})
    if not givable(rules_over(s, chief_id), gone) or gone not in seen(s, chief_id, staff_id).held:
        raise NotYours
    _keep_one(s, staff_id, [gone])
    s.execute(
        delete(Membership).where(
            Membership.staff_id == staff_id,
            Membership.role == gone.role,
            Membership.location_id == gone.location_id
            if gone.location_id is not None
            else Membership.organization_id == gone.organization_id,
        )
    )


def switch_off(s: Session, chief_id: int, staff_id: int, now: datetime) -> None:
    """Close an account: out at the next click, no way in. Raises NotYours, LastOne."""
    person = _managed(s, chief_id, staff_id)
    _keep_one(s, staff_id, person.held)
    s.execute(update(Staff).where(Staff.id == staff_id).values(off_at=now))
    s.execute(delete(SignIn).where(SignIn.staff_id == staff_id))


def switch_on(s: Session, chief_id: int, staff_id: int) -> None:
    """Open a closed account again. Raises NotYours."""
    _managed(s, chief_id, staff_id)
    s.execute(update(Staff).where(Staff.id == staff_id).values(off_at=None))


def reset_second(s: Session, chief_id: int, staff_id: int) -> None:
    """Take the second factors of somebody whose phone is lost; she sets up another. Raises NotYours."""
    if chief_id == staff_id:  # her own are changed with what she has, or by somebody else
        raise NotYours
    _managed(s, chief_id, staff_id)
    second_factor.reset(s, staff_id)


def managed(s: Session, chief_id: int, staff_id: int) -> Person:
    """A person whose account as a whole is theirs. Raises NotYours."""
    person = seen(s, chief_id, staff_id)
    if not may_manage(rules_over(s, chief_id), person):
        raise NotYours
    return person


def _managed(s: Session, chief_id: int, staff_id: int) -> Person:
    _lock(s, {held.organization_id for held in held_by(s, staff_id)})
    return managed(s, chief_id, staff_id)


def _lock(s: Session, organizations: Collection[int]) -> None:
    """Let nobody else change who rules there until this is done: two who take each other's role at once leave one."""
    s.execute(
        select(Organization.id).where(Organization.id.in_(organizations)).order_by(Organization.id).with_for_update()
    ).all()


def _keep_one(s: Session, staff_id: int, gone: Collection[Held]) -> None:
    """Raises LastOne when nobody who is not switched off rules, at least as far as one of `gone` does, without it."""
    rulers = s.execute(
        select(Membership.staff_id, Membership.role, Membership.organization_id, Location)
        .join(Staff, Staff.id == Membership.staff_id)
        .outerjoin(Location, Location.id == Membership.location_id)
        .where(Membership.role.in_(CHIEFS), Staff.off_at.is_(None))
    )
    left = [
        held
        for who, role, organization, place in rulers
        for held in [Held(role, place.organization_id if place else organization or 0, place.id if place else None)]
        if who != staff_id or held not in gone
    ]
    for one in gone:
        enough = ("administrator",) if one.role == "administrator" else CHIEFS
        if one.role in CHIEFS and not any(other.role in enough and other.covers(one) for other in left):
            raise LastOne


def _is_administrator(chief: Iterable[Held], wanted: Held) -> bool:
    return any(one.role == "administrator" and one.covers(wanted) for one in chief)


def _people(s: Session, ids: Collection[int]) -> list[Person]:
    held = _held(s, ids)
    rows = s.execute(
        select(Staff.id, Staff.login, Staff.name, Staff.off_at, second_factor.has_any(Staff.id)).where(
            Staff.id.in_(ids)
        )
    )
    people = [
        Person(id_, login, name, off is not None, held.get(id_, ()), bool(second))
        for id_, login, name, off, second in rows
    ]
    return sorted(people, key=lambda one: (one.off, one.name.casefold(), one.login))


def _held(s: Session, ids: Collection[int]) -> dict[int, tuple[Held, ...]]:
    rows = s.execute(
        select(
            Membership.staff_id,
            Membership.role,
            Membership.organization_id,
            Membership.location_id,
            Location.organization_id,
        )
        .outerjoin(Location, Location.id == Membership.location_id)
        .where(Membership.staff_id.in_(ids))
        .order_by(Membership.id)
    )
    found: dict[int, tuple[Held, ...]] = {}
    for staff_id, role, organization, location, its_organization in rows:
        one = Held(role, organization if organization is not None else its_organization, location)
        found[staff_id] = (*found.get(staff_id, ()), one)
    return found

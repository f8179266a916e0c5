"""What each person may touch: checked per object, never by role alone."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.directory.catalogue import LocationInfo
from clinic.staff.models import Membership


@dataclass(frozen=True, slots=True)
class Role:
    """A role at one location, or at every location of an organization."""

    role: str
    organization_id: int | None
    location_id: int | None

    def covers(self, location: LocationInfo) -> bool:
        """Whether this role holds at `location`."""
        if self.location_id is not None:
            return self.location_id == location.id
        return self.organization_id == location.organization_id


def roles_of(s: Session, staff_id: int) -> tuple[Role, ...]:
    """Everything this person has been given."""
    rows = s.execute(
        select(Membership.role, Membership.organization_id, Membership.location_id)
        .where(Membership.staff_id == staff_id)
        .order_by(Membership.id)
    )
    return tuple(Role(*row) for row in rows)


def speaks_for_an_organization(s: Session, staff_id: int, roles: Collection[str]) -> bool:
    """Whether this person holds one of `roles` at a whole organization: what everybody reads is not one place's."""
    return any(r.role in roles and r.location_id is None for r in roles_of(s, staff_id))


def may(s: Session, staff_id: int, roles: Collection[str], location: LocationInfo) -> bool:
    """Whether this person holds one of `roles` at `location`."""
    return any(r.role in roles and r.covers(location) for r in roles_of(s, staff_id))


def places_of(
    s: Session, staff_id: int, roles: Collection[str], locations: Iterable[LocationInfo]
) -> tuple[LocationInfo, ...]:
    """Those of `locations` at which this person holds one of `roles`, in the order given."""
    held = [r for r in roles_of(s, staff_id) if r.role in roles]
    return tuple(loc for loc in locations if any(r.covers(loc) for r in held))

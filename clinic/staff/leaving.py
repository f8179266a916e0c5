"""Ending the sign-ins of a place all at once: nobody who comes through the door finds a desk that is open."""

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.orm import Session

from clinic.directory.catalogue import LocationInfo
from clinic.staff.models import DESK_ROLES, Device, Membership, SignIn


def end_at(s: Session, place: LocationInfo) -> int:
    """End every sign-in of those who work at the desk, in a room or at the point of a place, and every one on its
    shared desks, whoever's it is; how many. `s` writes."""
    here = select(Membership.staff_id).where(
        Membership.role.in_(DESK_ROLES),
        or_(
            Membership.location_id == place.id,
            and_(Membership.location_id.is_(None), Membership.organization_id == place.organization_id),
        ),
    )
    desks = select(Device.id).where(Device.location_id == place.id)
    mine = or_(SignIn.staff_id.in_(here), SignIn.device_id.in_(desks))
    return len(s.execute(delete(SignIn).where(mine).returning(SignIn.staff_id)).all())

"""Whether the keys in the folder are those of this database: with others nothing opens, and nobody would know why."""

import hmac
from datetime import datetime

from sqlalchemy import LargeBinary, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from clinic.db import Base, UtcTime
from clinic.privacy import keys

PURPOSE = "the keys of this database"


class KeyCheck(Base):
    """A value made of the lasting key: it tells the key to nobody."""

    __tablename__ = "key_check"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[bytes] = mapped_column(LargeBinary(32))
    at: Mapped[datetime] = mapped_column(UtcTime)


def belong(s: Session) -> bool | None:
    """Whether the keys belong to the database; None for one that has not seen any."""
    known = s.scalar(select(KeyCheck.value).where(KeyCheck.id == 1))
    return None if known is None else hmac.compare_digest(known, keys.ring().lasting(PURPOSE))


def accept(s: Session, now: datetime) -> None:
    """From now on these are the keys of this database. `s` writes."""
    s.execute(delete(KeyCheck))
    s.add(KeyCheck(id=1, value=keys.ring().lasting(PURPOSE), at=now))

"""What was sent from a covered screen: kept sealed with the sign-in until the PIN, then offered to be sent after all.

It is sealed under the key of the day on which the sign-in ends, and goes with it.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from clinic import clock
from clinic.privacy import sealing
from clinic.staff.models import SignIn
from clinic.staff.sign_in import hash_of

BOX = "sign_in.unsent"
NEVER = frozenset(("csrf_token", "password", "pin", "code", "answer", "secret"))  # typed anew, or made anew


@dataclass(frozen=True, slots=True)
class Unsent:
    """A form that was sent and not taken: where it goes (a path under /staff), and its fields in their order."""

    path: str
    fields: tuple[tuple[str, str], ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """What a person has written, to be recognised by."""
        return tuple(value for _name, value in self.fields if len(value) > 20 and any(c.isspace() for c in value))


def keep(s: Session, token: str, path: str, fields: Iterable[tuple[str, str]]) -> None:
    """Keep a form with the sign-in of `token`, in place of one that was kept before. `s` writes.

    Passwords, PINs and codes are left out. Raises `sealing.Gone` when the sign-in's last day has passed.
    """
    mine = hash_of(token)
    ends_at: datetime | None = s.scalar(select(SignIn.ends_at).where(SignIn.token_hash == mine))
    if ends_at is None:
        return
    body = json.dumps([path, [pair for pair in fields if pair[0] not in NEVER]], ensure_ascii=False)
    box = sealing.seal(clock.local(ends_at).date(), BOX, mine, body)
    s.execute(update(SignIn).where(SignIn.token_hash == mine).values(unsent=box))


def of(s: Session, token: str) -> Unsent | None:
    """The form that is kept with the sign-in of `token`; None where there is none, or none that opens."""
    mine = hash_of(token)
    box = s.scalar(select(SignIn.unsent).where(SignIn.token_hash == mine))
    if box is None:
        return None
    try:
        path, fields = json.loads(sealing.open_(BOX, mine, box))
    except (sealing.Gone, sealing.Damaged):
        return None
    return Unsent(path, tuple((name, value) for name, value in fields))


def drop(s: Session, token: str) -> None:
    """Keep it no longer: it has been sent, or is not wanted. `s` writes."""
    s.execute(update(SignIn).where(SignIn.token_hash == hash_of(token)).values(unsent=None))

"""Passkeys: a key in her own phone, computer or stick, which that device opens by finger, face or PIN.

The question (challenge) is signed by us, good for an hour, and kept nowhere: each passkey remembers when
the last question that it answered was asked, and answers no older one, so that an answer is used once.
"""

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from hmac import compare_digest
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from clinic.db import writing
from clinic.privacy import keys
from clinic.staff import second_factor
from clinic.staff.models import Passkey, Staff

GOOD_FOR = timedelta(hours=1)
MOST = 10  # passkeys of one account
LONGEST_ANSWER = 20_000


class PasskeyRefused(Exception):
    """The answer of a device is not one to this question, or of no passkey that is known."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where passkeys belong: the origin of the pages, such as https://example.kz."""

    origin: str
    name: str

    @property
    def host(self) -> str:
        return urlsplit(self.origin).hostname or ""


def question_to_add(s: Session, site: Site, staff_id: int, now: datetime) -> str:
    """What the browser is asked in order to make a passkey for an account: JSON."""
    import webauthn
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    person = s.get_one(Staff, staff_id)
    known = s.scalars(select(Passkey.credential).where(Passkey.staff_id == staff_id))
    return webauthn.options_to_json(
        webauthn.generate_registration_options(
            rp_id=site.host,
            rp_name=site.name,
            user_id=_handle(staff_id),
            user_name=person.login,
            user_display_name=person.name,
            challenge=_challenge(f"add {staff_id}", now),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
        )
    )


def add(s: Session, site: Site, staff_id: int, answer: str, name: str, now: datetime, today: date) -> None:
    """Keep the passkey that a device has made. Raises PasskeyRefused."""
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    sent = _parsed(answer)
    challenge, _ = _asked(sent, f"add {staff_id}", now)
    if len(of(s, staff_id)) >= MOST:
        raise PasskeyRefused
    try:
        made = webauthn.verify_registration_response(
            credential=sent,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise PasskeyRefused from error
    second_factor.count_row(s, staff_id)
    s.add(
        Passkey(
            staff_id=staff_id,
            credential=made.credential_id,
            public_key=made.credential_public_key,
            counter=made.sign_count,
            name=name,
            added_on=today,
        )
    )
    try:
        s.flush()
    except IntegrityError as error:  # this answer came before
        raise PasskeyRefused from error


def question_to_enter(site: Site, now: datetime) -> str:
    """What the browser is asked at the sign-in: JSON that names nobody."""
    import webauthn
    from webauthn.helpers.structs import UserVerificationRequirement

    return webauthn.options_to_json(
        webauthn.generate_authentication_options(
            rp_id=site.host,
            challenge=_challenge("enter", now),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
    )


def enter(site: Site, answer: str, now: datetime) -> int:
    """The account whose passkey answered. Raises PasskeyRefused; the same answer at once twice enters once."""
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    sent = _parsed(answer)
    challenge, asked_ms = _asked(sent, "enter", now)
    try:
        credential = webauthn.base64url_to_bytes(str(sent["rawId"]))
        with writing() as s:
            row = s.execute(
                select(Passkey.id, Passkey.staff_id, Passkey.public_key, Passkey.counter)
                .join(Staff, Staff.id == Passkey.staff_id)
                .where(Passkey.credential == credential, Staff.off_at.is_(None))
            ).one_or_none()
            if row is None:
                raise PasskeyRefused
            found = webauthn.verify_authentication_response(
                credential=sent,
                expected_challenge=challenge,
                expected_rp_id=site.host,
                expected_origin=site.origin,
                credential_public_key=row.public_key,
                credential_current_sign_count=row.counter,
                require_user_verification=True,
            )
            used = s.scalar(
                update(Passkey)
                .where(Passkey.id == row.id, Passkey.asked_ms < asked_ms)
                .values(asked_ms=asked_ms, counter=found.new_sign_count)
                .returning(Passkey.id)
            )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise PasskeyRefused from error
    if used is None:
        raise PasskeyRefused
    return int(row.staff_id)


def of(s: Session, staff_id: int) -> list[Passkey]:
    """The passkeys of an account, the oldest first."""
    return list(s.scalars(select(Passkey).where(Passkey.staff_id == staff_id).order_by(Passkey.id)))


def take(s: Session, staff_id: int, passkey_id: int) -> bool:
    """Forget a passkey of an account; False when it has none of this number."""
    mine = (Passkey.staff_id == staff_id) & (Passkey.id == passkey_id)
    gone = s.scalar(delete(Passkey).where(mine).returning(Passkey.id)) is not None
    second_factor.drop_codes_without_factor(s, staff_id)
    return gone


def _handle(staff_id: int) -> bytes:
    """What devices keep instead of a login: it says nothing to anybody else."""
    return blake2b(str(staff_id).encode(), key=keys.ring().lasting("passkey handle"), digest_size=32).digest()


def _challenge(purpose: str, now: datetime) -> bytes:
    body = secrets.token_bytes(16) + int(now.timestamp() * 1000).to_bytes(8, "big")
    return body + _mac(purpose, body)


def _asked(sent: dict[str, Any], purpose: str, now: datetime) -> tuple[bytes, int]:
    """The question of ours that a device says it answered, and when it was asked (ms). Raises PasskeyRefused."""
    from webauthn import base64url_to_bytes

    try:
        client = json.loads(base64url_to_bytes(str(sent["response"]["clientDataJSON"])))
        challenge = base64url_to_bytes(str(client["challenge"]))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise PasskeyRefused from error
    asked_ms = int.from_bytes(challenge[16:24], "big")
    ours = len(challenge) == 40 and compare_digest(_mac(purpose, challenge[:24]), challenge[24:])
    if not ours or not timedelta() <= now - datetime.fromtimestamp(asked_ms / 1000, UTC) <= GOOD_FOR:
        raise PasskeyRefused
    return challenge, asked_ms


def _mac(purpose: str, body: bytes) -> bytes:
    key = keys.ring().lasting("passkey question")
    return blake2b(purpose.encode() + b"\0" + body, key=key, digest_size=16).digest()


def _parsed(answer: str) -> dict[str, Any]:
    if len(answer) > LONGEST_ANSWER:
        raise PasskeyRefused
    try:
        sent = json.loads(answer)
    except (ValueError, RecursionError) as error:  # RecursionError: thousands of brackets
        raise PasskeyRefused from error
    if not isinstance(sent, dict):
        raise PasskeyRefused
    return sent

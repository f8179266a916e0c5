"""Idempotency-Key: the same booking sent twice is one booking, and its answer is given again for a day.

After draft-ietf-httpapi-idempotency-key-header-07. The answer holds her code, so it is kept only
sealed under the key itself (`privacy.once`): whoever reads the database reads no code.
"""

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from clinic.api.problems import Refusal
from clinic.db import writing
from clinic.privacy import once

HEADER = "Idempotency-Key"
SCOPE = "api"
_SIGNS = r"[\x21\x23-\x5b\x5d-\x7e]{22,200}"  # visible ASCII without quotes and backslashes
_KEY = re.compile(rf'"({_SIGNS})"|({_SIGNS})')
NEEDED = _l("This header is needed: 22 to 200 random signs, the same for each repetition of one booking.")

PARAMETER: dict[str, Any] = {
    "in": "header",
    "name": HEADER,
    "required": True,
    "description": "22 to 200 random signs, quoted or not. A repetition within 24 hours gets the first answer again.",
    "schema": {"type": "string", "pattern": '^("[!#-Z^-~]{22,200}"|[!#-Z^-~]{22,200})$'},
    "example": "8e03978e-40d5-43e8-bc93-6894a57f9324",
}


def key() -> str:
    """The request's key without quotes. Raises Refusal 400 when it is missing, short, long or odd."""
    found = _KEY.fullmatch(request.headers.get(HEADER, "").strip())
    if not found:
        raise Refusal(400, "invalid", {HEADER: [NEEDED]})
    return found[1] or found[2]


def once_per_key(body: Any, now: datetime, make: Callable[[Session], dict[str, Any]]) -> dict[str, Any]:
    """The answer of `make`, or of the first request with this key and body.

    `body` is the JSON value that arrived; the order of its names does not matter.
    """
    token = key()
    asked = json.dumps(body, sort_keys=True, ensure_ascii=False).encode()
    try:
        with writing() as s:
            return once.run(s, SCOPE, token, asked, once.API_KEPT, now, lambda: make(s)).answer
    except once.Reused as reused:
        raise Refusal(422, "idempotency_reused") from reused
    except once.Busy as busy:
        raise Refusal(409, "idempotency_busy", headers={"Retry-After": "2"}) from busy

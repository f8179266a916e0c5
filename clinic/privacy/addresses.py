"""What an address of the public site may say: what is looked for, never what is done, by whom, or where she is.

An act, a token, a number or a code in an address is dropped, as if it were not there: such an address is none
of ours, and whoever wrote it must get nothing done by somebody else's tap, nor have it repeated by our links.
"""

from typing import Any

from werkzeug.datastructures import MultiDict

NAMES = frozenset(
    ("near", "service", "day", "evenings", "after", "open_now", "kind", "migrants", "spoken", "other", "picked",
     "limit", "start", "without_id", "at", "place", "part", "days", "kit", "q")
)  # fmt: skip


def shown(args: MultiDict[str, Any]) -> MultiDict[str, Any]:
    """The fields of an address that say what is shown."""
    return MultiDict([pair for pair in args.items(multi=True) if pair[0] in NAMES])

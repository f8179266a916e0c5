"""The server's end of the exchange: sealed notes go out, sealed answers come in."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from clinic.safety.reports import boxes, canary, conversations
from clinic.safety.reports.conversations import TooManyReplies
from clinic.safety.reports.exchange import NOTES, NotAnExchange, Thing, written


@dataclass(frozen=True, slots=True)
class Taken:
    """What a file of answers changed here."""

    answers: int
    gone: int  # answers to conversations that are not here any more
    erased: int  # boxes that the organization has
    canaries: int


def outgoing(s: Session, now: datetime) -> Iterator[bytes]:
    """Everything that waits for the organization, as a file in pieces. Nothing is deleted by it."""
    waiting = conversations.waiting(s, now)
    things = (({"rid": rid.hex(), "n": n, "week": week.isoformat()}, box) for rid, n, week, box in waiting)
    return written(NOTES, things)


def take(s: Session, things: Iterable[Thing], now: datetime) -> Taken:
    """Put answers where her code finds them, and let go of what the organization says it has.

    Raises NotAnExchange; then the caller's transaction must not be kept.
    """
    answers = gone = erased = canaries = 0
    for head, body in things:
        try:
            if head["kind"] == "answer":
                if _answer(s, bytes.fromhex(head["rid"]), body, now):
                    answers += 1
                else:
                    gone += 1
            elif head["kind"] == "have":
                erased += conversations.handed_over(s, bytes.fromhex(head["rid"]), int(head["n"]))
            else:
                canaries += canary.came_back(s, str(head["month"]), str(head["word"]), now)
        except (KeyError, ValueError, TypeError, boxes.NotABox) as error:
            raise NotAnExchange from error
    return Taken(answers, gone, erased, canaries)


def _answer(s: Session, rid: bytes, box: bytes, now: datetime) -> bool:
    with suppress(TooManyReplies):
        return conversations.answer(s, rid, box, now)
    return False

"""Which messages are still of use: for each thing that messages are about, each state it can take and the kinds
that are wanted in it.

Whoever changes a thing's state calls `follow`, which takes back the rest. The worker looks once more when it
claims (`unwanted`), so that nothing goes out about what was decided otherwise, whoever forgot to say so.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from clinic.messaging import outbox

WHY = "over"  # why the worker's last look dropped a message

States = Callable[[Session, Sequence[bytes]], Mapping[bytes, str]]


@dataclass(frozen=True, slots=True)
class Thing:
    """What messages are about: `name` before the colon of `about`, kinds by state, and how to read the states."""

    name: str
    kinds: Mapping[str, tuple[str, ...]]
    states: States

    def about(self, rid: bytes) -> str:
        """The name by which messages about one of them are found."""
        return f"{self.name}:{rid.hex()}"

    def wants(self, state: str, kind: str) -> bool:
        """Whether a message of a kind is of use in a state; of "late:20" the first word is the kind."""
        return kind.partition(":")[0] in self.kinds[state]

    def follow(self, s: Session, rid: bytes, state: str, now: datetime) -> None:
        """It has come into `state`: what is wanted no more is taken back, with the state as the reason."""
        over = {m.kind for m in outbox.of(s, self.about(rid)) if not self.wants(state, m.kind)}
        if over:
            outbox.drop(s, self.about(rid), over, now, state)


_things: dict[str, Thing] = {}


def thing(name: str, kinds: Mapping[str, tuple[str, ...]], states: States) -> Thing:
    """Make a thing known to the worker; called once, by the module that puts its messages."""
    _things[name] = Thing(name, kinds, states)
    return _things[name]


def unwanted(s: Session, messages: Iterable[tuple[bytes, str, str]]) -> set[bytes]:
    """Of these messages (key, about, kind), those that the state of their thing wants no more. One query a thing."""
    by_thing: dict[str, list[tuple[bytes, bytes, str]]] = defaultdict(list)
    for key, about, kind in messages:
        name, _colon, rid = about.partition(":")
        if name in _things and re.fullmatch(r"[0-9a-f]{32}", rid):
            by_thing[name].append((key, bytes.fromhex(rid), kind))
    found = set()
    for name, rows in by_thing.items():
        states = _things[name].states(s, [rid for _key, rid, _kind in rows])
        wants = _things[name].wants
        found |= {key for key, rid, kind in rows if rid in states and not wants(states[rid], kind)}
    return found

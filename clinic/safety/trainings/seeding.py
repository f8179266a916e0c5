"""The example trainings of `make run`: always a few days ahead of the day on which they are loaded."""

import csv
from datetime import datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic import clock
from clinic.config import ROOT
from clinic.db import LANGUAGES, Text3
from clinic.directory.models import Location
from clinic.safety.trainings import plans, reading
from clinic.safety.trainings.plans import Plan

FILE = ROOT / "seeds" / "demo" / "trainings.csv"
ACTOR = "example"


def load_demo(s: Session, now: datetime) -> int:
    """Plan the example trainings unless some are still ahead; how many were planned."""
    if reading.any_ahead(s, now):
        return 0
    places = dict(s.execute(select(Location.key, Location.id).where(Location.example)).all())
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["location"] in places]
    for row in rows:
        plans.plan(s, places[row["location"]], _plan(row, now), ACTOR, now)
    return len(rows)


def _plan(row: dict[str, str], now: datetime) -> Plan:
    hour = time.fromisoformat(row["hour"])
    day = clock.local(now).date() + timedelta(days=int(row["days"]))
    return Plan(
        kind=row["kind"],
        name=_text3(row, "name"),
        about=_text3(row, "about"),
        for_whom=_text3(row, "for_whom"),
        languages=tuple(row["languages"].split(",")),
        starts_at=clock.at(day, hour.hour * 60 + hour.minute),
        minutes=int(row["minutes"]),
        place=row["place"],
        way=row["way"],
        page=None,
        seats=int(row["seats"]),
    )


def _text3(row: dict[str, str], base: str) -> Text3:
    return Text3(**{language: row[f"{base}_{language}"] for language in LANGUAGES})

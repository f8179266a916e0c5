"""A place that gives trainings, one training, and women who take seats."""

from datetime import datetime, timedelta
from typing import Any

from clinic import clock
from clinic.db import reading, writing
from clinic.directory import catalogue
from clinic.safety.trainings import plans, seats
from clinic.safety.trainings import reading as trainings
from clinic.safety.trainings.plans import Plan
from clinic.safety.trainings.reading import TrainingView
from tests import factories


def a_place(visibility: str = "open") -> int:
    """The id of a place in Almaty."""
    with writing() as s:
        place = factories.a_location(s, visibility=visibility)
        catalogue.changed(s)
        return place.id


def a_training(at: int, n: int = 2, starts_at: datetime | None = None, **more: Any) -> int:
    """The number of a training with `n` seats, tomorrow at this hour unless said otherwise."""
    now = clock.now()
    values: dict[str, Any] = {
        "kind": "digital", "name": factories.text3("A quiet phone"), "about": factories.text3("Hands on"),
        "for_whom": factories.text3("Everybody"), "languages": ("kk", "ru"), "minutes": 90, "place": "open", "way": "",
        "page": None, "starts_at": starts_at or now + timedelta(days=1),
    }  # fmt: skip
    with writing() as s:
        return plans.plan(s, at, Plan(seats=n, **{**values, **more}), "chief", now)


def asked(training: int, phone: str | None = None, tell: bool = False, lead: int | None = None,
          code: str | None = None) -> seats.Request:  # fmt: skip
    return seats.Request(training, "ru", "plain", phone, tell, lead, code)


def takes(training: int, **more: Any) -> seats.Taken:
    """She takes a seat."""
    with writing() as s:
        return seats.take(s, asked(training, **more), clock.now())


def waits(training: int, **more: Any) -> seats.Taken:
    """She stands in line."""
    with writing() as s:
        return seats.wait(s, asked(training, **more), clock.now())


def now_of(training: int) -> TrainingView:
    with reading() as s:
        return trainings.one(s, training)

"""Two kits, six points of the example city and their stock, instead of those of the demo: few, and always the same."""

import shutil
from datetime import date
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from clinic.db import Text3
from clinic.directory import catalogue
from clinic.directory.models import Location
from clinic.kits import stock
from clinic.kits.models import Entry, Expected, Holding, KitStep, KitType, Lot, Point, PointKit

TODAY = date(2026, 11, 24)
GOOD_UNTIL = date(2027, 9, 30)
POINTS = {
    "saya": "clinic", "shamshyraq": "ngo", "bulaq": "pharmacy", "zharyq-bus": "outreach", "tan": "post",
    "ainalaiyn": "locker",
}  # fmt: skip
STEPS = {
    "oral": (
        ("wait", "Подождите"),
        ("gums", "Проведите по дёснам"),
        ("tube", "Опустите в пробирку"),
        ("read", "Смотрите"),
    ),
    "blood": (("wash", "Согрейте руки"), ("prick", "Уколите сбоку"), ("drop", "Капля в лунку"), ("read", "Смотрите")),
}


def same(word: str) -> Text3:
    return Text3(word, word, word)


def a_kit(
    s: Session, number: int, sample: str, read_from: int, read_to: int, checked_on: date | None = None
) -> KitType:
    """A kit type with its steps, offered in the demo, and outside it once checked."""
    row = KitType(
        number=number, slug=f"kit-{number}", letter="AB"[number - 1], sample=sample, read_from=read_from,
        read_to=read_to,
        name=Text3("Сілекейден", "Из слюны", "Oral fluid") if sample == "oral"
        else Text3("Саусақтан бір тамшы", "Капля из пальца", "A drop from the finger"),
        needs=same("20 min"), leaflet="an example", gtin="", checked_on=checked_on,
        checked_by="Dr. A" if checked_on else "",
    )  # fmt: skip
    s.add(row)
    s.flush()
    for n, (picture, title) in enumerate(STEPS[sample], 1):
        s.add(KitStep(kit_type_id=row.id, n=n, picture=picture, title=same(title), text=same(f"{title}.")))
    return row


def build(s: Session, checked_on: date | None = None, on_hand: int = 3) -> dict[str, int]:
    """Write kits, points and stock into the example city; ids of the points by key."""
    for model in (Expected, Entry, Holding, Lot, PointKit, Point, KitStep, KitType):
        s.execute(delete(model))
    kits = [a_kit(s, 1, "oral", 20, 40, checked_on), a_kit(s, 2, "blood", 15, 20, checked_on)]
    found: dict[str, int] = {}
    for key, kind in POINTS.items():
        place = s.scalars(select(Location).where(Location.key == key)).one()
        place.desk_seen_on = TODAY
        found[key] = place.id
        s.add(Point(location_id=place.id, kind=kind, how_to_ask=same("Скажите номерок, больше ничего."), hold_days=2))
        s.flush()
        for kit in kits:
            s.add(PointKit(point_id=place.id, kit_type_id=kit.id))
    s.flush()
    catalogue.changed(s)
    for key, place_id in found.items():
        for kit in kits if key != "tan" else kits[:1]:
            stock.receive(s, place_id, kit.id, f"{kit.letter}-{len(key)}", GOOD_UNTIL, on_hand, "keeper", TODAY)
    return found


def real(folder: Path) -> dict[str, str]:
    """The environment of a copy of the example city outside the demo, its keys apart from its database."""
    keys = folder.parent / f"{folder.name}-keys"
    shutil.copytree(folder / "keys", keys)
    return {
        "KESHKI_DATABASE_URL": f"sqlite:///{folder}/city.db",
        "KESHKI_KEYS": str(keys),
        "KESHKI_BASE_URL": "https://localhost",
    }

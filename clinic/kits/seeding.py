"""Fills the kits from `seeds/kits/`: kit types with their steps, and the demo's points with stock.

Kit types are loaded everywhere, but nobody sees one outside the demo before a person has checked it
against its leaflet (`flask kits checked`). Loading again changes what was changed in a file, never the stock.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from clinic import clock
from clinic.config import ROOT
from clinic.db import LANGUAGES
from clinic.directory import catalogue, importing, tables
from clinic.directory.models import Location
from clinic.directory.tables import Cells, Mistake, TableRefused
from clinic.kits import ledger, stock
from clinic.kits.models import POINT_KINDS, SAMPLES, Expected, Holding, KitStep, KitType, Lot, Point, PointKit
from clinic.wording import gettext as _

SEEDS = ROOT / "seeds" / "kits"
GIVEN_WEEKS = 8  # the demo's points have given kits out for so long
ACTOR = "demo"


def _three(base: str) -> tuple[str, ...]:
    return tuple(f"{base}_{language}" for language in LANGUAGES)


TYPE_COLUMNS = ("number", "slug", "letter", *_three("name"), *_three("needs"), "sample", "read_from", "read_to",
                "leaflet", "gtin", "checked_on", "checked_by")  # fmt: skip
STEP_COLUMNS = ("kit", "n", "picture", *_three("title"), *_three("text"))
POINT_COLUMNS = ("location", "kind", "hold_days", *_three("how_to_ask"), "kits")
STOCK_COLUMNS = ("location", "kit", "lot", "good_days", "quantity", "given")
EXPECTED_COLUMNS = ("location", "kit", "in_days", "quantity")


def load_types(s: Session, folder: Path = SEEDS) -> None:
    """Kit types and their steps, by slug. What a person checked stays checked while the text stays the same.

    Raises TableRefused.
    """
    mistakes: list[Mistake] = []
    types = [_type(Cells(row, mistakes)) for row in _read(folder, "types", TYPE_COLUMNS)]
    steps = [_step(Cells(row, mistakes)) for row in _read(folder, "steps", STEP_COLUMNS)]
    if mistakes:
        raise TableRefused(mistakes)
    changed = False
    for values in types:
        row = s.scalar(select(KitType).where(KitType.slug == values["slug"]))
        if row is None:
            row = KitType(**values)
            s.add(row)
            s.flush()
            changed = True
        own = [step for kit, step in steps if kit == row.slug]
        texts = {name: value for name, value in values.items() if name not in ("checked_on", "checked_by")}
        if _differs(row, texts) or _steps_of(s, row.id) != own:
            for name, value in values.items():
                setattr(row, name, value)
            s.execute(delete(KitStep).where(KitStep.kit_type_id == row.id))
            s.add_all(KitStep(kit_type_id=row.id, **step) for step in own)
            changed = True
    _finish(s, changed)


def load_points(s: Session, data: bytes) -> None:
    """Points at known locations, and which kits each hands over. Raises TableRefused."""
    places: dict[str, int] = dict(s.execute(select(Location.key, Location.id)).all())
    types: dict[str, int] = dict(s.execute(select(KitType.slug, KitType.id)).all())
    mistakes: list[Mistake] = []
    checked: list[tuple[dict[str, Any], set[int]]] = []
    for row in tables.read(data, POINT_COLUMNS, ()).rows:
        cells = Cells(row, mistakes)
        values = {
            "location_id": _one_of(cells, "location", places),
            "kind": cells.one_of("kind", POINT_KINDS, ""),
            "how_to_ask": cells.text3("how_to_ask", 200),
            "hold_days": cells.whole("hold_days", 1, 14, 3),
        }
        slugs = cells.several("kits")
        for slug in slugs:
            if slug not in types:
                cells.wrong("kits", _("There is no kit “%(word)s”.", word=slug))
        checked.append((values, {types[slug] for slug in slugs if slug in types}))
    if mistakes:
        raise TableRefused(mistakes)
    changed = False
    for values, kits in checked:
        point = s.get(Point, values["location_id"])
        if point is None:
            s.add(Point(**values))
            s.flush()
            changed = True
        elif _differs(point, values):
            for name, value in values.items():
                setattr(point, name, value)
            changed = True
        of_point = PointKit.point_id == values["location_id"]
        if set(s.scalars(select(PointKit.kit_type_id).where(of_point))) != kits:
            s.execute(delete(PointKit).where(of_point))
            s.add_all(PointKit(point_id=values["location_id"], kit_type_id=kit) for kit in sorted(kits))
            changed = True
    _finish(s, changed)


def load_demo(s: Session, now: datetime) -> None:
    """Kit types, the demo's points of all six kinds, and the first time their stock. After the directory's demo."""
    load_types(s)
    importing.import_locations(s, (SEEDS / "locations.csv").read_bytes())
    load_points(s, (SEEDS / "points.csv").read_bytes())
    today = clock.local(now).date()
    seen = s.scalars(
        update(Location)
        .where(
            Location.example, Location.id.in_(select(Point.location_id)), Location.desk_seen_on.is_distinct_from(today)
        )
        .values(desk_seen_on=today)
        .returning(Location.id)
        .execution_options(synchronize_session=False)
    ).all()
    _finish(s, bool(seen))
    if s.scalar(select(Holding.id).limit(1)) is None:
        _load_stock(s, today)


def _load_stock(s: Session, today: date) -> None:
    """The shelves of the demo, with a past: what came two months ago and what was given since."""
    places: dict[str, int] = dict(s.execute(select(Location.key, Location.id)).all())
    types: dict[str, int] = dict(s.execute(select(KitType.slug, KitType.id)).all())
    mistakes: list[Mistake] = []
    for row in _read(SEEDS, "stock", STOCK_COLUMNS):
        cells = Cells(row, mistakes)
        point_id, kit_id = _one_of(cells, "location", places), _one_of(cells, "kit", types)
        number, days = cells.needed("lot", 20), int(cells.needed("good_days", 5) or 0)
        quantity, given = cells.whole("quantity", 0, 1000, 0), cells.whole("given", 0, 100, 0)
        if mistakes:
            raise TableRefused(mistakes)
        lot_id = _lot(s, kit_id, number, today + timedelta(days=days))
        holding = stock.holding_of(s, point_id, lot_id)
        begun = today - timedelta(weeks=GIVEN_WEEKS)
        ledger.post(s, holding, "received", quantity + given * GIVEN_WEEKS, 0, begun, ACTOR)
        for week in range(GIVEN_WEEKS if given else 0):
            ledger.post(s, holding, "handed_over", -given, 0, begun + timedelta(weeks=week, days=3), ACTOR)
    for row in _read(SEEDS, "expected", EXPECTED_COLUMNS):
        cells = Cells(row, mistakes)
        s.add(
            Expected(
                point_id=_one_of(cells, "location", places),
                kit_type_id=_one_of(cells, "kit", types),
                day=today + timedelta(days=cells.whole("in_days", 0, 365, 0)),
                quantity=cells.whole("quantity", 1, 1000, 1),
            )
        )
    s.flush()


def _lot(s: Session, kit_id: int, number: str, expires_on: date) -> int:
    lot = s.scalar(select(Lot).where(Lot.kit_type_id == kit_id, Lot.number == number))
    if lot is None:
        lot = Lot(kit_type_id=kit_id, number=number, expires_on=expires_on)
        s.add(lot)
        s.flush()
    return lot.id


def _type(cells: Cells) -> dict[str, Any]:
    return {
        "number": cells.whole("number", 1, 99, 0),
        "slug": cells.needed("slug", 40),
        "letter": cells.needed("letter", 1),
        "name": cells.text3("name", 60),
        "needs": cells.text3("needs", 200),
        "sample": cells.one_of("sample", SAMPLES, ""),
        "read_from": cells.whole("read_from", 1, 240, 0),
        "read_to": cells.whole("read_to", 1, 480, 0),
        "leaflet": cells.text("leaflet", 300),
        "gtin": cells.text("gtin", 14),
        "checked_on": cells.day("checked_on"),
        "checked_by": cells.text("checked_by", 80),
    }


def _step(cells: Cells) -> tuple[str, dict[str, Any]]:
    return cells.needed("kit", 40), {
        "n": cells.whole("n", 1, 12, 0),
        "picture": cells.needed("picture", 40),
        "title": cells.text3("title", 60),
        "text": cells.text3("text", 200),
    }


def _steps_of(s: Session, kit_id: int) -> list[dict[str, Any]]:
    rows = s.scalars(select(KitStep).where(KitStep.kit_type_id == kit_id).order_by(KitStep.n))
    return [{"n": row.n, "picture": row.picture, "title": row.title, "text": row.text} for row in rows]


def _read(folder: Path, name: str, columns: Sequence[str]) -> tuple[tables.Row, ...]:
    return tables.read((folder / f"{name}.csv").read_bytes(), columns, ()).rows


def _one_of(cells: Cells, column: str, known: Mapping[str, int]) -> int:
    word = cells.needed(column, 60)
    if word not in known:
        cells.wrong(column, _("There is no “%(word)s”.", word=word))
    return known.get(word, 0)


def _differs(row: object, values: Mapping[str, Any]) -> bool:
    return any(getattr(row, name) != value for name, value in values.items())


def _finish(s: Session, changed: bool) -> None:
    s.flush()
    if changed:
        catalogue.changed(s)

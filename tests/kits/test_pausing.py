"""A point whose place is stopped: not proposed, nobody served, and whoever asked for messages told not to come."""

import pytest
from flask import Flask
from time_machine import Traveller

from clinic import clock
from clinic.booking import stopping
from clinic.db import reading, writing
from clinic.kits import pausing, releasing, telling
from clinic.kits.refusals import PointClosed
from clinic.kits.routing import Wish, propose
from clinic.kits.stock import free
from clinic.messaging import outbox
from tests.kits import shelf


def messages(rid: bytes) -> list[tuple[str, str]]:
    with reading() as s:
        return sorted((m.kind, m.state) for m in outbox.of(s, telling.about(rid)))


def test_orders_of_a_stopped_point_wait_and_are_told(demo_app: Flask, evening: Traveller) -> None:
    kit = shelf.a_kit()
    point = shelf.a_point(kit)
    shelf.filled(point, kit, 2)
    told = shelf.ordered(point, kit, 1, shelf.PHONE)
    silent = shelf.ordered(point, kit)
    line = shelf.waiting(point, kit, 1, shelf.PHONE)
    now = clock.now()
    with writing() as s:
        assert pausing.waiting(s, point) == 2
        stopping.stop(s, shelf.point_of(point).location, "keeper", now)
        pausing.pause(s, shelf.point_of(point), now)
    assert ("delayed", "waiting") in messages(told.order.rid)
    assert ("ready", "waiting") not in messages(told.order.rid)
    assert messages(silent.order.rid) == []
    with reading() as s:
        stock = free(s, kit, shelf.TODAY, shelf.TODAY)
    assert propose([shelf.point_of(point)], stock, None, Wish(kit, 1, None, None), now) == ()
    with pytest.raises(PointClosed):
        shelf.ordered(point, kit)
    shelf.filled(point, kit, 3)
    releasing.run(now)
    assert shelf.mine(line.code)[0].status == "backordered"
    with writing() as s:
        stopping.reopen(s, shelf.point_of(point).location, "chief", now)
        pausing.resume(s, shelf.point_of(point), now)
    assert ("ready", "waiting") in messages(told.order.rid)
    assert ("delayed", "waiting") not in messages(told.order.rid)
    assert messages(silent.order.rid) == []
    releasing.run(now)
    assert shelf.mine(line.code)[0].status == "reserved"

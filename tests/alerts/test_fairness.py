"""However many false signals come, from however few networks, a true one is seen and can be taken."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
import time_machine
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from clinic import clock
from clinic.config import settings
from clinic.db import new_rid, writing
from clinic.safety.alerts import answering, fairness, signals, told
from clinic.safety.alerts.models import Alert
from clinic.safety.alerts.told import Told
from tests.alerts.conftest import calls, give, on_duty, staff_id, state, take, turn, untaken
from tests.alerts.test_pages import count, press
from tests.conftest import EVENING
from tests.desk.conftest import PASSWORD, sign_in
from tests.twilio_stand_in import StandIn


@dataclass(frozen=True, slots=True)
class One:
    rid: bytes
    fires_at: datetime
    told: bool
    network: bytes | None


def flood(n: int, networks: Sequence[bytes | None], began_at: datetime) -> None:
    """Signals that call, each with words, one a second."""
    what = Told(where="Абая 12", phone="+77015550199")
    rows = []
    for i in range(n):
        rid, at = new_rid(), began_at + timedelta(seconds=i)
        rows.append(
            {
                "rid": rid, "token_hash": secrets.token_bytes(32), "state": "calling", "fires_at": at, "step": 1,
                "next_at": at + signals.STEP, "told": True, "body": told.seal(what, told.ALERT, rid, at + told.KEPT),
                "taken_as": "", "forget_at": at + told.KEPT, "network": networks[i % len(networks)],
            }
        )  # fmt: skip
    with writing() as s:
        s.execute(insert(Alert), rows)


def true_one(network: bytes, what: Told) -> bytes:
    with writing() as s:
        return signals.find(s, signals.start(s, what, clock.now(), network))


@pytest.mark.parametrize("words", ["", "за рынком"])
def test_behind_thousands_of_false_ones_of_eight_networks_the_true_one_stands_on_the_first_page(
    chain_on: Flask, twilio: StandIn, travel: time_machine.Traveller, words: str
) -> None:
    on_duty()
    flood(2900, [bytes([0, n]) for n in range(8)], clock.now() - timedelta(minutes=50))
    true = true_one(b"\x01\x01", Told(where=words))
    flood(1500, [bytes([0, n]) for n in range(8)], clock.now() + signals.COUNTDOWN)
    travel.shift(signals.COUNTDOWN + timedelta(minutes=26))
    turn()
    assert state(true) == "calling"
    assert true in untaken()
    they = chain_on.test_client()
    sign_in(they, "saule", PASSWORD)
    assert true.hex() in they.get("/staff/alerts").text
    for _ in range(17):  # by voice as well, and soon
        with writing() as s:
            assert answering.take_first(s, staff_id("saule"), "saule", clock.now())
    assert state(true) == "taken"


def test_no_page_of_the_list_is_cut_off(chain: Flask, travel: time_machine.Traveller) -> None:
    on_duty()
    flood(45, [None], clock.now())
    true = true_one(b"\x01\x01", Told())
    travel.shift(timedelta(minutes=1))
    turn()
    pages = [untaken(page=n) for n in (1, 2, 3)]
    assert [len(page) for page in pages] == [20, 20, 6]
    assert len({rid for page in pages for rid in page}) == 46
    assert true in {rid for page in pages for rid in page}
    they = chain.test_client()
    sign_in(they, "saule", PASSWORD)
    assert "Страница 3 из 3" in they.get("/staff/alerts?page=3").text
    for page in ("0", "99", "x", "-1", "9" * 40, "\x00"):
        assert they.get("/staff/alerts", query_string={"page": page}).status_code == 200
    assert take(untaken(page=3)[-1])
    assert "Ваши" in they.get("/staff/alerts?page=2").text  # hers stands on every page


NETWORKS = st.sampled_from([None, b"a", b"b", b"c"])


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans(), NETWORKS), max_size=40))
def test_every_signal_stands_in_the_list_once_and_two_of_each_network_before_a_third(
    drawn: list[tuple[int, bool, bytes | None]],
) -> None:
    waiting = [
        One(n.to_bytes(16, "big"), EVENING + timedelta(seconds=at), told_, network)
        for n, (at, told_, network) in enumerate(drawn)
    ]
    shown = fairness.fair(waiting)
    assert sorted(one.rid for one in shown) == [one.rid for one in waiting]
    of_one: dict[bytes, int] = {}
    rank = 0
    for one in shown:
        if one.network is None:
            assert rank == 0  # one of no network stands for itself
            continue
        of_one[one.network] = of_one.get(one.network, 0) + 1
        row = (of_one[one.network] - 1) // fairness.TOGETHER
        assert row >= rank
        rank = row


def test_beside_the_oldest_stands_the_newest() -> None:
    waiting = [One(bytes([n]), EVENING + timedelta(seconds=n), n % 2 == 0, None) for n in range(6)]
    assert [one.rid[0] for one in fairness.fair(waiting)] == [0, 4, 2, 1, 5, 3]


def test_a_true_one_is_let_in_when_there_are_more_than_anybody_can_look_at(
    chain: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signals, "MOST_OPEN", 3)
    flood(3, [b"\x00\x01"], clock.now())
    with pytest.raises(signals.Overrun):
        true_one(b"\x00\x01", Told())
    true_one(b"\x01\x01", Told())
    with pytest.raises(signals.Overrun):
        give()


def test_nobody_learns_an_address_from_what_is_kept(chain: Flask, travel: time_machine.Traveller) -> None:
    on_duty()
    networks = set()
    for n in range(3):
        press(chain.test_client(use_cookies=False))
        with chain.app_context(), writing() as s:
            networks |= {row.network for row in s.query(Alert)}
        assert count() == n + 1
    assert len(networks) == 1
    (kept,) = networks
    assert kept is not None
    assert len(kept) == 2  # so many others have the same
    travel.shift(signals.COUNTDOWN)
    turn()
    with writing() as s:
        for row in s.query(Alert):
            signals.end(s, row.rid, clock.now())
    with writing() as s:
        assert {row.network for row in s.query(Alert)} == {None}


def test_repeats_to_one_person_become_rarer_and_many_of_one_network_are_no_news(
    chain: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    on_duty()
    began = clock.now()
    moments: list[int] = []
    for n in range(30 * 4):
        if n % 8 == 0:
            true_one(b"\x00\x01", Told(where="x"))  # every two minutes another false one of the same network
        travel.shift(timedelta(seconds=15))
        turn()
        while len(calls(twilio)) > len(moments):
            moments.append(round((clock.now() - began).total_seconds() / 60))
    assert len(moments) <= 7
    gaps = [b - a for a, b in pairwise(moments)]
    assert gaps[-1] > gaps[0]
    before = len(calls(twilio))
    true_one(b"\x01\x01", Told())
    travel.shift(signals.COUNTDOWN)
    turn()
    assert len(calls(twilio)) == before + 1  # what is new is called at once


def test_the_page_never_says_that_nobody_is_on_duty_while_somebody_is(
    chain: Flask, twilio: StandIn, travel: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    on_duty()
    turn()  # the test goes out
    used_up = replace(settings(), duty_daily_cap=1)
    with monkeypatch.context() as patched:
        patched.setattr("clinic.messaging.urgent.settings", lambda: used_up)
        page = chain.test_client().get("/ru/now").text
        assert "Сообщение на телефон того, кто дежурит, сейчас не уйдёт" in page
        assert 'value="start"' in page  # their screen shows it all the same
        assert "никто не дежурит" not in page
    travel.shift(timedelta(minutes=2))  # no worker any more
    page = chain.test_client().get("/ru/now").text
    assert "никто не дежурит" not in page
    assert "Сейчас отсюда никого не позвать" in page
    assert "tel:112" in page

"""Limits count callers without keeping who they are (cases.md 13)."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from time_machine import Traveller

from clinic import clock
from clinic.db import writing
from clinic.directory.catalogue import changed
from clinic.passes import passes
from clinic.privacy import limits
from tests import factories
from tests.conftest import Maker

BEHIND = {"KESHKI_PROXIES": "1", "KESHKI_PROXY_ADDRESSES": "10.0.0.0/24,::1"}
WRONG = {"code": "AAAAA BBBBB CCCCC"}


def tries(client: FlaskClient, count: int, address: str, forwarded: str | None = None) -> list[int]:
    """Wrong codes one after another from one address; the answers' statuses."""
    found = []
    for n in range(count):
        headers = {"X-Forwarded-For": forwarded.replace("*", str(n))} if forwarded else {}
        answer = client.post("/ru/mine", data=WRONG, environ_overrides={"REMOTE_ADDR": address}, headers=headers)
        found.append(answer.status_code)
    return found


def test_case_13_after_too_many_wrong_codes_she_is_asked_to_wait_and_others_are_served(
    app: Flask, evening: Traveller
) -> None:
    client = app.test_client()
    statuses = tries(client, 25, "203.0.113.5")
    assert statuses[:20] == [404] * 20
    assert set(statuses[20:]) == {429}
    assert tries(client, 1, "203.0.113.6") == [404]
    evening.shift(timedelta(minutes=11))


def test_case_13_a_rotating_header_does_not_help_without_a_proxy(app: Flask) -> None:
    assert tries(app.test_client(), 30, "203.0.113.5", "198.51.100.*").count(429) == 10


def test_case_13_behind_a_trusted_proxy_the_caller_counts_and_the_rotated_part_does_not(make_app: Maker) -> None:
    client = make_app("sqlite", BEHIND).test_client()
    assert tries(client, 30, "10.0.0.1", "198.51.100.*, 203.0.113.5").count(429) == 10
    assert tries(client, 1, "10.0.0.1", "1.1.1.1, 203.0.113.99") == [404]


def test_whoever_reaches_the_port_past_the_proxy_is_counted_by_the_connection(make_app: Maker) -> None:
    client = make_app("sqlite", BEHIND).test_client()
    assert tries(client, 30, "203.0.113.5", "198.51.100.*").count(429) == 10
    assert tries(client, 1, "203.0.113.5", "1.1.1.1") == [429]
    assert tries(client, 30, "", "198.51.100.7").count(429) == 10  # a Unix socket is the proxy's
    assert tries(client, 1, "", "198.51.100.8") == [404]


def test_case_13_one_household_has_one_network_of_ipv6_addresses(app: Flask) -> None:
    client = app.test_client()
    statuses = [tries(client, 1, f"2001:db8:1:2::{n:x}")[0] for n in range(25)]
    assert statuses[20:] == [429] * 5
    assert tries(client, 1, "2001:db8:1:3::1") == [404]


@pytest.mark.parametrize(
    ("address", "most"),
    [
        ("2001:db8:1:{0:x}::1", 80),  # a home line of 256 networks
        ("2001:db8:1:{0:x}00::1", 240),  # a small firm of 65,536
        ("203.0.113.{0}", 240),
        ("64:ff9b::203.0.113.{0}", 240),  # IPv4 behind a translator is IPv4
        ("2002:cb00:71{0:02x}::1", 240),
    ],
)
def test_whoever_has_many_addresses_of_one_network_has_not_many_tries(app: Flask, address: str, most: int) -> None:
    client = app.test_client()
    statuses = [tries(client, 2, address.format(n % 256)) for n in range(130)]
    assert sum(status.count(404) for status in statuses) == most


def test_whoever_shares_an_address_with_a_guesser_opens_her_own_code(app: Flask, evening: Traveller) -> None:
    with writing() as s:
        hers = passes.open_pass(s, "ru", "plain", None, clock.today())[1]
    client = app.test_client()
    assert tries(client, 30, "203.0.113.5")[-1] == 429
    here = {"REMOTE_ADDR": "203.0.113.5"}
    for _turn in range(50):  # nor is she counted herself
        assert client.post("/ru/mine", data={"code": hers}, environ_overrides=here).status_code == 200
    refused = client.post("/ru/mine", data=WRONG, environ_overrides=here)
    assert refused.status_code == 429
    assert 540 < int(refused.headers["Retry-After"]) <= 605
    assert re.search("Подождите 1[01] минут и", refused.text)


WRONG_CODES = {
    "/ru/mine": {},
    "/ru/watch": {"act": "open"},
    "/api/v1/appointments/find": None,
    "/api/v1/kit-orders/find": None,
}


@pytest.mark.parametrize("path", WRONG_CODES)
def test_a_wrong_code_counts_wherever_it_is_typed(app: Flask, path: str) -> None:
    client = app.test_client()
    tries(client, 20, "203.0.113.5")
    here = {"REMOTE_ADDR": "203.0.113.5"}
    form = WRONG_CODES[path]
    if form is None:
        answer = client.post(path, json=WRONG, environ_overrides=here)
    else:
        answer = client.post(path, data=WRONG | form, environ_overrides=here)
    assert answer.status_code == 429


def test_an_address_is_the_same_written_as_ipv4_and_mapped_into_ipv6(app: Flask) -> None:
    names = set()
    for address in ("203.0.113.5", "::ffff:203.0.113.5"):
        with app.test_request_context(environ_overrides={"REMOTE_ADDR": address}):
            names.add(limits.who())
    assert len(names) == 1


def test_case_13_no_address_is_kept(app: Flask) -> None:
    tries(app.test_client(), 3, "203.0.113.77")
    kept = repr(vars(limits.limiter.storage))
    assert "keshki" in kept or "LIMITS" in kept
    assert "203.0.113.77" not in kept


def test_the_name_of_a_caller_means_nothing_tomorrow(app: Flask, evening: Traveller) -> None:
    def name() -> str:
        with app.test_request_context(environ_overrides={"REMOTE_ADDR": "203.0.113.5"}):
            return limits.who()

    today = name()
    assert today == name()
    evening.shift(timedelta(days=1))
    assert name() != today


def test_who_tries_link_after_link_finds_no_unlisted_place_and_nobody_is_locked_out(app: Flask) -> None:
    with writing() as s:
        hidden = factories.a_location(s, "Hidden", visibility="unlisted").slug
        known = factories.a_location(s, "Known").slug
        changed(s)
    client = app.test_client()

    def pages(slug: str, address: str = "203.0.113.5") -> list[int]:
        paths = (f"/ru/at/{slug}", f"/at/{slug}", f"/api/v1/locations/{slug}")
        return [client.get(path, environ_overrides={"REMOTE_ADDR": address}).status_code for path in paths]

    assert pages(hidden) == [200] * 3
    for n in range(20):
        assert pages(f"zz{n:03}") == [404] * 3
    assert pages(hidden) == [404] * 3
    assert pages(known) == [200] * 3
    assert pages(hidden, "203.0.113.6") == [200] * 3

"""Passwords are made at random, kept so that nobody can read them, and compared fairly."""

import time

import pytest

from custom_components.mobilize_flex.shell.credentials import matches, new_secret, seal


def test_a_new_secret_is_long_random_and_fit_for_any_url() -> None:
    made = {new_secret() for _ in range(50)}
    assert len(made) == 50
    assert all(len(secret) == 32 and secret.isalnum() and secret.isascii() for secret in made)


def test_a_secret_opens_its_seal_and_no_other() -> None:
    secret = new_secret()
    sealed = seal(secret)
    assert secret not in sealed
    assert matches(secret, sealed)
    assert not matches(secret + " ", sealed)
    assert not matches("", sealed)
    assert not matches(secret, seal(new_secret()))
    assert seal(secret) != sealed


def test_what_an_owner_chose_may_be_any_text() -> None:
    sealed = seal("Zürich ☀ 2026")
    assert matches("Zürich ☀ 2026", sealed)
    assert not matches("Zurich ☀ 2026", sealed)


@pytest.mark.parametrize(
    "sealed",
    [
        "",
        "plain",
        "scrypt$13$8$1$?$?",
        "md5$1$1$1$AA==$AA==",
        "scrypt$40$8$1$AA==$AA==",
        "scrypt$x$8$1$AA==$AA==",
        "scrypt$0$0$0$AA==$AA==",
        "scrypt$-1$8$1$AA==$AA==",
        "scrypt$13$8$1$AA==",
        "scrypt$99999999$8$1$AA==$AA==",
    ],
)
def test_a_broken_seal_opens_to_nobody(sealed: str) -> None:
    assert not matches("anything", sealed)


def test_a_station_that_comes_back_costs_nothing() -> None:
    secret = new_secret()
    sealed = seal(secret)
    matches(secret, sealed)
    begun = time.perf_counter()
    for _ in range(100):
        assert matches(secret, sealed)
    assert time.perf_counter() - begun < 0.1
    assert not matches("x", sealed)

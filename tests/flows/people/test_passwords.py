import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher

from flows.people import passwords

PASSWORD = "four words put together"


def test_a_password_is_checked_against_what_was_kept() -> None:
    kept = passwords.hash_password(PASSWORD)
    assert passwords.is_right(PASSWORD, kept)
    assert not passwords.is_right(PASSWORD + " ", kept)
    assert not passwords.is_right(PASSWORD, "$argon2id$broken")


def test_nobodys_password_is_never_right() -> None:
    assert not passwords.is_right("nobody has this password", None)


def test_it_costs_as_much_as_is_recommended_and_the_same_where_there_is_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher())
    kept = passwords.hash_password(PASSWORD)
    assert "m=65536,t=3" in kept
    passwords._nobodys.cache_clear()
    passwords._nobodys()
    began_at = time.process_time()
    passwords.is_right("wrong", kept)
    middle = time.process_time()
    passwords.is_right("wrong", None)
    of_somebody, of_nobody = middle - began_at, time.process_time() - middle
    assert 0.2 < of_somebody / of_nobody < 5
    passwords._nobodys.cache_clear()


def test_a_hundred_passwords_at_once_take_the_memory_of_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = passwords.hash_password(PASSWORD)
    at_once = Counter[str]()
    most: list[int] = []
    verify = PasswordHasher.verify

    def counted(hasher: PasswordHasher, *given: str) -> bool:
        at_once["checked"] += 1
        most.append(at_once["checked"])
        try:
            time.sleep(0.02)  # as long as it takes by the real costs
            return verify(hasher, *given)
        finally:
            at_once["checked"] -= 1

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    with ThreadPoolExecutor(20) as pool:
        right = list(pool.map(lambda number: passwords.is_right(PASSWORD + "!" * (number % 2), kept), range(20)))
    assert right == [True, False] * 10
    assert max(most) <= 4

"""Damage a file as disks, mails and people do: bytes flipped, cut off, lost, doubled, and the wrong name."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.mutants.originals import Original

_SUFFIXES = (".xlsx", ".xls", ".ods", ".csv", ".json", ".xml", ".txt", ".pdf", "")
_MAX_RUN = 64


@dataclass(frozen=True)
class Mutant:
    """A damaged file, and in how many places it was damaged."""

    number: int
    original: Original
    kind: str
    touches: int
    suffix: str
    content: bytes


def make_mutant(seed: int, number: int, originals: list[Original]) -> Mutant:
    """Return the mutant of this number: the same one for the same seed, whatever came before."""
    random = Random(f"{seed}:{number}")  # noqa: S311 - repeatable, not a secret
    original = random.choice(originals)
    kind = random.choice(list(_KINDS))
    content, touches = _KINDS[kind](random, original.content)
    suffix = random.choice(_SUFFIXES) if kind == "wrong name" or random.random() < 0.2 else original.suffix
    return Mutant(number, original, kind, touches, suffix, content)


def _flip(random: Random, content: bytes) -> tuple[bytes, int]:
    touches = random.choice((1, 1, 1, 2, 4))
    changed = bytearray(content)
    for _ in range(touches):
        changed[random.randrange(len(changed))] ^= random.randrange(1, 256)
    return bytes(changed), touches


def _flip_bit(random: Random, content: bytes) -> tuple[bytes, int]:
    changed = bytearray(content)
    changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed), 1


def _cut_off(random: Random, content: bytes) -> tuple[bytes, int]:
    return content[: random.randrange(len(content))], 1


def _lose(random: Random, content: bytes) -> tuple[bytes, int]:
    start = random.randrange(len(content))
    return content[:start] + content[start + random.randint(1, _MAX_RUN) :], 2


def _double(random: Random, content: bytes) -> tuple[bytes, int]:
    start = random.randrange(len(content))
    return content[:start] + content[start : start + _MAX_RUN] + content[start:], 2


def _blank(random: Random, content: bytes) -> tuple[bytes, int]:
    start, length = random.randrange(len(content)), random.choice((1, 8, 512))
    return content[:start] + bytes(len(content[start : start + length])) + content[start + length :], 2


def _insert(random: Random, content: bytes) -> tuple[bytes, int]:
    start = random.randrange(len(content))
    return content[:start] + random.randbytes(random.randint(1, 8)) + content[start:], 2


def _keep(_random: Random, content: bytes) -> tuple[bytes, int]:
    return content, 0


_KINDS: dict[str, Callable[[Random, bytes], tuple[bytes, int]]] = {
    "bytes flipped": _flip,
    "a bit flipped": _flip_bit,
    "cut off": _cut_off,
    "a run lost": _lose,
    "a run doubled": _double,
    "a run of zeros": _blank,
    "noise inserted": _insert,
    "wrong name": _keep,
}

"""What lies at an address, and what of it is whole."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from flows.intake.growing import Look, Watch, find_growing
from flows.intake.remote_inbox.address import STORES, Address, why_not, without_secrets
from flows.intake.unfinished import is_passed_over
from flows.runtime.errors import CouldNotRun
from flows.runtime.visible import storable
from transforms.destinations import NotRead


@dataclass(frozen=True)
class RemoteFile:
    """A file that was fetched: where it lies here, and the folders that it lies in there, the outermost first."""

    path: Path
    folders: tuple[str, ...]


@dataclass
class Fetched:
    """What an address held."""

    files: list[RemoteFile] = field(default_factory=list)
    not_read: list[NotRead] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    is_there: bool = False  # there is something, or a folder that may be empty


def listed_at(address: Address, fetched: Fetched, url: str, *, was_seen: bool) -> dict[str, Mapping[str, Any]]:
    """Return what lies there, by name; `CouldNotRun` where the bucket or the folder does not."""
    if urlsplit(url).scheme in STORES:
        listed = _list_store(address)
        fetched.is_there = bool(listed)
        if not listed and not was_seen:
            raise CouldNotRun(
                f"There is nothing under {without_secrets(url)}, and no night has seen anything there: is it misspelt? "
                "Where it is meant to be empty, put an empty object there whose name ends in a slash."
            )
        return {name: info for name, info in listed.items() if not name.endswith("/")}
    if not address.system.isdir(address.root):
        raise CouldNotRun(f"There is no folder {without_secrets(url)}. Make it, or mend inbox.url.")
    fetched.is_there = True
    listed = {}
    _list_folder(address, fetched, address.root, listed)
    return listed


def _list_store(address: Address) -> dict[str, Mapping[str, Any]]:
    bucket = address.root.partition("/")[0]
    listed: dict[str, Mapping[str, Any]] = {}
    with suppress(FileNotFoundError):
        listed = dict(address.system.find(address.root, detail=True, withdirs=False))
    # Of some stores nothing is found in a bucket that is not there; asked for itself, it says so.
    if not listed and not address.system.exists(bucket):
        raise CouldNotRun(f"There is no bucket {bucket}, or none that may be looked into.")
    return listed


def _list_folder(address: Address, fetched: Fetched, folder: str, listed: dict[str, Mapping[str, Any]]) -> None:
    for info in sorted(address.system.ls(folder, detail=True), key=lambda one: str(one["name"])):
        name = str(info["name"])
        if is_passed_over(PurePosixPath(name).name):
            fetched.passed_over.append(name_below(address, name))
        elif info["type"] == "directory":
            try:
                _list_folder(address, fetched, name, listed)
            except OSError as error:
                fetched.not_read.append(
                    NotRead(name_below(address, name), f"the folder cannot be looked into: {why_not(error)}.")
                )
        else:
            listed[name] = info


def name_below(address: Address, name: str) -> str:
    """Return a name as it stands below the inbox."""
    return storable(name.removeprefix(address.root).lstrip("/")) or name


def companions(name: str, suffix: str) -> tuple[str, str]:
    """Return the names that say that a file is whole: with the suffix added, or in the place of its own."""
    whole = PurePosixPath(name)
    return f"{name}{suffix}", f"{name.removesuffix(whole.suffix)}{suffix}"


def with_companions(
    address: Address, fetched: Fetched, listed: Mapping[str, Mapping[str, Any]], suffix: str
) -> list[str]:
    """Return the names of what has a companion; what has none is noted."""
    names = []
    for name in listed:
        if name.endswith(suffix):
            continue
        if any(companion in listed for companion in companions(name, suffix)):
            names.append(name)
        else:
            below = name_below(address, name)
            why = f"it has no {PurePosixPath(name).name}{suffix} beside it yet, so it may be unfinished."
            fetched.not_read.append(NotRead(below, why))
    return names


def that_do_not_grow(
    address: Address,
    fetched: Fetched,
    url: str,
    listed: Mapping[str, Mapping[str, Any]],
    quiet_seconds: float,
    watch: Watch,
) -> list[str]:
    """Return the names of what does not grow; an object of a store comes whole or not at all."""
    if urlsplit(url).scheme in STORES:
        return list(listed)

    def look_again(name: str) -> Look:
        return _look_of(address.system.info(name))

    looks = {name: _look_of(info) for name, info in listed.items()}
    growing = find_growing(looks, look_again, quiet_seconds, watch)
    for name in growing:
        why = "it is still being written: it is taken by the next night, once it is whole."
        fetched.not_read.append(NotRead(name_below(address, name), why))
    return [name for name in listed if name not in growing]


def _look_of(info: Mapping[str, Any]) -> Look:
    changed_at = _changed_at(info)
    return Look(mark=(info.get("size"), changed_at), changed_at=changed_at)


def _changed_at(info: Mapping[str, Any]) -> float | None:
    changed = info.get("mtime")
    if isinstance(changed, datetime):
        return changed.timestamp()
    return float(changed) if isinstance(changed, int | float) else None

"""Read what a browser sends, with a limit that holds while it still streams in."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Message, Receive

MEGABYTE = 1024 * 1024
_MOST_FIELDS = 2_000
_MOST_SECONDS = 600  # until a sheet has to be here, over a slow line too


class TooLarge(Exception):  # noqa: N818 - it says what the body is
    """More came than is taken; what came is dropped."""


class NotWhole(Exception):  # noqa: N818 - it says what the body is
    """The browser sent no form, or only half of one."""


@dataclass(frozen=True)
class Form:
    """The fields of a form, and the file that came with it, if one did."""

    fields: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    file: UploadFile | None = None

    def close(self) -> None:
        """Let go of the file that came with it."""
        if self.file is not None:
            self.file.file.close()

    def get(self, name: str) -> str:
        """Return the field's text, "" where there is none."""
        return self.fields.get(name, "")


async def read_form(request: Request, most_bytes: int) -> Form:
    """Return the form; `TooLarge` as soon as more than so many bytes have come, whatever the header said."""
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length) > most_bytes:
        raise TooLarge
    limited = Request(request.scope, _limited(request.receive, most_bytes))
    try:
        async with asyncio.timeout(_MOST_SECONDS):
            sent = await limited.form(max_files=1, max_fields=_MOST_FIELDS, max_part_size=most_bytes)
    except (MultiPartException, HTTPException, TimeoutError, UnicodeDecodeError):
        raise NotWhole from None
    return _form(sent)


def _limited(receive: Receive, most_bytes: int) -> Receive:
    came = 0

    async def counting() -> Message:
        nonlocal came
        message = await receive()
        came += len(message.get("body", b""))
        if came > most_bytes:
            raise TooLarge
        return message

    return counting


def _form(sent: FormData) -> Form:
    fields: dict[str, str] = {}
    lists: dict[str, list[str]] = {}
    files: list[UploadFile] = []
    for name, value in sent.multi_items():
        if isinstance(value, UploadFile):
            files.append(value)
            continue
        # Of a field that came twice the last one counts; boxes that are ticked all have one name.
        fields[name] = value
        lists.setdefault(name, []).append(value)
    return Form(
        fields=fields,
        lists={name: tuple(values) for name, values in lists.items()},
        file=files[0] if files else None,
    )

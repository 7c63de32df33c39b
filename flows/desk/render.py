"""Make pages: every value is escaped as it is put in, and a template that asks for what is not there is an error."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from flows.desk.words import money, on_a_page, points_told
from flows.reports.page.page import STYLE as REPORT_STYLE
from flows.runtime.visible import visible

_TEMPLATES = Path(__file__).with_name("templates")
# Control characters but those that end lines or columns, and the signs for the direction of writing.
_TURNS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_OWN_STYLE = Path(__file__).with_name("desk.css")
_SCRIPT = Path(__file__).with_name("desk.js")


def page(template: str, status: int, /, **values: Any) -> HTMLResponse:
    """Return the page of a template."""
    return HTMLResponse(_environment().get_template(f"{template}.html.jinja").render(**values), status)


@cache
def style_sheet() -> str:
    """Return how pages look: as the page of a report does, and what is the desk's own."""
    return REPORT_STYLE.read_text(encoding="utf-8") + _OWN_STYLE.read_text(encoding="utf-8")


@cache
def script() -> str:
    """Return what pages do better with."""
    return _SCRIPT.read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        finalize=_on_a_page,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., str]] = {
        "kept": _kept,
        "number": _number,
        "said": _said,
        "seen": lambda text: visible(str(text)),
        "money": money,
        "on_a_page": on_a_page,
        "points": points_told,
    }
    environment.filters.update(filters)
    return environment


def _on_a_page(value: Any) -> Any:
    """Write out what would turn text round or move a cursor, whatever is put into a page; lines stay lines."""
    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return value
    return _TURNS.sub(lambda found: visible(found.group()), value)


def _kept(value: Any) -> Markup:
    """Put a value into a form as it is, to the letter: it comes back from there."""
    return escape(value)


def _said(text: str) -> str:
    """Show what a person wrote, in one line: none of its signs turns round what stands beside it."""
    return " ".join(visible(line) for line in text.splitlines())


def _number(count: int) -> str:
    return f"{count:,}"

"""Make pages: every value is escaped as it is put in, and a template that asks for what is not there is an error."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from flows.desk.words import money, on_a_page, points_told
from flows.reports.page.page import STYLE as REPORT_STYLE
from flows.runtime.visible import visible

_TEMPLATES = Path(__file__).with_name("templates")
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
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., str]] = {
        "number": _number,
        "said": _said,
        "seen": lambda text: visible(str(text)),
        "money": money,
        "on_a_page": on_a_page,
        "points": points_told,
    }
    environment.filters.update(filters)
    return environment


def _said(text: str) -> str:
    """Show what a person wrote, in one line: none of its signs turns round what stands beside it."""
    return " ".join(visible(line) for line in text.splitlines())


def _number(count: int) -> str:
    return f"{count:,}"

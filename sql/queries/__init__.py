"""Named queries: each ``.sql`` file holds blocks that start with ``-- name: <query>``, followed by its purpose.

What several of them say alike is a block that starts with ``-- part: <name>``, and stands in them as ``{<name>}``. A
view would not do where a part is about one row of its query: databases work a recursive view out for all rows first.

Names carry types: a parameter or result column that the tables know as a time, a date or a flag, or that is called like
one (``_at``, ``_on``; ``is_``, ``was_``, ``has_``, ``goes_``), is bound and returned as one, on SQLite and PostgreSQL
alike.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Date, TextClause, TextualSelect, bindparam, text
from sqlalchemy.types import TypeEngine

from sql.tables import UtcDateTime, metadata

_FOLDER = Path(__file__).parent
_BLOCK = re.compile(r"^-- (name|part): (\w+)$", re.MULTILINE)
_PART = re.compile(r"\{(\w+)\}")
_FLAG = ("is_", "was_", "has_", "goes_")
_ALIAS = re.compile(r"\bAS (\w+_(?:at|on)|(?:is|was|has|goes)_\w+)\b")
_PARAMETER = re.compile(r"(?<!:):(\w+)")
_TYPED = {
    column.name: column.type
    for table in metadata.sorted_tables
    for column in table.columns
    if isinstance(column.type, UtcDateTime | Date | Boolean)
}


@cache
def query(name: str, suffix: str = "") -> TextClause:
    """Return the named query, with what one dialect needs at its end; KeyError where no file has it."""
    sql = f"{_all_queries()[name]} {suffix}"
    clause = text(sql)
    for parameter in sorted(set(_PARAMETER.findall(sql))):
        type_ = _type_of(parameter)
        if type_ is not None:
            clause = clause.bindparams(bindparam(parameter, type_=type_))
    return clause


@cache
def rows_query(name: str, suffix: str = "", *, among: str = "") -> TextualSelect:
    """Return the named query with its result columns typed, for queries that return rows.

    What a query names anew is typed by that name: without it SQLite would give a time back as the text that it keeps,
    and PostgreSQL as a time, so that only the default database would fail. ``among`` names a parameter that stands for
    several values (``IN :ids``).
    """
    types: dict[str, TypeEngine[Any]] = dict(_TYPED)
    for alias in _ALIAS.findall(_all_queries()[name]):
        types[alias] = _type_of(alias) or types[alias]
    statement = query(name, suffix)
    if among:
        statement = statement.bindparams(bindparam(among, expanding=True))
    return statement.columns(**types)


def _type_of(parameter: str) -> TypeEngine[Any] | None:
    known = _TYPED.get(parameter)
    if known is not None:
        return known
    if parameter.endswith("_at") or parameter == "now":
        return UtcDateTime()
    if parameter.endswith("_on"):
        return Date()
    return Boolean() if parameter.startswith(_FLAG) else None


@cache
def _all_queries() -> dict[str, str]:
    names: dict[str, str] = {}
    parts: dict[str, str] = {}
    of_kind = {"name": names, "part": parts}
    for path in sorted(_FOLDER.glob("*.sql")):
        # What stands before the first block, then of each its kind, its name and its text in turn.
        _, *blocks = _BLOCK.split(path.read_text(encoding="utf-8"))
        for kind, name, sql in zip(blocks[0::3], blocks[1::3], blocks[2::3], strict=True):
            known = of_kind[kind]
            # The later one would answer in the other's place, with the parameters of the other.
            if name in known:
                raise ValueError(f"{path.name} names {name} a second time.")
            known[name] = sql.strip()
    return {name: _whole(sql, parts) for name, sql in names.items()}


def _whole(sql: str, parts: Mapping[str, str]) -> str:
    """Return a query with its parts in their places; a part may have parts of its own."""
    return _PART.sub(lambda named: _whole(parts[named[1]], parts), sql)

"""Give the formulas of a saved copy the values that they had: openpyxl writes formulas without.

Without them a copy that is sent again before a spreadsheet program has opened it would hold formulas that say nothing.
"""

import re
import zipfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from flows.readers.archive import unpack
from flows.readers.ooxml import sheet_parts
from flows.runtime.whole_file import written_whole

# A cell with a formula, as the original has it however written, and as openpyxl writes it.
_CELL = re.compile(rb"<(?:\w+:)?c\s([^>]*[^/>])>(.*?)</(?:\w+:)?c>", re.DOTALL)
_PLACE = re.compile(rb"""\br\s*=\s*["']([A-Z]+[0-9]+)["']""")
_KIND = re.compile(rb"""\bt\s*=\s*["'](\w+)["']""")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_VALUE = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>([^<]+)</(?:\w+:)?v>")
_WRITTEN = re.compile(rb'<c r="([A-Z]+[0-9]+)"([^>]*)>(<f(?:\s[^>]*)?(?:/>|>[^<]*</f>))<v\s*(?:/>|></v>)</c>')


def keep_stored_values(original: Path, copy: Path) -> None:
    """Write the stored values of the original's formulas into the copy, where it has the same cells as formulas."""
    parts = unpack(original)
    stored = {name: found for name, part in sheet_parts(parts).items() if (found := _stored(parts[part]))}
    if not stored:
        return
    copied = unpack(copy)
    changed = {}
    for name, part in sheet_parts(copied).items():
        if name in stored:
            fill = partial(_filled, stored=stored[name])
            changed[part] = _WRITTEN.sub(fill, copied[part])
    _rewrite(copy, changed)


def _stored(sheet: bytes) -> dict[bytes, tuple[bytes, bytes]]:
    """Return kind and value of every formula that has one, by its place."""
    if b"<f" not in sheet and b":f" not in sheet:
        return {}
    found = {}
    for attributes, content in _CELL.findall(sheet):
        place = _PLACE.search(attributes)
        value = _VALUE.search(content)
        if place and value and _FORMULA.search(content):
            kind = _KIND.search(attributes)
            # A cell that does not say what it holds, holds a number.
            found[place[1]] = (kind[1] if kind else b"n", value[1])
    return found


def _filled(cell: re.Match[bytes], stored: Mapping[bytes, tuple[bytes, bytes]]) -> bytes:
    place, attributes, formula = cell.groups()
    if place not in stored:
        return cell[0]
    kind, value = stored[place]
    attributes = _KIND.sub(b"", attributes)
    if kind != b"n":
        attributes += b' t="%b"' % kind
    return b'<c r="%b"%b>%b<v>%b</v></c>' % (place, attributes, formula, value)


def _rewrite(path: Path, changed: Mapping[str, bytes]) -> None:
    # Beside the copy and then in its place, so that a run that is ended here leaves no half of a workbook.
    with (
        written_whole(path) as draft,
        zipfile.ZipFile(path) as old,
        zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            content = changed.get(entry.filename)
            if content is None:
                content = old.read(entry)
            new.writestr(entry, content)

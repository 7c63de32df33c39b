"""Say what of a person's workbook the saved copy does not have any more, by comparing the parts of both."""

import re
import zipfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

# Where a workbook keeps what a person would miss. Charts and pictures are kept mostly, the others seldom.
_KINDS: Mapping[str, str] = {
    "xl/media/": "pictures",
    "xl/charts/": "charts",
    "xl/chartex/": "charts",
    "xl/pivottables/": "pivot tables",
    "xl/slicers/": "slicers",
    "xl/timelines/": "timelines",
    "xl/ctrlprops/": "form controls",
    "xl/activex/": "form controls",
    "xl/embeddings/": "embedded files",
    "xl/threadedcomments/": "threads of comments",
    "xl/externallinks/": "links to other workbooks",
    "xl/querytables/": "queries",
    "xl/connections.xml": "connections",
    "xl/model/": "data models",
}
_SHAPE = re.compile(rb"<(?:\w+:)?(?:sp|grpSp|cxnSp)[ >]")
_CHART = re.compile(r"xl/charts/chart\w*\.xml")


def lost_parts(before: Path, after: Path) -> list[str]:
    """Return a line that names what is gone, with counts; none where nothing is."""
    had, has = _count(before), _count(after)
    gone = [f"{kind} ({had[kind] - has[kind]:,})" for kind in sorted(had) if had[kind] > has[kind]]
    return [f"The copy is without the workbook's {', '.join(gone)}; your own file has them still."] if gone else []


def _count(path: Path) -> Counter[str]:
    found: Counter[str] = Counter()
    with zipfile.ZipFile(path) as archive:
        for name in (part.filename.lower() for part in archive.infolist()):
            if not name.endswith(".rels") and (not name.startswith("xl/charts/") or _CHART.fullmatch(name)):
                found.update(kind for folder, kind in _KINDS.items() if name.startswith(folder))
        for part in archive.infolist():
            if part.filename.lower().startswith("xl/drawings/drawing"):
                found["shapes and text boxes"] += len(_SHAPE.findall(archive.read(part)))
    return found

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
    # Taking one counter from another leaves what the first has more of.
    lost = _count(before) - _count(after)
    if not lost:
        return []
    gone = ", ".join(f"{kind} ({count:,})" for kind, count in sorted(lost.items()))
    return [f"The copy is without the workbook's {gone}; your own file has them still."]


def _count(path: Path) -> Counter[str]:
    found: Counter[str] = Counter()
    with zipfile.ZipFile(path) as archive:
        for part in archive.infolist():
            name = part.filename.lower()
            found.update(_kinds_of_part(name))
            # Shapes have no parts of their own: a drawing holds them with the frames of pictures and charts.
            if name.startswith("xl/drawings/drawing"):
                found["shapes and text boxes"] += len(_SHAPE.findall(archive.read(part)))
    return found


def _kinds_of_part(name: str) -> list[str]:
    if name.endswith(".rels"):
        return []
    # Beside a chart lie its style and its colors, which nobody would count as charts.
    if name.startswith("xl/charts/") and not _CHART.fullmatch(name):
        return []
    return [kind for folder, kind in _KINDS.items() if name.startswith(folder)]

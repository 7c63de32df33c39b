"""Write each table of a report as a CSV file: the summaries, and the lines behind them."""

from pathlib import Path

from flows.reports.document import Document
from flows.reports.workbook.detail import detail_path, write_detail


def write_section_files(document: Document, folder: Path) -> list[Path]:
    """Write a file for each table that has lines, named by what the report is known by and its title; return them.

    In the order of the report. Raises OSError where the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    named = folder / f"{document.run_id}.csv"
    written = []
    for block in (*document.sections, *document.tables):
        if len(block.frame):
            path = detail_path(named, block.name)
            written.append(write_detail(block, path, document.timezone))
    return written

"""Write what is kept beside a report where somebody asks for it: two pages as PDF, and a CSV file for each table."""

from pathlib import Path

from flows.reports.document import Document
from flows.runtime.errors import CouldNotRun, said_of


def write_binder(document: Document, pdf: Path | None, csv: Path | None) -> list[str]:
    """Write the PDF and the files of the tables, those that are asked for, and return the lines that say where.

    `CouldNotRun` where a folder cannot be written.
    """
    try:
        return [*_pages(document, pdf), *_files(document, csv)]
    except OSError as error:
        raise CouldNotRun(f"This cannot be written: {said_of(error)}") from None


def _pages(document: Document, pdf: Path | None) -> list[str]:
    if pdf is None:
        return []
    # It takes a third of a second to load, and nights do not need it.
    from flows.reports.binder.paper import paper_of
    from flows.reports.binder.pdf import write_pdf

    pdf.parent.mkdir(parents=True, exist_ok=True)
    return [f"pdf: {write_pdf(paper_of(document), pdf)}"]


def _files(document: Document, folder: Path | None) -> list[str]:
    if folder is None:
        return []
    from flows.reports.binder.section_files import write_section_files

    return [f"tables: {len(write_section_files(document, folder)):,} files in {folder}"]

"""Where files lie that sent nothing, and what lies beside them; by settings, since several rooms look there."""

from pathlib import Path

from flows.settings.sections import Settings

_REASON = ".reason.txt"
_MARKED = ".marked.xlsx"


def rejected_folder(settings: Settings) -> Path:
    """Return the folder of files that were wrong as a whole."""
    return settings.root / "rejected"


def not_sent_folder(settings: Settings) -> Path:
    """Return the folder of marked copies of files that nobody agreed to send.

    Not among the reports: what lies there says that something was sent, and an empty ledger beside it is refused.
    """
    return settings.root / "not-sent"


def reason_of(rejected: Path) -> Path:
    """Return the text that says why a file was set aside."""
    return rejected.with_name(f"{rejected.name}{_REASON}")


def marked_copy_of(rejected: Path) -> Path:
    """Return the workbook with the reason at its place, where one could be written."""
    return rejected.with_name(f"{rejected.stem}{_MARKED}")


def rejected_files(settings: Settings) -> list[Path]:
    """Return the files that were set aside: those with a reason beside them, whether still there or not."""
    reasons = sorted(rejected_folder(settings).glob(f"**/*{_REASON}"))
    return [reason.with_name(reason.name.removesuffix(_REASON)) for reason in reasons]

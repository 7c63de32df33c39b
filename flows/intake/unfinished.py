"""Names that say that a file is none to read: half of one, a lock, or what a system leaves in every folder."""

# What browsers, mail programs, clients of FTP and editors call a file before it is whole.
_UNFINISHED = (
    ".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".opdownload", ".filepart", ".swp", ".swx", "~",
)  # fmt: skip
_OF_A_SYSTEM = {"thumbs.db", "ehthumbs.db", "desktop.ini", "@eadir", "$recycle.bin", "system volume information"}


def is_passed_over(name: str) -> bool:
    """Tell hidden files, locks of spreadsheet programs, unfinished files, and what systems put into folders.

    >>> [is_passed_over(name) for name in ("march.csv", "march.csv.PART", "~$march.xlsx", ".~lock.march.ods#")]
    [False, True, True, True]
    """
    small = name.lower()
    return name.startswith((".", "~$")) or small.endswith(_UNFINISHED) or small in _OF_A_SYSTEM

"""Letters of a text file whose encoding is only guessed: which ones it may be, and the question where it matters.

What is neither UTF-8 nor UTF-16 says nothing of its encoding. It is read byte by byte as Windows-1252 (`WESTERN`),
which loses nothing, and reads ids and numbers right in every encoding: only letters with accents, or of other
alphabets, differ. Where such letters would be sent, a person says once for a layout how they read right.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from transforms.sheets.headings import Table
from transforms.sheets.questions import About, Question, about_table, of_sheet
from transforms.sheets.sheet import FileError, Place
from transforms.vocabulary import Code

ENCODING = "encoding"  # the entry of a layout
# A letter for every byte: those that Windows-1252 leaves out stand for themselves, as browsers have it.
WESTERN = "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(256))
_BYTE_OF = {letter: byte for byte, letter in enumerate(WESTERN)}
_NOT_ASCII = r"[^\x00-\x7f]"
# Beyond ASCII, but for blanks, quotation marks, dashes and signs, which programs of the West put around good ids.
_LETTERS = "[\x81-\x9fŠŒŽšœžŸƒ‚„†‡ˆ‰‹›˜À-ÿ]"
_SENT = ("client_id", "reward_id", "payout_id", "description")

# The answer -> Python's name of it, and its name for a person; the likely ones first.
ENCODINGS: Mapping[str, tuple[str, str]] = {
    "windows-1252": ("cp1252", "Western European (Windows)"),
    "mac-roman": ("mac_roman", "Western European (Mac)"),
    "cp850": ("cp850", "Western European (DOS)"),
    "windows-1250": ("cp1250", "Central European (Windows)"),
    "windows-1251": ("cp1251", "Cyrillic (Windows)"),
    "windows-1253": ("cp1253", "Greek (Windows)"),
    "windows-1254": ("cp1254", "Turkish (Windows)"),
    "windows-1255": ("cp1255", "Hebrew (Windows)"),
    "windows-1256": ("cp1256", "Arabic (Windows)"),
    "shift-jis": ("cp932", "Japanese (Shift-JIS)"),
    "gb18030": ("gb18030", "Chinese, simplified (GB 18030)"),
    "big5": ("cp950", "Chinese, traditional (Big5)"),
    "euc-kr": ("cp949", "Korean (EUC-KR)"),
}


@dataclass(frozen=True)
class Doubtful:
    """Texts of one table that would be sent, and whose letters are only guessed; the first stands for all."""

    about: About
    row: int
    text: str
    count: int


def as_answered(table: Table) -> Table:
    """Return the table with its letters as a person said that they are encoded, where the file does not say it."""
    sheet = table.sheet
    answer = None if table.layout is None else table.layout.encoding
    if not sheet.is_encoding_guessed or answer is None:
        return table
    decoded = {column: _decoded(sheet.cells[column], answer) for column in sheet.cells.columns}
    cells = pd.DataFrame(decoded, index=sheet.cells.index)
    return replace(table, sheet=replace(sheet, cells=cells))


def _decoded(texts: pd.Series, answer: str) -> pd.Series:
    is_odd = texts.str.contains(_NOT_ASCII, regex=True, na=False)
    if not is_odd.any():
        return texts
    codec, words = ENCODINGS[answer]
    read: dict[int, str] = {}
    for label, text in texts[is_odd].items():
        row = int(str(label))
        letters = _letters(text, codec)
        if letters is None:
            raise FileError(
                Code.FILE_UNREADABLE,
                f"row {row}: what stands there is not {words}, as was answered of sheets like this one. Save the file "
                f"as CSV UTF-8 and send that, or mend {ENCODING} in layouts.toml.",
                Place(row=row),
            )
        read[row] = letters
    of_all_rows = pd.Series(read).reindex(texts.index)
    decoded: pd.Series = texts.where(~is_odd, of_all_rows).astype("str")
    return decoded


def _letters(text: str, codec: str) -> str | None:
    try:
        return bytes(_BYTE_OF[letter] for letter in text).decode(codec)
    except (UnicodeDecodeError, KeyError):
        return None


def find_doubtful(table: Table, rows: pd.Index) -> Iterator[Doubtful]:
    """Give the first text that would be sent and whose letters are guessed, with the count of such texts."""
    is_answered = table.layout is not None and table.layout.encoding is not None
    if not table.sheet.is_encoding_guessed or is_answered:
        return
    sent = [table.columns[field] for field in _SENT if field in table.columns]
    cells = table.sheet.cells.loc[rows, sent]
    doubtful: list[pd.Series] = []
    for column in sent:
        has_letters = cells[column].str.contains(_LETTERS, regex=True, na=False)
        if has_letters.any():
            doubtful.append(cells.loc[has_letters, column])
    if not doubtful:
        return
    first = doubtful[0]
    heading = table.headings[int(str(first.name))]
    count = sum(len(texts) for texts in doubtful)
    yield Doubtful(about_table(table, heading), int(first.index[0]), str(first.iloc[0]), count)


def encoding_questions(found: Iterable[Doubtful]) -> Iterator[Question]:
    """Ask once for equal headings how the letters are to be read, with the first text in each way that it may be."""
    asked: set[tuple[str, ...]] = set()
    for doubtful in found:
        about = doubtful.about
        if about.headings in asked:
            continue
        asked.add(about.headings)
        choices = _choices(doubtful.text)
        yield Question(
            message=(
                f"{of_sheet(about.sheet)}{about.column}, row {doubtful.row}: the file does not say how its letters are "
                f"written, and {doubtful.count:,} texts that would be sent have letters with accents or of another "
                "alphabet. Which of these reads right? If none does, save the file as CSV UTF-8 and send that."
            ),
            choices=choices,
            entries={answer: {ENCODING: answer} for answer in choices},
            about=replace(about, row=doubtful.row),
        )


def _choices(text: str) -> dict[str, str]:
    """Return the encodings that the text can be read in, each with what it then is; those that read alike are one."""
    answer_of: dict[str, str] = {}
    for answer, (codec, _) in ENCODINGS.items():
        letters = _letters(text, codec)
        # What nobody can see is no name that anybody has written.
        if letters is not None and letters.isprintable():
            answer_of.setdefault(letters, answer)
    return {answer: f"{ENCODINGS[answer][1]}: {letters}" for letters, answer in answer_of.items()}

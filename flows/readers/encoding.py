"""Tell the encoding of a text file: UTF-8 with or without a byte order mark, UTF-16, else Windows-1252.

Windows-1252 reads nearly any bytes, so it is the last choice and is said in a note. Delimited text is then read byte by
byte, so that the letters can be had in another encoding once somebody has said which (`transforms.sheets.encodings`).
"""

import codecs
import re
from pathlib import Path
from typing import Any

from transforms.sheets.encodings import WESTERN as LETTERS
from transforms.sheets.sheet import FileError
from transforms.vocabulary import Code

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_FEW = 0.02  # control characters slip into exports; in a binary file they are everywhere
_BLOCK = 2**20
_UTF8_LETTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_RARE = 8  # in Windows-1252 far fewer of the signs beyond ASCII look like letters of UTF-8
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
WESTERN = "cp1252"
ANY_BYTES = "tieout-western"  # Windows-1252 that reads every byte, so that the bytes can be had back from the letters


def _find_codec(name: str) -> codecs.CodecInfo | None:
    if name.replace("_", "-") != ANY_BYTES:
        return None
    return codecs.CodecInfo(
        encode=lambda text, errors="strict": codecs.charmap_encode(text, errors, _BYTE_OF),
        decode=lambda content, errors="strict": codecs.charmap_decode(content, errors, LETTERS),
        incrementaldecoder=_Decoder,
        name=ANY_BYTES,
    )


class _Decoder(codecs.IncrementalDecoder):
    """Decodes block by block, each byte by itself."""

    def decode(
        self,
        content: Any,
        final: bool = False,  # noqa: ARG002 - as codecs asks
    ) -> str:
        """Return the letters of the bytes."""
        return codecs.charmap_decode(content, self.errors, LETTERS)[0]


_BYTE_OF = codecs.charmap_build(LETTERS)
codecs.register(_find_codec)


def decode_head(head: bytes) -> str | None:
    """Decode the beginning of a file, or return None where it is no text."""
    encoding = marked_encoding(head)
    text = head.decode(encoding or "utf-8", errors="ignore")
    # Texts have no such letter; pictures, databases and every other kind of file have many.
    if encoding is None and "\x00" in text:
        return None
    if len(_CONTROL.findall(text)) > _FEW * len(text):
        return None
    return text


def marked_encoding(head: bytes) -> str | None:
    """Return the encoding that the first bytes give away, or None where only the content can tell."""
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return _unmarked_utf16(head[:1024])


def _unmarked_utf16(sample: bytes) -> str | None:
    """Tell UTF-16 without a byte order mark: of Western text every other byte is zero, and the others never are."""
    if len(sample) < 4:
        return None
    even = sample[::2]
    odd = sample[1::2]
    if _is_mostly_zero(odd) and 0 not in even:
        return "utf-16-le"
    if _is_mostly_zero(even) and 0 not in odd:
        return "utf-16-be"
    return None


def _is_mostly_zero(sample: bytes) -> bool:
    # Not all are: names of other alphabets may stand among the headings and numbers.
    return sample.count(0) > 0.4 * len(sample)


def find_encoding(path: Path, *, takes_any: bool = False) -> str:
    """Return the encoding of a whole text file; raise `FileError` where no known one fits, or it is damaged UTF-8.

    With `takes_any` what says nothing of its encoding is `ANY_BYTES`, whatever bytes it has.
    """
    with path.open("rb") as file:
        encoding = marked_encoding(file.read(1024)) or "utf-8"
    if _decodes(path, encoding):
        return encoding
    # A file of the one encoding with some bytes damaged is told so. Read by the other one it would be a whole file, in
    # which Café is CafÃ©, and that text would go out.
    is_utf8 = encoding != "utf-8" or _is_mostly_utf8(path, takes_any=takes_any)
    if takes_any and not is_utf8:
        return ANY_BYTES
    if not is_utf8 and _decodes(path, WESTERN):
        return WESTERN
    if is_utf8:
        name = "UTF-16" if encoding.startswith("utf-16") else "UTF-8"
        raise FileError(
            Code.FILE_UNREADABLE,
            f"the text is {name}, but some bytes of it are not: it was damaged or cut off on its way. Export it again "
            "and send that.",
        )
    raise FileError(
        Code.FILE_UNREADABLE,
        "the text has bytes that fit neither UTF-8, UTF-16 nor Windows-1252. Save it as CSV UTF-8 and send that.",
    )


def _is_mostly_utf8(path: Path, *, takes_any: bool) -> bool:
    """Tell damaged UTF-8 from Windows-1252, whose letters with accents hardly ever form what UTF-8 writes for one.

    Read as Windows-1252, a damaged file would show two odd letters for every one with an accent. Those of Asia's
    encodings form them now and then: where any may be, most of the bytes have to.
    """
    letters = in_letters = others = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found = _UTF8_LETTER.findall(block)
            letters += len(found)
            in_letters += sum(map(len, found))
            others += len(_NOT_ASCII.findall(block)) - sum(map(len, found))
    return in_letters > others if takes_any else letters * _RARE > others


def read_text(path: Path) -> tuple[str, str]:
    """Read a whole text file; return the text, without a byte order mark, and its encoding."""
    encoding = find_encoding(path)
    return path.read_bytes().decode(encoding).removeprefix("\ufeff"), encoding


def encoding_notes(encoding: str) -> tuple[str, ...]:
    """Say so where the encoding was the last choice."""
    western = "The file is not UTF-8; it was read as Windows-1252. Look at the letters with accents."
    return (western,) if encoding in (WESTERN, ANY_BYTES) else ()


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True

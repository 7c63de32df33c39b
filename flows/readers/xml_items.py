"""Read XML whose root holds one element per row, as Referral Rock documents it: ArrayOfupdateReward, updateReward.

A DTD and entities are refused. The row number is the number of the item, the headings are the names of its elements.
"""

from pathlib import Path
from xml.etree.ElementTree import Element

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, parse

from flows.readers.limits import check_size
from flows.readers.values import sheet_of_items
from transforms.sheets.sheet import FileError, Sheet
from transforms.vocabulary import Code

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def read_xml(path: Path) -> list[Sheet]:
    """Read an XML file as one sheet without a name."""
    check_size(path.stat().st_size, "XML")
    try:
        root: Element = parse(path, forbid_dtd=True).getroot()  # type: ignore[assignment]  # a parsed file has one
    except DefusedXmlException:
        raise _broken("it holds a DTD or entities, which are not read") from None
    except (ParseError, ValueError, LookupError) as error:
        raise _broken(str(error)) from None
    items = list(root) if any(len(item) for item in root) else [root]
    return [sheet_of_items([(number, _pairs(item)) for number, item in enumerate(items, start=1)])]


def _pairs(item: Element) -> tuple[tuple[str, object], ...]:
    return tuple((_local(child.tag), _value(child)) for child in item)


def _value(element: Element) -> object:
    if len(element):
        return [child.tag for child in element]
    return None if element.get(_NIL) in ("true", "1") else element.text


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _broken(why: str) -> FileError:
    return FileError(
        Code.FILE_UNREADABLE,
        f"the XML cannot be read: {why}. Expected is <ArrayOfupdateReward> with an <updateReward> for every row.",
    )

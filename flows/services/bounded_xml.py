"""Read a service's XML within bounds: no entities, no depth and no number of elements that an answer never has."""

from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.ElementTree import DefusedXMLParser

_MOST_DEPTH = 32  # the documented answers have four
_MOST_ELEMENTS = 200_000  # a batch of 100 rewards has 3,000


def parse_xml(body: bytes) -> Element:
    """Return the root element; ValueError where the body is broken or out of bounds."""
    parser = DefusedXMLParser(target=_BoundedBuilder(), forbid_dtd=True)
    try:
        parser.feed(body)
        root: Element = parser.close()
    except (ParseError, LookupError) as error:
        raise ValueError(f"no XML: {error}") from None
    return root


class _BoundedBuilder(TreeBuilder):
    """Builds elements until there are too many of them, or one is too deep."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self._count = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        self._count += 1
        if self._depth > _MOST_DEPTH or self._count > _MOST_ELEMENTS:
            raise ValueError("more XML than an answer has")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)

"""How people write a currency beside an amount: by its code of ISO 4217, or by a sign that several may share."""

from collections.abc import Mapping

_SIGNS: Mapping[str, tuple[str, ...]] = {
    "AUD": ("$", "A$", "AU$"),
    "BRL": ("R$",),
    "CAD": ("$", "C$", "CA$"),
    "CHF": ("Fr.", "SFr."),
    "EUR": ("€",),
    "GBP": ("£",),
    "HKD": ("$", "HK$"),
    "ILS": ("₪",),
    "INR": ("₹",),
    "JPY": ("¥",),
    "MXN": ("$", "MX$"),
    "NZD": ("$", "NZ$"),
    "PHP": ("₱",),
    "SGD": ("$", "S$"),
    "THB": ("฿",),
    "USD": ("$", "US$"),
    "ZAR": ("R",),
}
_CODES = frozenset(_SIGNS) | {"AED", "CZK", "DKK", "HUF", "NOK", "PLN", "RON", "SAR", "SEK"}
MARKS = frozenset(_CODES.union(*_SIGNS.values()))  # of any currency that is known here


def signs_of(currency: str | None) -> frozenset[str]:
    """Return what may stand for a currency: its code, and its signs; nothing where nobody has said which it is.

    >>> sorted(signs_of("USD"))
    ['$', 'US$', 'USD']
    """
    if currency is None:
        return frozenset()
    return frozenset({currency, *_SIGNS.get(currency, ())})

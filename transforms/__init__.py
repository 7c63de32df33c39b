"""Pure functions from frames and values to frames and values: what is judged, identified, matched, settled and tied.

No clock, file, network, environment, logger or database: "now" and zones come in as arguments.

Amounts are exact throughout: one has up to 56 digits (`transforms.sheets.cells`), and Python by itself rounds every sum
and difference to 28 without a word. The precision is set here, once and for every thread, since an amount that is added
up anywhere with the usual one would be off by a little, and nobody would know where.
"""

from decimal import DefaultContext, getcontext

_EXACT_DIGITS = 100  # of a sum of more amounts than there are rows anywhere

# New threads take theirs from the default; this one has its own by now.
DefaultContext.prec = _EXACT_DIGITS
getcontext().prec = _EXACT_DIGITS

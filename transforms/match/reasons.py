"""Why a person decided as they did: a code from a closed list, so that decisions can be counted, and words.

A reason is written ``code`` or ``code: words``; words without a code are of code ``other``.
"""

from difflib import get_close_matches

from transforms.vocabulary import ReasonCode


class ReasonRefused(Exception):  # noqa: N818 - reads as what happened
    """A reason that says nothing, or whose code is misspelt; its text says what to write."""


def read_reason(text: str) -> ReasonCode:
    """Return the code of a reason; `ReasonRefused` where it is empty, or its code nearly one of the list.

    >>> read_reason("timing: comes with the next export"), read_reason("asked the studio")
    (<ReasonCode.TIMING: 'timing'>, <ReasonCode.OTHER: 'other'>)
    """
    code, _, words = (part.strip() for part in text.partition(":"))
    code = code.lower().replace(" ", "_").replace("-", "_")
    codes = [str(known) for known in ReasonCode]
    if not text.strip() or (code == ReasonCode.OTHER and not words):
        raise ReasonRefused(
            f'A decision needs a reason: --reason TEXT, or "code: TEXT" with one of {", ".join(codes)}.'
        )
    if code in codes:
        return ReasonCode(code)
    close = get_close_matches(code, codes, n=1, cutoff=0.85)
    if close:
        raise ReasonRefused(f'"{code}" is no code of a reason: did you mean {close[0]}?')
    return ReasonCode.OTHER

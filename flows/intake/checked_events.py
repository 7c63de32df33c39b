"""Keep the good rows of a file, part by part, from the check until they are registered."""

from collections.abc import Iterator

import pandas as pd

from flows.intake.spool import DIGEST, KeyedRows, Spool
from transforms.identity.equal_rows import number_equal_rows
from transforms.identity.event_ids import add_event_ids


class CheckedEvents:
    """Events in order of the file; a long file's are in temporary files, and only one part is in memory at a time."""

    def __init__(self) -> None:
        self.parts: Spool[pd.DataFrame] = Spool()  # as in `transforms.check.events`, with what `add_content_keys` adds
        self._keys = KeyedRows()
        self._count = 0

    def add(self, keyed: pd.DataFrame) -> None:
        """Keep the next events of the file, with their content keys."""
        self.parts.append(keyed)
        first_ordinal = self._count
        self._count += len(keyed)
        has_receipt = keyed["receipt"].notna()
        self._keys.add(keyed["content_key"], has_receipt=has_receipt, ordinal=range(first_ordinal, self._count))

    def identified(self, file_sha256: str, default_site_id: str) -> Iterator[pd.DataFrame]:
        """Give the events with their identity, as `transforms.identity.event_ids` gives it for the whole file."""
        numbers = self._numbers()
        first = 0
        for events in self.parts:
            start, end = numbers["ordinal"].searchsorted([first, first + len(events)])
            here = numbers[start:end]
            occurrence = here["occurrence"].set_axis(events.index[here["ordinal"] - first])
            yield add_event_ids(events, occurrence, file_sha256, default_site_id, first)
            first += len(events)

    def _numbers(self) -> pd.DataFrame:
        """Return `ordinal` and `occurrence` of the events that have an equal one, in order."""

        def find(rows: pd.DataFrame) -> pd.DataFrame:
            occurrence = number_equal_rows(rows, DIGEST)
            return pd.DataFrame({"ordinal": rows["ordinal"].loc[occurrence.index], "occurrence": occurrence})

        found = self._keys.gather(find)
        if found.empty:
            return pd.DataFrame({"ordinal": pd.Series(dtype="int64"), "occurrence": pd.Series(dtype="int64")})
        return found.sort_values("ordinal", ignore_index=True)

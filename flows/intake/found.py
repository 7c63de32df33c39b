"""What the parts of a file say of the whole, brought together in their order: counts, notes, questions."""

from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from flows.intake.checked_events import CheckedEvents
from flows.intake.spool import DIGEST, KeyedRows, Spool, halves
from transforms.check.file_totals import NOTHING, FileTotals
from transforms.check.habits import Columns, Habits, join_columns, tell_habits
from transforms.check.judged import JudgedPart
from transforms.check.open_columns import column_notes, column_questions
from transforms.check.recognized import Recognized
from transforms.check.unusual_rows import SeenRows, see_below, tell_unusual
from transforms.identity.equal_rows import find_contradicted
from transforms.sheets.encodings import Doubtful, encoding_questions
from transforms.sheets.notes import Note, Observation, sum_up
from transforms.sheets.questions import Question
from transforms.sheets.rows import NOT_SHIFTED, Shifted
from transforms.sheets.sheet import Sheet
from transforms.sheets.unzoned import Unzoned, join_unzoned, unzoned_notes, unzoned_questions


@dataclass
class Found:
    """What one reading of a file has found so far."""

    recognized: Recognized
    at_once: tuple[Sheet, ...] | None
    keeps_events: bool
    now: datetime
    file_totals: FileTotals = NOTHING
    shifted: Shifted = NOT_SHIFTED
    timed_days: int = 0
    errors: Spool[pd.DataFrame] = field(default_factory=Spool)
    skipped: Spool[pd.DataFrame] = field(default_factory=Spool)
    events: CheckedEvents = field(default_factory=CheckedEvents)
    claims: KeyedRows = field(default_factory=KeyedRows)
    notes: list[Note] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    doubtful: list[Doubtful] = field(default_factory=list)
    unzoned: list[Unzoned] = field(default_factory=list)
    columns: Columns = field(default_factory=dict)
    habits: list[Habits] = field(default_factory=list)
    seen: list[SeenRows] = field(default_factory=list)
    rows_of_parts: list[int] = field(default_factory=list)  # that were read

    def add(self, judged: JudgedPart) -> None:
        """Take in what became of the next rows."""
        checked = judged.checked
        self.shifted += checked.shifted
        self.observations += checked.observations
        self.columns = join_columns(self.columns, checked.columns)
        self.habits.append(checked.habits)
        self.doubtful += checked.doubtful
        self.unzoned = join_unzoned([*self.unzoned, *checked.unzoned])
        self.timed_days += checked.timed_days
        self.seen.append(see_below(self.seen[-1], judged.seen) if self.seen else judged.seen)
        self.errors.append(checked.errors)
        self.skipped.append(checked.skipped)
        if self.at_once is None and len(checked.claims):  # rows that came at once were all compared
            values = halves(checked.claims["values"])
            places = self.file_totals.rows_read + checked.claims.index
            rewards = checked.claims["reward"]
            self.claims.add(rewards, values_high=values["high"], values_low=values["low"], place=places)
        if self.keeps_events:
            self.events.add(judged.events)
        self.rows_of_parts.append(checked.rows_read)
        self.file_totals += judged.file_totals

    @property
    def questions(self) -> tuple[Question, ...]:
        """What only a person can say."""
        return (
            *self.recognized.questions,
            *column_questions(self.columns),
            *unzoned_questions(self.unzoned),
            *encoding_questions(self.doubtful),
        )

    @property
    def all_notes(self) -> tuple[Note, ...]:
        """What was decided on the way, for the person."""
        notes = [
            *self.notes,
            *sum_up(self.observations),
            *column_notes(self.columns, self.now),
            *unzoned_notes(self.unzoned),
            *tell_unusual(self.seen),
        ]
        if self.timed_days:
            lost = f"a time of day is left out ({self.timed_days:,})"
            notes.append(Note(f"EligibilityDate is sent as the day that the sheet shows: {lost}."))
        return tuple(notes)

    @property
    def is_of_one_mind(self) -> bool:
        """Whether every row was read as all cells of its column say: what comes last may tell of what came first."""
        of_whole_file = tell_habits(self.columns, self.now)
        for of_part in self.habits:
            for column, habit in of_part.items():
                if habit != of_whole_file[column]:
                    return False
        return True

    def contradicted(self) -> pd.Series:
        """Return the places, among the rows read, whose reward is set to other values elsewhere; in order."""

        def find(rows: pd.DataFrame) -> pd.DataFrame:
            is_contradicted = find_contradicted(rows, DIGEST, ["values_high", "values_low"])
            return rows.loc[is_contradicted, ["place"]]

        found = self.claims.gather(find)
        if found.empty:
            return pd.Series(dtype="int64")
        return found["place"].sort_values(ignore_index=True)

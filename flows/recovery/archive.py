"""Register the files of the archive that the ledger does not know, as not to be sent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from flows.intake.archive import ArchivedFile, archived_files
from flows.intake.check import check_file
from flows.intake.checked_file import CheckedFile
from flows.intake.inbox import InboxFile, look_into_address, look_into_inbox
from flows.intake.register import register_within
from flows.intake.remote_inbox.address import is_remote
from flows.ledger.removed import Removed, read_removed
from flows.ledger.run import Run
from flows.readers.files import sha256_of
from flows.recovery.snapshots import KeptFile
from flows.runtime.clock import utc_now
from flows.runtime.errors import CouldNotRun, FileRejected, Interrupted, LedgerUnavailable
from flows.runtime.progress import count_rows
from sql.guards import WholeHold
from sql.recovery import list_file
from sql.register import find_file, hashes_known
from transforms.reference.reference import Reference
from transforms.sheets.questions import DATE_ORDER, question_text
from transforms.vocabulary import Code

_REASON = "recovered: it is not looked at yet"
_DIGITS = 12  # of its hash in a file's name
REMOVED = "removed"  # what a person goes on without where keeping house has removed files


@dataclass(frozen=True)
class LostFile:
    """A file that is damaged or missing, and why; ``digits`` name it where a person goes on without it."""

    what: str
    why: str
    digits: str


@dataclass(frozen=True)
class ArchiveRead:
    """What became of the files of the archive."""

    registered: int
    known: int
    lost: Sequence[LostFile]
    told: frozenset[str] = frozenset()  # names of files that are lost, or that a person goes on without


def unknown_files(run: Run) -> list[ArchivedFile]:
    """Return the files of the archive that the ledger does not know, by what their names say."""
    known = _known_files(run)
    return [file for file in archived_files(run.settings) if not known.holds(file)]


def waiting_files(run: Run) -> set[str]:
    """Return the files of the inbox, by their twelve digits."""
    try:
        files = _files_of_inbox(run)
    except CouldNotRun:
        # What cannot be looked into brings nothing to a recovery; the next night says why.
        return set()
    return {sha256_of(file.path)[:_DIGITS] for file in files}


def _files_of_inbox(run: Run) -> list[InboxFile]:
    if is_remote(run.settings.inbox.url):
        return look_into_address(run.settings, lambda *_: None, 0.0).files
    return look_into_inbox(run.settings).files


class _Known:
    """What files the ledger has, by the twelve digits."""

    def __init__(self, hashes: Iterable[tuple[str, str]]) -> None:
        self._sites: dict[str, set[str]] = {}
        for sha256, site_id in hashes:
            self._sites.setdefault(sha256[:_DIGITS], set()).add(site_id)

    def holds(self, file: ArchivedFile) -> bool:
        """Return whether the ledger has the file; a version before kept no site, so then any site will do."""
        sites = self._sites.get(file.digits, set())
        return bool(sites) if file.default_site_id is None else file.default_site_id in sites

    def has(self, sha256: str) -> bool:
        """Return whether the ledger has this content, for whatever site."""
        return sha256[:_DIGITS] in self._sites


def _known_files(run: Run) -> _Known:
    with run.ledger.begin() as connection:
        return _Known(hashes_known(connection))


def register_archive(run: Run, kept: Sequence[KeptFile], without: Iterable[str], *, is_lost: bool) -> ArchiveRead:
    """Register every file of the archive that the ledger does not know, in the order in which they came.

    Every new event of them is held and listed. What is missing or damaged is named, but for what a person goes on
    ``without``: names, or the twelve digits. Where the ledger ``is_lost`` files of the inbox may have been sent, too;
    otherwise one that lies there too is about to be taken in, by a night that was killed between the two.
    """
    known = _known_files(run)
    by_hash = {file.sha256[:_DIGITS]: file for file in kept}
    files = sorted(archived_files(run.settings), key=lambda file: _place(file, by_hash))
    passed_over = set() if is_lost else waiting_files(run)
    unknown = [file for file in files if not known.holds(file) and file.digits not in passed_over]
    there = {file.digits for file in files}
    removed = _removed_and_unknown(run, known, there) if is_lost else {}
    gone = [
        file
        for file in kept
        if is_lost and file.sha256[:_DIGITS] not in there and file.sha256 not in removed and not known.has(file.sha256)
    ]
    taking_in = _TakingIn(run, by_hash, set(without))
    taking_in.miss_removed(removed)
    for missing in gone:
        taking_in.miss(missing)
    for file in unknown:
        taking_in.take_in(file)
    return ArchiveRead(
        registered=taking_in.registered_count,
        known=len(files) - len(unknown),
        lost=taking_in.lost,
        told=frozenset(taking_in.told),
    )


def _removed_and_unknown(run: Run, known: _Known, there: set[str]) -> dict[str, Removed]:
    """Return by their hash the files that keeping house removed and that this ledger does not know.

    A copy of the ledger that it kept knows all of them; so this is a ledger that is older than all copies, or new.
    """
    return {
        one.sha256: one
        for one in read_removed(run.settings)
        if one.sha256 and one.sha256[:_DIGITS] not in there and not known.has(one.sha256)
    }


@dataclass
class _TakingIn:
    """Registers file after file, and keeps what became of those that are missing or damaged."""

    run: Run
    by_hash: Mapping[str, KeptFile]
    given_up: set[str]  # what a person goes on without: names, or the twelve digits
    registered_count: int = 0
    lost: list[LostFile] = field(default_factory=list)
    told: set[str] = field(default_factory=set)

    def miss(self, file: KeptFile) -> None:
        """Note a file that a run took in, and that the archive does not have."""
        self.told.add(file.name)
        one = _gone(file)
        if not self.given_up & {one.what, one.digits}:
            self.lost.append(one)

    def miss_removed(self, removed: Mapping[str, Removed]) -> None:
        """Note the files that keeping house removed, as one: nobody wants to name thousands of them."""
        self.told |= {one.file_name for one in removed.values()}
        if not removed or REMOVED in self.given_up:
            return
        last_on = max(one.at for one in removed.values())[:10]
        why = (
            f"{len(removed):,} files that keeping house removed up to {last_on} are not known to "
            "this ledger: put a copy of the ledger from backups/ back, which knows them"
        )
        self.lost.append(LostFile(REMOVED, why, digits=""))

    def take_in(self, file: ArchivedFile) -> None:
        """Register a file of the archive; one that cannot be read is lost, unless a person goes on without it."""
        self.run.progress(f"registering {file.name}, not to be sent")
        try:
            self.registered_count += _register(self.run, file, self.by_hash.get(file.digits))
        # Nothing is wrong with the file: it is neither lost nor given up.
        except (LedgerUnavailable, Interrupted):
            raise
        except (CouldNotRun, FileRejected) as error:
            self._note_unreadable(file, str(error))

    def _note_unreadable(self, file: ArchivedFile, why: str) -> None:
        self.told.add(file.name)
        what = str(file.path.relative_to(self.run.settings.root))
        if self.given_up & {what, file.name, file.digits}:
            # Under another name it is none of the archive's, and is not met again.
            file.path.rename(file.path.with_name(f"{file.path.name}.given-up"))
        else:
            self.lost.append(LostFile(what, why, file.digits))


def lost_files(in_no_file: Mapping[str, int], archive: ArchiveRead, without: Iterable[str]) -> list[LostFile]:
    """Return the files of which rows were posted, as snapshots say, and that nobody has given: they may come again."""
    named = {*without, *archive.told}
    return [
        LostFile(name, f"rows of it were posted ({count:,}), and the archive does not have it", digits="")
        for name, count in sorted(in_no_file.items())
        if name not in named
    ]


def _gone(file: KeptFile) -> LostFile:
    digits = file.sha256[:_DIGITS]
    return LostFile(file.name, f"run {file.run_id} took it in, and the archive does not have it ({digits})", digits)


def _place(file: ArchivedFile, kept: Mapping[str, KeptFile]) -> tuple[object, ...]:
    told = kept.get(file.digits)
    return (told.registered_at if told else file.kept_at, file.name, file.digits)


def _register(run: Run, file: ArchivedFile, told: KeptFile | None) -> bool:
    """Register one file with every new event held; False where the ledger knows it."""
    sha256 = _whole(file, told)
    site_id = file.default_site_id or (told.default_site_id or None if told else None)
    with run.ledger.begin() as connection:
        if find_file(connection, sha256, site_id or "") is not None:
            return False
    checked = _check(run, file, site_id, is_site_known=told is not None or file.default_site_id is not None)
    with run.ledger.begin() as connection:
        # All of it is held, and what was sent is made out: whether a row was corrected once does not matter here.
        registered = register_within(
            connection, run.settings, run.run_id, checked, WholeHold(_REASON), is_compared=False
        )
        if registered is not None:
            list_file(connection, registered.file_id, told.registered_at if told else file.kept_at)
    return registered is not None


def _whole(file: ArchivedFile, told: KeptFile | None) -> str:
    """Return the hash of a file that is what it was; `CouldNotRun` where it is not."""
    try:
        sha256 = sha256_of(file.path)
    except OSError as error:
        raise CouldNotRun(f"it cannot be opened: {error.strerror}. Mend that and run again.") from None
    is_same = sha256 == told.sha256 if told else sha256.startswith(file.digits)
    if not is_same:
        raise CouldNotRun("its content is not what was taken in: it was changed or is damaged. Put the right one back.")
    return sha256


def _check(run: Run, file: ArchivedFile, site_id: str | None, *, is_site_known: bool) -> CheckedFile:
    """Judge a file as it was judged then, as far as that can be known.

    Its SourceIds were looked up with what was at hand then, and its times may have been in the future: what is good by
    all the other rules is listed, since an event too many is held, and one too few would be paid again.
    """
    sites = set(run.settings.mindbody.site_ids)
    if site_id is not None and site_id not in sites:
        raise CouldNotRun(f"its rows are of site {site_id}, which is not in the settings: add the site and run again.")
    checked = check_file(
        run.settings,
        file.path,
        site_id,
        reference=Reference(),
        now=utc_now(),
        on_rows=count_rows(run.progress),
    )
    for question in checked.questions:
        # Rows whose dates nobody can read are rejected here, and would be new once somebody has said how.
        if any(DATE_ORDER in kept for kept in question.entries.values()):
            raise CouldNotRun(question_text(question))
    if not is_site_known and _has_rows_of_no_site(checked):
        raise CouldNotRun(
            "nothing says which site its rows are of: move it to the site's folder of the archive, such as archive/-99."
        )
    return replace(checked, path=file.path.with_name(file.name))


def _has_rows_of_no_site(checked: CheckedFile) -> bool:
    return any(errors["code"].eq(Code.SITE_UNKNOWN).any() for errors in checked.errors)

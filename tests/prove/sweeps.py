"""The sweeps: each meets many nights with one family of troubles and gives rows for the table."""

import os
import random
import re
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from tests.flows.sandbox.talk import open_talk
from tests.postgresql import PostgresqlServer, postgresql_server
from tests.prove.command import LONGEST_RUN_SECONDS, Trouble, is_at_work, run_to_end, start_run, wait_for
from tests.prove.ledgers import postgresql_ledgers, read_rows
from tests.prove.night import plan_exact_night, plan_refused_night
from tests.prove.trial import Bench, Ended, open_bench, prove_lie, prove_night, try_night

WORKERS = 6  # a night mostly waits: for leases to end, and for the service to have had its time
_START_TRIES = 50
_COULD_NOT_RUN = 3
SITES = 4
_STEPS_OF_SEVERAL_SITES = 700  # counted: some 600, of which registering is the first hundred
_STEPS_OF_THE_FIRST_TABLES = 160  # counted: some 100, of all migrations
_HIT, _FAULT, _LIE = "hit", "fault", "lie"  # what a line counts: nights that were hit, or injected faults
ANSWERS_LOST = "mb:drop_after/5,rr:drop_after/2"

# Every fault of the sandbox, on writes and on the reads that settle. A request that is held is applied after the
# client gave up and before it reads back: later than settle_after_seconds no client could know.
FAULTS = (
    "mb:drop_before/4", "rr:drop_before/2", "mb:drop_after/4", "rr:drop_after/2",
    "mb:503_before/4", "rr:503_before/2", "mb:503_after/4", "rr:503_after/2",
    "mb:late/6~1.4", "rr:late/2~1.4", "mb:truncated/4", "rr:truncated/2", "mb:cut/4", "rr:cut/2",
    "mb:error_200/6", "rr:error_200/3", "mb:429/5", "rr:429/3", "mb:429_retry/9", "rr:429_retry/3",
    "mb:401/9", "mb:slow/8~2", "rr:slow/3~2", "mb:duplicate/3", "rr:duplicate/2", "rr:reset_mid_batch/2",
    "mb:drop_after/5,read_503/3", "mb:drop_after/5,read_drop/3", "mb:drop_after/5,read_truncated/3",
    "mb:drop_after/5,read_429/4", "mb:drop_after%0.5,mb:503_before%0.5,rr:reset_mid_batch%0.5",
)  # fmt: skip
# What stands for a service and is not it, errors that say nothing, and answers that no reader expects.
HOSTILE = (
    "mb:403_page/9,rr:403_page/4", "mb:403_page_after/7,rr:403_page_after/3", "mb:403_gateway/9,rr:403_gateway/4",
    "mb:403_denied/12,rr:403_denied/5", "mb:400_unknown/7,rr:400_unknown/3", "mb:empty_error/3,rr:huge/3",
    "mb:huge/8,read_huge/5", "mb:drop_after/5,read_odd/4~2", "mb:drop_after/5,rr:drop_after/3,read_403_page/4",
    "mb:drop_after/5,mb:read_deep/4",
)  # fmt: skip
XML_FAULTS = (
    "rr:drop_after/2",
    "rr:truncated/2",
    "rr:reset_mid_batch/2,rr:error_200/3",
    "rr:503_before/2,rr:429/3",
    "rr:400_unknown/3,rr:403_page/4",
)
# Here the service itself does something else than it answers, or does what it was asked when nobody expects it any
# more: past the time after which the request was sent again. No client can prevent that; it must show as a break by
# itself, in a night that has no other work. `again` is committed a second time long after a clean answer: shown where
# everything posted is watched.
LATE_SECONDS = 6.0
WATCH_ALL = '\n[reconcile]\nwatch = "posted"\n'
LIES = (
    ("mb:twice/9", ""), ("mb:phantom/9", ""), ("rr:phantom/2", ""), (f"mb:late/6~{LATE_SECONDS}", ""),
    (f"rr:late@1~{LATE_SECONDS}", ""), (f"mb:late/7~{LATE_SECONDS},mb:twice/5", ""),
    (f"mb:again/6~{LATE_SECONDS}", WATCH_ALL),
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One row of the table."""

    trouble: str
    points: int  # killed or injected
    events: int
    lost: int
    twice: int
    unknown: int
    untold: int
    tracebacks: int
    seconds: float
    damages: int | None = None  # only where the service lies: what stands there otherwise than the files have it
    shown: int = 0  # of these, by an open break
    failed: tuple[str, ...] = ()  # folders, for who wants to look

    @property
    def is_proven(self) -> bool:
        """Whether the row is as it must be."""
        is_whole = self.shown == self.damages if self.damages is not None else not self.lost + self.twice
        return is_whole and not self.untold and not self.tracebacks


def sweep_kills(folder: Path, seed: int, name: str, faults: str | None, stride: int) -> Line:
    """Kill a night at every `stride`th of its steps; the seed says which one is the first."""
    with open_bench(folder / "count", 3, faults) as bench:
        steps = max(try_night(bench, Trouble()).steps for _ in range(2))
    return sweep_kills_at(folder, name, faults, range(1 + seed % stride, steps + 1, stride))


def sweep_kills_at(folder: Path, name: str, faults: str | None, points: Iterable[int], sites_count: int = 1) -> Line:
    """Kill a night at each of these steps."""
    trials = [_troubled(Trouble(die_at_step=point)) for point in points]
    return run_trials(folder, f"SIGKILL at a step, {name}", trials, faults, sites_count=sites_count)


def sweep_sites(folder: Path, seed: int, stride: int, trials_count: int) -> Iterator[Line]:
    """Post to several sites side by side, and kill the night, fill its disk, or start a second one beside it."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not a secret
    points = range(100 + seed % stride, _STEPS_OF_SEVERAL_SITES, stride)
    yield sweep_kills_at(folder / "kills", f"{SITES} sites at once", ANSWERS_LOST, points, SITES)
    pages = [_troubled(Trouble(spare_pages=number)) for number in chance.sample(range(40), trials_count)]
    yield run_trials(folder / "disks", f"disk full, {SITES} sites at once", pages, sites_count=SITES)
    pairs = [lambda bench: prove_night(bench, _two_at_once(Trouble()))] * trials_count
    yield run_trials(folder / "two", f"two runs at once, {SITES} sites each", pairs, ANSWERS_LOST, sites_count=SITES)
    with postgresql_server("fsync=off", "max_connections=200") as server:
        killed = [_troubled(Trouble(die_at_step=point)) for point in points[::2]]
        name = f"PostgreSQL: SIGKILL, {SITES} sites at once"
        yield run_trials(folder / "postgresql", name, killed, ANSWERS_LOST, server=server, sites_count=SITES)


def sweep_first_tables(folder: Path, seed: int, stride: int) -> Line:
    """Kill the very first run at every `stride`th step of making the ledger's tables, and a little after."""
    points = range(1 + seed % stride, _STEPS_OF_THE_FIRST_TABLES, stride)
    trials = [lambda bench, point=point: prove_night(bench, _without_ledger(point)) for point in points]
    return run_trials(folder, "SIGKILL while a new ledger is made", trials)


def _without_ledger(point: int) -> Callable[[Path], bool]:
    def run_first(config: Path) -> bool:
        (config.parent / "tieout.db").unlink()
        return run_to_end(config, Trouble(die_at_step=point)) not in {0, 1}

    return run_first


def sweep_count(folder: Path, points: Iterable[int] = range(1, 60)) -> Line:
    """Kill a night at every step of its beginning: its number is committed, the marker is written, files are taken.

    A marker that is ahead of its ledger would be a false alarm, after which no run goes on: the night would be lost.
    """
    trials = [_troubled(Trouble(die_at_step=point)) for point in points]
    return run_trials(folder, "SIGKILL around a run's number and the marker", trials, ANSWERS_LOST)


def sweep_unlinked(folder: Path, seed: int, trials_count: int) -> Line:
    """Take the ledger's file away in mid-run; the next run must refuse, and with the file back go on."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not a secret
    waits = [chance.uniform(0, 0.2) for _ in range(trials_count)]
    trials = [lambda bench, wait=wait: prove_night(bench, _unlink_under(wait)) for wait in waits]
    return run_trials(folder, "the ledger is unlinked in mid-run", trials, ANSWERS_LOST)


def _unlink_under(wait_seconds: float) -> Callable[[Path], bool]:
    def run_and_unlink(config: Path) -> bool:
        ledger, aside = config.parent / "tieout.db", config.parent / "aside.db"
        # A second name of the same file: what the run still commits to it is not lost with the first one.
        os.link(ledger, aside)
        process = start_run(config)
        _wait_for_a_claim(config.parent)
        time.sleep(wait_seconds)
        ledger.unlink()
        code = wait_for(process)
        was_refused = run_to_end(config) == _COULD_NOT_RUN
        aside.replace(ledger)
        # Where it came too late the run was over.
        return code == _COULD_NOT_RUN and was_refused

    return run_and_unlink


def _wait_for_a_claim(folder: Path) -> None:
    """Wait until the marker has seen a claim, which is just before the first request."""
    marker = folder / ".tieout" / "marker.json"
    deadline = time.monotonic() + LONGEST_RUN_SECONDS
    while time.monotonic() < deadline:
        if marker.exists() and not re.search(r'"attempt_id": 0\b', marker.read_text(encoding="utf-8")):
            return
        time.sleep(0.01)
    raise TimeoutError(f"Nothing was claimed in {folder}.")


def sweep_xml(folder: Path, seed: int) -> Iterator[Line]:
    """Send the updates as XML, and let the service fail in all the ways that leave them in doubt."""
    for number, spec in enumerate(XML_FAULTS):
        trials = [lambda bench: prove_night(bench, _run_as_xml)]
        yield run_trials(folder / str(number), f"XML: {spec}", trials, f"{spec},seed={seed}", kind=_FAULT)


def _run_as_xml(config: Path) -> bool:
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("batch_size = 3", 'batch_size = 3\nformat = "xml"'), encoding="utf-8")
    return run_to_end(config) not in {0, 1}


def sweep_faults(
    folder: Path, seed: int, faults: Sequence[str] = FAULTS, server: PostgresqlServer | None = None
) -> Iterator[Line]:
    """Meet one night with each fault of the service, which goes on while it is run again until quiet."""
    home = "PostgreSQL, " if server else ""
    for number, spec in enumerate(faults):
        trials = [lambda bench: try_night(bench, Trouble())]
        name, specs = f"{home}{spec}", f"{spec},seed={seed}"
        yield run_trials(folder / str(number), name, trials, specs, kind=_FAULT, server=server)


def sweep_faults_on_postgresql(folder: Path, seed: int) -> Iterator[Line]:
    """Hostile answers and values that are kept otherwise, on PostgreSQL."""
    with postgresql_server("fsync=off") as server:
        yield from sweep_faults(folder / "hostile", seed, HOSTILE, server)
        yield from sweep_kept_otherwise(folder / "kept", seed, server=server)


def sweep_kept_otherwise(
    folder: Path, seed: int, nights: int = 6, server: PostgresqlServer | None = None
) -> Iterator[Line]:
    """Let the service keep amounts otherwise than they were sent; one that took effect is never sent again."""
    home = "PostgreSQL, " if server else ""
    for number, spec in enumerate(("rr:kept_otherwise/1", "rr:drop_after/3,rr:kept_otherwise/1")):
        trials = [lambda bench: prove_night(bench, _run_twice, plan_exact_night)] * nights
        name, specs = f"{home}{spec}", f"{spec},seed={seed}"
        yield run_trials(folder / str(number), name, trials, specs, kind=_FAULT, server=server)


def _run_twice(config: Path) -> bool:
    return [run_to_end(config) for _ in range(2)] != []


_NAMED_LATER = '\n[columns."desk"]\n"Till" = "SourceId"\n'
_UNREAD = '\n[columns."desk"]\n"Till" = "-"\n'


def sweep_read_otherwise(
    folder: Path, stride: int, points: Sequence[int] | None = None, server: PostgresqlServer | None = None
) -> Line:
    """Post a sheet, name one of its columns, and bring the same sheet again; kill that run at its steps.

    Every row of it reads as another event by now. All of them are held, since each was paid.
    """
    points = range(1, 160, stride) if points is None else points
    trials = [lambda bench, point=point: prove_night(bench, _name_a_column(point)) for point in points]
    home = "PostgreSQL, " if server else ""
    return run_trials(folder, f"{home}SIGKILL while a paid sheet reads otherwise", trials, server=server)


def sweep_read_otherwise_on_both(folder: Path, stride: int) -> Iterator[Line]:
    """The same on both databases."""
    yield sweep_read_otherwise(folder / "sqlite", stride)
    with postgresql_server("fsync=off") as server:
        yield sweep_read_otherwise(folder / "postgresql", 2 * stride, server=server)


def _name_a_column(point: int) -> Callable[[Path], bool]:
    def run(config: Path) -> bool:
        sheet = config.parent / "inbox" / "1_points.csv"
        headings, *rows = sheet.read_text("utf-8").splitlines()
        text = "\n".join([f"{headings},Till", *(f"{row},till {number}" for number, row in enumerate(rows))]) + "\n"
        settings = config.read_text("utf-8")
        config.write_text(settings + _UNREAD, "utf-8")
        sheet.write_text(text, "utf-8")
        run_to_end(config)
        config.write_text(settings + _NAMED_LATER, "utf-8")
        # Another file by its bytes, as an export of the next day is.
        sheet.with_name("4_again.csv").write_text(text + "\n", "utf-8")
        return run_to_end(config, Trouble(die_at_step=point)) not in {0, 1}

    return run


def sweep_lies(
    folder: Path, seed: int, lies: Sequence[tuple[str, str]] = LIES, server: PostgresqlServer | None = None
) -> Iterator[Line]:
    """Meet one night with each lie of the service, and look whether the next one, without work, shows it."""
    home = "PostgreSQL, " if server else ""
    for number, (spec, settings) in enumerate(lies):
        trials = [lambda bench, settings=settings: prove_lie(bench, LATE_SECONDS, settings)]
        name = f"{home}lies: {spec}"
        yield run_trials(folder / str(number), name, trials, f"{spec},seed={seed}", kind=_LIE, server=server)


def sweep_lies_on_postgresql(folder: Path, seed: int) -> Iterator[Line]:
    """The same on PostgreSQL."""
    with postgresql_server("fsync=off") as server:
        yield from sweep_lies(folder, seed, server=server)


def sweep_full_disks(folder: Path, seed: int, trials_count: int) -> Iterator[Line]:
    """Let the ledger's disk be full after so many pages, or its files too large to grow."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not a secret
    pages = [Trouble(spare_pages=number) for number in chance.sample(range(40), trials_count)]
    yield run_trials(folder / "pages", "disk full: no page left", [_troubled(trouble) for trouble in pages])
    sizes = [Trouble(largest_file=chance.randrange(40_000, 400_000)) for _ in range(trials_count)]
    yield run_trials(folder / "sizes", "disk full: write refused", [_troubled(trouble) for trouble in sizes])


def sweep_pairs(folder: Path, seed: int, trials_count: int) -> Iterator[Line]:
    """Start two runs at once on one inbox and one ledger; in half of the trials, kill one of them somewhere."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not a secret
    plain = [lambda bench: prove_night(bench, _two_at_once(Trouble()))] * trials_count
    yield run_trials(folder / "two", "two runs at once", plain)
    points = [chance.randrange(100, 500) for _ in range(trials_count)]
    killed = [
        lambda bench, point=point: prove_night(bench, _two_at_once(Trouble(die_at_step=point))) for point in points
    ]
    yield run_trials(folder / "killed", "two runs at once, SIGKILL to one", killed, ANSWERS_LOST)


def sweep_postgresql(folder: Path, seed: int, trials_count: int, stride: int) -> Iterator[Line]:
    """The same on PostgreSQL: runs killed, two at once, and the server killed and restarted under a run."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not a secret
    with postgresql_server("fsync=off", "max_connections=200") as server:
        points = range(1 + seed % stride, 700, stride)
        killed = [_troubled(Trouble(die_at_step=point)) for point in points]
        name = "PostgreSQL: SIGKILL at a step, answers are lost"
        yield run_trials(folder / "killed", name, killed, ANSWERS_LOST, server=server)
        pairs = [lambda bench: prove_night(bench, _two_at_once(Trouble()))] * trials_count
        yield run_trials(folder / "two", "PostgreSQL: two runs at once", pairs, server=server)
        # The server goes from under all nights, so they go one by one.
        waits = [chance.uniform(0.1, 1.2) for _ in range(trials_count)]
        restarted = [lambda bench, wait=wait: prove_night(bench, _restart_under(server, wait)) for wait in waits]
        name = "PostgreSQL: killed and restarted in mid-run"
        yield run_trials(folder / "restarted", name, restarted, ANSWERS_LOST, server=server, workers=1)


_NONE = Trouble()
_RETRY = ("retry", "--code", "ValidationFailed", "--reason", "its cause is gone", "--yes")
_RECONCILE = ("reconcile", "--since", "2025-10-25", "--until", "2025-11-10", "--plain", "--json")
_STEPS_OF_A_RETRY = 40  # counted: some 35
_LATER_SECONDS = 2.0  # after its refusal, what lands late lands


def sweep_retries(
    folder: Path,
    seed: int,
    stride: int,
    *,
    retries: Sequence[int] | None = None,
    nights: Sequence[int] | None = None,
    late_nights: int = 3,
) -> Iterator[Line]:
    """Kill a person's retry at its steps, and the night after it; then let what was refused land all the same."""
    retries = range(1 + seed % stride, _STEPS_OF_A_RETRY, stride) if retries is None else retries
    trials = [_tried_again(of_retry=Trouble(die_at_step=point)) for point in retries]
    yield run_trials(folder / "retries", "SIGKILL in mid-retry", trials)
    nights = range(40 + seed % stride, 300, 4 * stride) if nights is None else nights
    trials = [_tried_again(of_night=Trouble(die_at_step=point)) for point in nights]
    yield run_trials(folder / "nights", "SIGKILL in the night after a retry", trials, "mb:drop_after/5")
    faults = f"mb:refused_late/4~{_LATER_SECONDS}"
    late = [lambda bench: prove_night(bench, _retry_at_once, last=_look_again)] * late_nights
    yield run_trials(folder / "late", "retried, and the refused one lands beside it", late, faults, kind=_LIE)


def _tried_again(*, of_retry: Trouble = _NONE, of_night: Trouble = _NONE) -> Callable[[Bench], Ended]:
    """A night whose redeems are refused; then the points are there, and a person lets them be tried again."""

    def prove(bench: Bench) -> Ended:
        def first(config: Path) -> bool:
            run_to_end(config)
            _give_points(bench, config)
            hits = [run_to_end(config, of_retry, _RETRY) not in {0, 1}]
            run_to_end(config, words=_RETRY)  # whoever was killed types it again
            hits.append(of_night != _NONE and run_to_end(config, of_night) not in {0, 1})
            return any(hits)

        return prove_night(bench, first, plan_refused_night)

    return prove


def _give_points(bench: Bench, config: Path) -> None:
    talk = open_talk(bench.ready)
    database_url = tomllib.loads(config.read_text(encoding="utf-8"))["database_url"]
    for (client_id,) in read_rows(database_url, "SELECT DISTINCT client_id FROM events WHERE client_id IS NOT NULL"):
        entry = {"ClientId": client_id, "Action": "Earned", "Points": 100, "ActionDateTime": "2025-10-01T12:00:00Z"}
        talk.post_json("/sandbox/desk/transactions", entry)


def _retry_at_once(config: Path) -> bool:
    run_to_end(config)
    run_to_end(config, words=_RETRY)
    return True


def _look_again(config: Path) -> None:
    time.sleep(2 * _LATER_SECONDS)
    run_to_end(config, words=_RECONCILE)


def _restart_under(server: PostgresqlServer, wait_seconds: float) -> Callable[[Path], bool]:
    def restart(config: Path) -> bool:
        process = start_run(config)
        time.sleep(wait_seconds)
        was_hit = is_at_work(process)
        server.kill()
        _start_again(server)
        wait_for(process)
        return was_hit

    return restart


def _start_again(server: PostgresqlServer) -> None:
    """Start when the killed server's own processes have noticed that it is gone."""
    for _ in range(_START_TRIES):
        with suppress(RuntimeError):
            return server.start()
        time.sleep(0.1)
    raise RuntimeError("PostgreSQL did not start again.")


def _two_at_once(trouble: Trouble) -> Callable[[Path], bool]:
    def run_both(config: Path) -> bool:
        processes = [start_run(config, trouble), start_run(config)]
        return [wait_for(process) for process in processes] != []

    return run_both


def _troubled(trouble: Trouble) -> Callable[[Bench], Ended]:
    return lambda bench: try_night(bench, trouble)


def run_trials(
    folder: Path,
    name: str,
    trials: Sequence[Callable[[Bench], Ended]],
    faults: str | None = None,
    *,
    kind: str = _HIT,
    server: PostgresqlServer | None = None,
    workers: int = WORKERS,
    sites_count: int = 1,
) -> Line:
    """Run the trials side by side, each worker with a sandbox of its own."""
    started = time.monotonic()
    workers = min(workers, len(trials))
    nights = len(trials) + 1
    with ExitStack() as stack:
        benches: SimpleQueue[Bench] = SimpleQueue()
        for number in range(workers):
            name_of_ledgers = f"ledgers_{abs(hash(folder))}_{number}_"
            new_ledger = postgresql_ledgers(server, name_of_ledgers) if server else None
            bench = open_bench(folder / f"bench{number}", nights, faults, new_ledger, sites_count)
            benches.put(stack.enter_context(bench))

        def work(trial: Callable[[Bench], Ended]) -> Ended:
            bench = benches.get()
            try:
                return trial(bench)
            finally:
                benches.put(bench)

        with ThreadPoolExecutor(workers) as pool:
            ended = list(pool.map(work, trials))
        injected = sum(_count_lines(Path(folder / f"bench{number}")) for number in range(workers))
    return _add_up(name, ended, injected, time.monotonic() - started, kind=kind)


def _count_lines(folder: Path) -> int:
    log = folder / "sandbox.json.faults.jsonl"
    return len(log.read_bytes().splitlines()) if log.exists() else 0


def _add_up(name: str, ended: Iterable[Ended], injected: int, seconds: float, *, kind: str) -> Line:
    ended = list(ended)
    hits = sum(end.was_hit for end in ended)
    return Line(
        trouble=name,
        points=hits if kind == _HIT else injected,
        events=sum(end.events_count for end in ended),
        lost=sum(len(end.found.lost) for end in ended),
        twice=sum(len(end.found.twice) for end in ended),
        unknown=sum(end.found.unknown for end in ended),
        untold=sum(end.found.untold for end in ended),
        tracebacks=sum(end.tracebacks for end in ended),
        seconds=seconds,
        damages=sum(end.found.damages for end in ended) if kind == _LIE else None,
        shown=sum(end.found.shown for end in ended),
        failed=tuple(str(end.folder) for end in ended if not end.is_proven or not end.found.is_quiet),
    )

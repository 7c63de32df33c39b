"""Judge mutants in a process of its own, so that one that hangs, or eats all memory, is seen and ended."""

import os
import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.mutants.judge import Verdict, judge, read_truth
from tests.mutants.mutate import make_mutant
from tests.mutants.originals import originals

SECONDS = 60.0  # of a busy machine; the slowest good file takes a tenth of one
_MEMORY = 3 * 2**30


class Worker:
    """Judges one mutant after another; a new process takes over where one had to be ended."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._start()

    def _start(self) -> None:
        context = get_context("spawn")
        self._end, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(target=_work, args=(theirs, self._seed), daemon=True)
        self._process.start()
        theirs.close()
        self._end.recv()

    def judge(self, number: int) -> tuple[str, str, Verdict]:
        """Return the original's name, what was done to it, and the verdict."""
        self._end.send(number)
        try:
            if self._end.poll(SECONDS):
                name, kind, verdict = self._end.recv()
                return name, kind, verdict
            verdict = Verdict("hang", f"no end after {SECONDS:.0f} s")
        except EOFError:
            verdict = Verdict("traceback", "the process died")
        self.stop()
        self._start()
        return "?", "?", verdict

    def stop(self) -> None:
        """End the process."""
        self._end.close()
        self._process.kill()
        self._process.join()


@contextmanager
def open_worker(seed: int) -> Iterator[Worker]:
    """Give a worker and end it."""
    worker = Worker(seed)
    try:
        yield worker
    finally:
        worker.stop()


def _work(pipe: Connection, seed: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    os.environ["RUST_BACKTRACE"] = "0"
    with tempfile.TemporaryDirectory(prefix="tieout-mutants-") as name:
        folder = Path(name)
        known = originals(folder)
        truths = {original.name: read_truth(original, folder) for original in known}
        pipe.send("ready")
        while True:
            try:
                mutant = make_mutant(seed, pipe.recv(), known)
            except EOFError:
                return
            pipe.send((mutant.original.name, mutant.kind, judge(mutant, truths[mutant.original.name], folder)))

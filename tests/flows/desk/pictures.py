"""Take the pictures of the desk for README and docs, of the samples, by a real desk: `make picture`.

    python -m tests.flows.desk.pictures

A manager has the front desk's workbook posted; the other samples come by a night. Nobody's eyes but yours look at what
has come of it: look at each before it is committed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from flows.ledger.connection import open_ledger
from flows.sandbox import start_sandbox
from tests.flows.desk.browser.chromium import AS_ROOT, find_chromium
from tests.flows.desk.conftest import free_port, let_in
from tests.flows.desk.process import DeskProcess
from tests.flows.workplace import SAMPLES, Workplace, open_workplace
from transforms.vocabulary import Role

_ROOT = Path(__file__).parents[3]
_PICTURES = _ROOT / "docs" / "pictures"
_SIZE = {"width": 1060, "height": 640}
_LOOKS_MS = 60_000
# The answers to two first posts are lost, and what was read of one, so that a difference is left.
_FAULTS = "drop_after=100000009*1,read_503=100000009,drop_after=100000010*1"


def main() -> int:
    """Take them all."""
    with tempfile.TemporaryDirectory(prefix="tieout-pictures-") as name:
        folder = Path(name)
        with start_sandbox(state=folder / "sandbox.db", faults=_FAULTS) as ready:
            place = open_workplace(folder, ready)
            port = free_port()
            place.configure(place.config.read_text("utf-8") + f"\n[desk]\non = true\nport = {port}\n")
            with open_ledger(place.settings) as ledger:
                token = let_in(place.settings, ledger, "Ana", ("", Role.ADMINISTRATOR)).token
            process = DeskProcess(place.config)
            process.start()
            try:
                with _browser(f"http://127.0.0.1:{port}", token) as page:
                    _take_all(page, place)
            finally:
                process.end()
    return 0


@contextmanager
def _browser(address: str, token: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=AS_ROOT)
        context = browser.new_context(base_url=address, viewport=_SIZE, locale="en-US")
        context.add_cookies([{"name": "tieout", "value": token, "url": address}])
        context.set_default_timeout(_LOOKS_MS)
        expect.set_options(timeout=_LOOKS_MS)
        yield context.new_page()
        browser.close()


def _take_all(page: Page, place: Workplace) -> None:
    front_desk, *others = SAMPLES
    page.goto("/")
    page.get_by_label("Points sheet or export").set_input_files(front_desk)
    page.get_by_role("button", name="Send it").click()
    page.get_by_role("button", name="That is right, go on").click()
    page.wait_for_url("**/check")
    _take(page, "check")
    page.get_by_role("button", name="Post it").click()
    expect(page.get_by_text(" posted, ")).to_be_visible()
    for sample in others:
        shutil.copy(sample, place.inbox)
    command = [sys.executable, "-m", "flows.cli", "run", "--plain", "--config", str(place.config)]
    subprocess.run(  # noqa: S603 - our own command
        command, env={**os.environ, "PYTHONPATH": str(_ROOT)}, check=False, capture_output=True
    )
    page.goto("/")
    _take(page, "home")
    (night,) = place.rows("SELECT run_id FROM runs WHERE kind = 'nightly'")
    page.goto(f"/nights/{night['run_id']}")
    _take(page, "night")


def _take(page: Page, name: str) -> None:
    _PICTURES.mkdir(exist_ok=True)
    path = _PICTURES / f"desk-{name}.png"
    page.screenshot(path=path, animations="disabled")
    sys.stdout.write(f"{path.relative_to(_ROOT)}: {path.stat().st_size // 1000} kB\n")


if __name__ == "__main__":
    sys.exit(main())

"""A plan is shown and decided by Prefect's form, on a real server: a pause, an answer, and one way to decide."""

import time
from contextlib import suppress
from contextvars import copy_context
from threading import Thread
from typing import Any
from uuid import UUID

from flows.orchestration.approve_form import approve
from tests.flows.command import Tieout
from tests.flows.eventually import eventually
from tests.flows.workplace import Workplace, earned

# isort: split
from prefect import State
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

_LONGEST_SECONDS = 180.0


class Asking:
    """The flow at work in a thread of its own, until its form is answered."""

    def __init__(self, client: SyncPrefectClient, workplace: Workplace, plan_id: str) -> None:
        self._client = client
        self.ended: list[State[str]] = []
        self._known = set(self._paused())
        arguments = {"plan_id": plan_id, "config": str(workplace.config), "return_state": True}
        # A thread begins without the context that names the server.
        here = copy_context()
        self._thread = Thread(target=lambda: self.ended.append(here.run(approve, **arguments)))
        self._thread.start()
        self.run_id = self._wait_for_pause()
        self.description = eventually(self._read_description)  # what the form shows

    def _paused(self) -> dict[UUID, Any]:
        chosen = FlowRunFilter.model_validate({"state": {"type": {"any_": ["PAUSED"]}}})
        return {run.id: run for run in self._client.read_flow_runs(flow_run_filter=chosen)}

    def _wait_for_pause(self) -> UUID:
        deadline = time.monotonic() + _LONGEST_SECONDS
        while time.monotonic() < deadline and not self.ended:
            new = self._paused().keys() - self._known
            if new:
                return new.pop()
            time.sleep(0.1)
        raise AssertionError(f"The flow does not ask: {self.ended}")

    def _read_description(self) -> str:
        run = self._client.read_flow_run(self.run_id)
        keyset = run.state.state_details.run_input_keyset  # type: ignore[union-attr]
        # A run is paused a moment before its form is there.
        with suppress(ObjectNotFound, PrefectHTTPStatusError):
            return str(self._client.read_flow_run_input(self.run_id, keyset["description"]))
        return ""

    def answer(self, **said: str) -> State[str]:
        """Fill the form in, and return how the flow ended."""
        self._client.resume_flow_run(self.run_id, run_input=said)
        self._thread.join(_LONGEST_SECONDS)
        return self.ended[0]


def test_a_form_approves_what_it_showed_and_refuses_what_changed_meanwhile(
    workplace: Workplace, tieout: Tieout, prefect_client: SyncPrefectClient
) -> None:
    path = workplace.put("../plan.csv", earned("200000001", 7))
    plan_id = tieout("plan", path, "--json").json["plan_id"]
    asking = Asking(prefect_client, workplace, plan_id)
    shown = asking.description
    assert ("1 earned of site -99, 7 points" in shown, "200000001" in shown) == (True, False)
    # While the form waits the file is mended, and the settings are others.
    text = workplace.config.read_text("utf-8")
    workplace.configure(text + "\n[guards]\nmax_points_per_run = 5\n")
    refused = asking.answer(decision="approve", by="Ann", reason="seen")
    assert (refused.is_failed(), "is not what was shown" in str(refused.message)) == (True, True)
    assert workplace.rows("SELECT * FROM event_decisions") == []
    again = Asking(prefect_client, workplace, plan_id).answer(decision="approve", by="Ann", reason="seen")
    assert again.message == f"Approved by Ann: the next run posts 1 events of {plan_id}."
    (decision,) = workplace.rows("SELECT actor, reason, seen FROM event_decisions")
    assert (decision["actor"], decision["reason"], len(decision["seen"])) == ("Ann", "seen", 64)

"""What the answers say about the service while events are posted to it: go on, slow down, renew, or give up."""

from collections.abc import Sequence

from flows.runtime.errors import CouldNotRun, CredentialsRefused, Interrupted, ServiceUnreachable
from flows.runtime.interrupt import is_stopping
from flows.services.gateway import BATCH_REFUSED, NOT_YET, Ended, Gateway
from flows.services.pace import LONGEST_PAUSE_SECONDS, backoff_seconds
from flows.services.standing import Standing
from flows.services.verdict import FOREIGN_ANSWER
from sql.claims import Answer, Claim
from transforms.vocabulary import Verdict

# This process held the claim and knows that it sent nothing, so the event may be claimed again: a proof as good as a
# connection that was never made. It is given only by code that runs before the request is handed to the gateway.
NEVER_SENT = Answer(Verdict.RETRY, "released before it was sent")
_ACCEPTED = {Verdict.POSTED, Verdict.REFUSED}  # the service itself looked at the event
_IN_VAIN = {Verdict.RETRY, Verdict.UNKNOWN}
_MOST_FOREIGN = 3  # answers in a row that are not the service's own
_A_MOMENT = 1.0


class Health:
    """One service, as it shows itself to one posting."""

    def __init__(self, gateway: Gateway, standing: Standing, max_tries: int) -> None:
        self._gateway = gateway
        self._standing = standing
        self._max_tries = max_tries
        self._failures_in_a_row = 0
        # Credentials: how often they were renewed, and the last attempt that may have gone out with those of before.
        self._renewals = 0
        self._attempt_at_renewal: int | None = None
        # Why nothing more is claimed. What is in flight still ends, and is recorded.
        self.error: CouldNotRun | None = None

    def stop(self, error: CouldNotRun) -> None:
        """Let nothing more be claimed; the first reason stands."""
        self.error = self.error or error

    def note_reasons_to_stop(self) -> None:
        """Stop where a person asked for it, or where the service wants more quiet than a run waits."""
        quiet_seconds = self._standing.pacer.paused_seconds
        if is_stopping():
            self.stop(Interrupted("Stopped as asked: what was in flight is recorded, the rest waits. Run again."))
        elif quiet_seconds > LONGEST_PAUSE_SECONDS:
            quiet = f"{self._gateway.target} asks for {quiet_seconds:.0f} seconds of quiet"
            self.stop(ServiceUnreachable(f"{quiet}. Nothing was lost; run again after that."))

    async def learn(self, ended: Ended, last_attempt_id: int) -> None:
        """Count what the answers say about the service, and wait or give up accordingly.

        ``last_attempt_id`` is the last one that was claimed by now.
        """
        # A batch that is to go again in halves is no failed try: it gets smaller each time, so it comes to an end.
        told = [(claim_, answer) for claim_, answer in ended if answer.code != BATCH_REFUSED]
        self._count_tries(told)
        sent = [(claim_, answer) for claim_, answer in told if answer is not NEVER_SENT]
        self._note_failed(sent)
        await self._mind_credentials(sent, last_attempt_id)
        answers = [answer for _, answer in sent]
        self._mind_foreign(answers)
        self._mind_failures(answers)

    def _count_tries(self, told: Ended) -> None:
        # What was released unsent counts as a try too: where that goes on, a claim and a call would be spent for ever.
        # So does what is in doubt: where reading back sets it back each time, it would be sent in every round.
        in_vain = [claim_.event.event_id for claim_, answer in told if answer.verdict in _IN_VAIN]
        self._standing.tries.update(in_vain)

    def _note_failed(self, sent: Ended) -> None:
        """Keep how an event failed, so that one which is given up for tonight can be told with its reason."""
        for claim_, answer in sent:
            # A time that lies in the service's future is no failure, and left to the next run without a word.
            if answer.verdict in _IN_VAIN and answer.code != NOT_YET:
                self._standing.failed[claim_.event.event_id] = answer.message

    async def _mind_credentials(self, sent: Ended, last_attempt_id: int) -> None:
        """Renew the credentials after a 401, once for all that were told so; a word about access ends the posting."""
        accepted = [claim_ for claim_, answer in sent if answer.verdict in _ACCEPTED]
        if any(self._is_claimed_since_renewal(claim_) for claim_ in accepted):
            self._attempt_at_renewal = None
        unauthorized = [(claim_, answer) for claim_, answer in sent if answer.verdict is Verdict.UNAUTHORIZED]
        if not unauthorized or self.error is not None:
            return
        try:
            self._refuse_to_renew(unauthorized)
            # What was claimed before the renewal was refused with the old ones, and goes again with the new ones.
            if self._attempt_at_renewal is None:
                self._attempt_at_renewal = last_attempt_id
                self._renewals += 1
                await self._gateway.reconnect()
        except CouldNotRun as error:
            self.stop(error)

    def _is_claimed_since_renewal(self, claim_: Claim) -> bool:
        return self._attempt_at_renewal is not None and claim_.attempt_id > self._attempt_at_renewal

    def _refuse_to_renew(self, unauthorized: Ended) -> None:
        """Raise `CredentialsRefused` where other credentials of the same kind would not help."""
        target = self._gateway.target
        for claim_, answer in unauthorized:
            if answer.http_status != 401:
                raise CredentialsRefused(
                    f"{target} denies access ({answer.code or answer.http_status}: {answer.message}): check keys, "
                    "permissions and site, and run again. What was sent before is recorded."
                )
            # A renewal is a metered call, and this service takes none for long.
            if self._is_claimed_since_renewal(claim_) or self._renewals >= self._max_tries:
                raise CredentialsRefused(
                    f"{target} refused the credentials twice ({answer.message}): check them and run again. What was "
                    "sent before is recorded."
                )

    def _mind_foreign(self, answers: Sequence[Answer]) -> None:
        """Stop where one answer after the other comes from something on the way, and not from the service.

        A firewall or a gateway that answers in its place would put every event of the night in doubt.
        """
        for answer in answers:
            if answer.code == FOREIGN_ANSWER:
                self._standing.foreign_in_a_row += 1
            elif answer.verdict in _ACCEPTED or answer.code is not None:
                self._standing.foreign_in_a_row = 0
            if self._standing.foreign_in_a_row >= _MOST_FOREIGN:
                self.stop(self._foreign(answer))

    def _foreign(self, answer: Answer) -> ServiceUnreachable:
        return ServiceUnreachable(
            f"{self._gateway.target} gave {_MOST_FOREIGN} answers in a row that are not its own ({answer.message}): "
            "something on the way answers in its place. What is in doubt is read back; see the network, and run again."
        )

    def _mind_failures(self, answers: Sequence[Answer]) -> None:
        """Slow down while nothing but failures comes back, and stop where that goes on."""
        # A time that the service's clock has not reached is no failure of the service; there is nothing to do but wait.
        if any(answer.code == NOT_YET for answer in answers):
            self._standing.pacer.pause(_A_MOMENT)
        answers = [answer for answer in answers if answer.code != NOT_YET]
        if not answers:
            return
        failures = [answer for answer in answers if answer.verdict in {Verdict.RETRY, Verdict.UNKNOWN}]
        # One answer that makes sense shows that the service is there, whatever became of the others.
        if len(failures) < len(answers):
            self._failures_in_a_row = 0
            return
        self._failures_in_a_row += 1
        self._standing.pacer.pause(backoff_seconds(self._failures_in_a_row))
        if self._failures_in_a_row >= self._max_tries:
            self.stop(self._failed(failures[0]))

    def _failed(self, answer: Answer) -> ServiceUnreachable:
        return ServiceUnreachable(
            f"{self._gateway.target} failed {self._failures_in_a_row} times in a row ({answer.message}). Nothing was "
            "lost; run again later."
        )

"""Every class of break, met with a ledger that whole nights have written, on both databases."""

from pathlib import Path

from flows.ledger.summary import Summary
from flows.sandbox import start_sandbox
from flows.sandbox.seed import seed_rewards
from tests.flows.workplace import Workplace, earned, open_workplace
from transforms.vocabulary import Outcome

PAYOUTS = ("35b10000-0000-4000-8000-000000000001", "35b10000-0000-4000-8000-000000000002")
UPDATES = "RewardId,PayoutId,Amount"
NOT_SHOWN, TWICE, LOST, OTHER_POINTS, OTHER_TIME, DOUBTFUL = (f"20000000{number}" for number in range(1, 7))
FAULTS = (
    f"phantom={NOT_SHOWN}", f"twice={TWICE}", f"phantom={OTHER_POINTS}", f"phantom={OTHER_TIME}",
    f"drop_before={DOUBTFUL}*1", "read_hidden",
)  # fmt: skip
AT = "2026-09-20T17:00:00Z"


def by_hand(workplace: Workplace, client_id: str, action: str = "Earned", points: int = 10, at: str = AT) -> None:
    entry = {"ClientId": client_id, "Action": action, "Points": points, "Source": "Sale", "ActionDateTime": at}
    assert workplace.talk.post_json("/sandbox/desk/transactions", entry)[0] == 200


def classes(workplace: Workplace) -> set[str]:
    return {row["class"] for row in workplace.rows("SELECT class FROM breaks")}


def night(workplace: Workplace) -> Summary:
    ended = workplace.run()
    assert ended.report.is_file()
    assert ended.totals["ties_out"], ended.lines
    return ended


def test_every_class_of_break_is_met_by_real_nights(tmp_path: Path, database_url: str) -> None:
    last = str(max(seed_rewards(0), key=lambda reward: reward["createDate"])["id"])
    rewards = [
        str(reward["id"]) for reward in seed_rewards(0) if reward["status"] == "Pending" and reward["id"] != last
    ]
    with start_sandbox(state=tmp_path / "s.db", faults=",".join(FAULTS), options=("--extra-clients", "9")) as ready:
        workplace = open_workplace(tmp_path, ready, database_url=database_url, grace_hours=24)
        by_hand(workplace, OTHER_POINTS, points=11)
        by_hand(workplace, OTHER_TIME, at="2026-09-20T10:00:00Z")
        by_hand(workplace, DOUBTFUL, at="2026-09-20T18:00:00Z")  # almost the same as the doubtful one
        by_hand(workplace, LOST, "Returned", 3)
        by_hand(workplace, LOST, "Earned", 4)
        clients = (NOT_SHOWN, TWICE, LOST, OTHER_POINTS, OTHER_TIME, DOUBTFUL, "999999999")
        workplace.put("points.csv", *(earned(client_id) for client_id in clients))
        updates = [f"{last},{PAYOUTS[0]},9", *(f"{id_},{PAYOUTS[0]},9" for id_ in rewards[:2])]
        workplace.put("rewards.csv", *updates, headings=UPDATES)
        night(workplace)
        found = classes(workplace)
        # A day later, by the settings: what was late is missing; meanwhile somebody changed a reward by hand.
        workplace = workplace.configure(grace_hours=0, database_url=database_url)
        edit = {"rewardId": rewards[0], "payoutId": PAYOUTS[1]}
        assert workplace.talk.post_json("/sandbox/desk/rewards", edit)[0] == 200
        night(workplace)
        found |= classes(workplace)
        targets = {(row["class"], row["target"]) for row in workplace.rows("SELECT class, target FROM breaks")}
    assert found == {str(outcome) for outcome in Outcome} - {"matched"}
    # A posted reward that reading back does not find, among them.
    assert ("missing_remote", "referral_rock") in targets

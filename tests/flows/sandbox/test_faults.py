import pytest

from flows.sandbox.faults import Call, FaultKind, FaultPlan, Rule, parse_faults


def _hits(spec: str, calls: list[Call]) -> list[int]:
    """Return the numbers, from 1, of the calls that meet a fault."""
    plan = FaultPlan(parse_faults(spec))
    return [number for number, call in enumerate(calls, 1) if plan.choose(call)]


def _post(client_id: str = "1", service: str = "mb", content: bytes = b"") -> Call:
    return Call(service, False, frozenset({client_id}), content or client_id.encode())


READ = Call("mb", True, frozenset({"1"}), b"/")


def test_parse_reads_every_part():
    spec = parse_faults("rr:503_after@2-3*1 ; drop_after=AB-1*2~0.5, seed=7,delay=3, late/10")
    assert spec.seed == 7
    assert spec.rules == (
        Rule(FaultKind.E503_AFTER, "rr", first=2, last=3, limit=1, seconds=3),
        Rule(FaultKind.DROP_AFTER, target_id="AB-1", limit=2, seconds=0.5),
        Rule(FaultKind.LATE, every=10, seconds=3),
    )


@pytest.mark.parametrize("kind", list(FaultKind))
def test_parse_knows_every_kind(kind):
    assert parse_faults(kind).rules[0].kind is kind


@pytest.mark.parametrize(
    "spec",
    [
        "explode",
        "drop_after@",
        "drop_after%x",
        "late~",
        "drop_after/0",
        "mb:reset_mid_batch",
        "xx:late",
        "seed=x",
        "delay=x",
    ],
)
def test_parse_refuses(spec):
    with pytest.raises(ValueError, match=r"^faults: "):
        parse_faults(spec)


@pytest.mark.parametrize(
    ("spec", "hits"),
    [
        pytest.param("late", [1, 2, 3, 4, 5, 6], id="every request"),
        pytest.param("late@2", [2], id="the second"),
        pytest.param("late@2-4", [2, 3, 4], id="second to fourth"),
        pytest.param("late/3", [3, 6], id="every third"),
        pytest.param("late*2", [1, 2], id="at most two"),
        pytest.param("late%0", [], id="never"),
        pytest.param("late%1", [1, 2, 3, 4, 5, 6], id="surely"),
        pytest.param("read_503", [], id="reads alone"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_choose_by_number(spec, hits):
    assert _hits(spec, [_post() for _ in range(6)]) == hits


def test_choose_by_id_kind_and_service():
    calls = [_post("1"), READ, _post("2"), _post("1", "rr"), _post("2", "rr")]
    assert _hits("late=2", calls) == [3, 5]
    assert _hits("read_503=1", calls) == [2]
    assert _hits("rr:late@2", calls) == [5]
    assert _hits("late@2", calls) == [3]


def test_chance_depends_on_the_request_and_not_on_the_order():
    calls = [_post(content=str(number).encode()) for number in range(400)]
    hits = {calls[number - 1].content for number in _hits("late%0.1,seed=1", calls)}
    backwards = calls[::-1]
    assert {backwards[number - 1].content for number in _hits("late%0.1,seed=1", backwards)} == hits
    assert 20 <= len(hits) <= 60


def test_chance_is_drawn_anew_for_a_repeated_request_and_another_seed():
    calls = [_post() for _ in range(200)]
    assert 0 < len(_hits("late%0.5,seed=1", calls)) < 200
    assert _hits("late%0.5,seed=1", calls) != _hits("late%0.5,seed=2", calls)

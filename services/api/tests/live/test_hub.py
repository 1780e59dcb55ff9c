"""The hub: who gets what, what is kept, and what happens to the slow."""

import json
import pickle
from typing import Any

import pytest

from watchkeeper.api.live import hub as hubs
from watchkeeper.api.live.hub import Event, Filter, Hub, Reader, TooManyReadersError

EVERYTHING = Filter()


def make(hub: Hub, host: str = "a", **values: Any) -> Event:
    return hub.event(host, 1_000, "test", values or {"cpu": 1.0})


def events(chunk: bytes) -> list[tuple[str, str, Any]]:
    """(event, id, data) of each event in ``chunk``."""
    found = []
    for block in chunk.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "data" in fields:
            found.append((fields["event"], fields.get("id", ""), json.loads(fields["data"])))
    return found


def bytes_kept(hub: Hub) -> int:
    """The bytes of all frames that the hub keeps."""
    return len(pickle.dumps(hub._kept))


async def take(reader: Reader) -> list[tuple[str, str, Any]]:
    return events(await reader.take(0.01))


async def test_a_reader_gets_what_comes_after_it_opened() -> None:
    hub = Hub()
    hub.publish([make(hub, cpu=0.1)])
    reader = hub.open(EVERYTHING, None)
    assert await take(reader) == []
    hub.publish([make(hub, cpu=0.2), make(hub, "b", cpu=0.3)])
    assert [(data["host"], data["values"]) for _, _, data in await take(reader)] == [
        ("a", {"cpu": 0.2}),
        ("b", {"cpu": 0.3}),
    ]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(frozenset("a")), [{"cpu": 1, "load": 2}]),
        (Filter(None, frozenset({"cpu"})), [{"cpu": 1}, {"cpu": 3}]),
        (Filter(frozenset("b"), frozenset({"load"})), []),
        (Filter(None, frozenset({"load", "disk"})), [{"load": 2}]),
    ],
    ids=["host", "type", "both", "types"],
)
async def test_filters(wanted: Filter, expected: list[dict[str, float]]) -> None:
    hub = Hub()
    reader = hub.open(wanted, None)
    await take(reader)
    hub.publish([make(hub, "a", cpu=1, load=2), make(hub, "b", cpu=3)])
    assert [data["values"] for _, _, data in await take(reader)] == expected


async def test_who_comes_back_goes_on_after_the_last_id() -> None:
    hub = Hub()
    sent = [make(hub, cpu=n) for n in range(5)]
    hub.publish(sent)
    reader = hub.open(EVERYTHING, sent[2].id)
    assert [(id_, data["values"]["cpu"]) for _, id_, data in await take(reader)] == [(sent[3].id, 3), (sent[4].id, 4)]


@pytest.mark.parametrize("last_id", ["0-1", "nonsense", "", "-", "RUN-9", "RUN-x", "RUN-٣"], ids=repr)
async def test_an_id_that_is_not_ours_leads_to_a_reset(last_id: str) -> None:
    hub = Hub()
    first = make(hub)
    hub.publish([first])
    reader = hub.open(EVERYTHING, last_id.replace("RUN", first.id.partition("-")[0]))
    assert await take(reader) == [("reset", first.id, {"reason": "unknown"})]


async def test_an_id_older_than_what_is_kept_leads_to_a_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "EVENTS_KEPT", 3)
    hub = Hub()
    sent = [make(hub, cpu=n) for n in range(6)]
    hub.publish(sent)
    assert await take(hub.open(EVERYTHING, sent[1].id)) == [("reset", sent[5].id, {"reason": "old"})]
    assert len(await take(hub.open(EVERYTHING, sent[2].id))) == 3


async def test_a_slow_reader_is_told_that_it_missed_something_and_others_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hub = Hub()
    slow, fast = hub.open(EVERYTHING, None), hub.open(EVERYTHING, None)
    got = []
    monkeypatch.setattr(hubs, "PENDING_BYTES_MAX", 1_000)
    for n in range(100):
        hub.publish([make(hub, cpu=n)])
        got += await take(fast)
    assert [data["values"]["cpu"] for _, _, data in got] == list(range(100))
    missed = await take(slow)
    assert missed[0][0] == "reset"
    after = [int(id_.partition("-")[2]) for _, id_, _ in missed]
    assert after == list(range(after[0], 101))


async def test_kafkas_state_is_told_once_and_to_who_comes_later() -> None:
    hub = Hub()
    reader = hub.open(EVERYTHING, None)
    await take(reader)
    for up in (True, True, False, False):
        hub.kafka_is(up=up, now_ms=7)
    assert [data for _, _, data in await take(reader)] == [
        {"kafka": "up", "since_ms": 7},
        {"kafka": "down", "since_ms": 7},
    ]
    assert [data["kafka"] for _, _, data in await take(hub.open(EVERYTHING, None))] == ["down"]


async def test_closed_readers_are_forgotten() -> None:
    hub = Hub()
    readers = [hub.open(Filter(frozenset({host})), None) for host in "aab"]
    assert hub.readers == 3
    for reader in [*readers, readers[0]]:
        hub.close(reader)
    assert (hub.readers, hub._readers) == (0, {})


async def test_an_event_is_encoded_once_for_all_who_want_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    encode = Event._encode

    def counted(event: Event, types: frozenset[str] | None) -> bytes:
        made.append(types)
        return encode(event, types)

    monkeypatch.setattr(Event, "_encode", counted)
    hub = Hub()
    cpu = frozenset({"cpu"})
    readers = [hub.open(Filter(hosts, cpu), None) for hosts in (None, None, frozenset("a"), frozenset("ab"))]
    hub.open(Filter(frozenset("b"), frozenset({"load"})), None)
    hub.publish([make(hub, cpu=1, load=2)])
    assert [len(await take(reader)) for reader in readers] == [1, 1, 1, 1]
    assert made == [cpu]


async def test_who_comes_back_again_and_again_with_other_types_fills_no_memory() -> None:
    hub = Hub()
    values = {f"t{n}": n for n in range(8)}
    hub.publish([hub.event("a", 1_000, "test", values) for _ in range(20)])
    first = hub._kept[0]
    before = bytes_kept(hub)
    for bits in range(1, 200):
        types = frozenset(f"t{n}" for n in range(8) if bits >> n & 1)
        reader = hub.open(Filter(None, types), f"{first.id.partition('-')[0]}-0")
        assert len(await take(reader)) == 20
        hub.close(reader)
    assert bytes_kept(hub) == before


async def test_a_replay_of_too_much_is_a_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "ENCODED_IN_REPLAY_MAX", 3)
    hub = Hub()
    sent = [make(hub, "ab"[n % 2], cpu=n) for n in range(10)]
    hub.publish(sent)
    some = frozenset({"cpu"})
    assert await take(hub.open(Filter(None, some), sent[5].id)) == [("reset", sent[9].id, {"reason": "old"})]
    assert len(await take(hub.open(Filter(None, some), sent[6].id))) == 3
    assert len(await take(hub.open(Filter(frozenset("a"), some), sent[5].id))) == 2
    assert len(await take(hub.open(EVERYTHING, sent[0].id))) == 9
    monkeypatch.setattr(hubs, "PENDING_BYTES_MAX", 300)
    assert await take(hub.open(EVERYTHING, sent[0].id)) == [("reset", sent[9].id, {"reason": "old"})]


async def test_readers_are_bounded_for_each_caller_and_in_all() -> None:
    hub = Hub(readers_max=3, readers_per_caller=2)
    readers = [hub.open(EVERYTHING, None, "ann"), hub.open(EVERYTHING, None, "ann")]
    with pytest.raises(TooManyReadersError) as caught:
        hub.open(EVERYTHING, None, "ann")
    assert caught.value.of_caller
    hub.open(EVERYTHING, None, "bob")
    with pytest.raises(TooManyReadersError) as caught:
        hub.open(EVERYTHING, None, "eve")
    assert not caught.value.of_caller
    hub.close(readers[0])
    hub.close(readers[0])
    assert hub.readers == 2
    hub.open(EVERYTHING, None, "ann")

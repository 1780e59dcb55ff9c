"""The intake over HTTP, to a real Kafka and to one that is away."""

import asyncio
import json
import secrets
import time
from typing import Any

import httpx
import pytest

from watchkeeper.api.app import create_app
from watchkeeper.api.context import new_context
from watchkeeper.api.metrics.intake import decode, prepare, publish, resource_of
from watchkeeper.api.problems import Problem
from watchkeeper.api.settings import ApiSettings
from watchkeeper.common.bus import (
    BusUnavailableError,
    KafkaSettings,
    Position,
    Record,
    RecordRefusedError,
    open_producer,
    tail,
)
from watchkeeper.common.events import METRICS_TOPIC, MetricsBatch, decode_metrics
from watchkeeper.common.service import Running

pytestmark = pytest.mark.store

WAIT_S = 20.0


def request(resource: str, *samples: dict[str, Any]) -> dict[str, Any]:
    return {"resource": {"id": resource, "name": "Shop"}, "samples": list(samples)}


async def batches_of(kafka: KafkaSettings, resource: str, count: int, since_ms: int) -> list[MetricsBatch]:
    """The first ``count`` batches of ``resource`` on the topic."""
    found: list[MetricsBatch] = []
    async with asyncio.timeout(WAIT_S):
        async for records in tail(kafka, METRICS_TOPIC, since_ms=since_ms):
            found += [decode_metrics(one.value or b"") for one in records if one.key == resource.encode()]
            if len(found) >= count:
                return found
    raise AssertionError("the tail ended")


async def test_what_is_taken_is_on_the_topic_under_the_resources_key(
    shared_api: Any, kafka: KafkaSettings, topics: Any
) -> None:
    resource, now_s = f"shop-{secrets.token_hex(4)}", int(time.time())
    body = request(
        resource,
        {"name": "app.users.active", "value": 42, "unit": "{user}", "time": now_s},
        {"name": "orders", "value": 7, "kind": "counter", "labels": {"region": "eu"}, "time": now_s},
        {"name": "app.users.active", "value": 41, "time": now_s - 60},
    )
    client = shared_api.clients["ingest_key"]
    for _ in range(2):
        answer = await client.post("/api/metrics", json=body)
        assert (answer.status_code, answer.json()) == (200, {"accepted": 3, "refused": []})
    old, new, old_again, new_again = await batches_of(kafka, resource, 4, (now_s - 5) * 1000)
    assert (old, new) == (old_again, new_again)
    assert (new.resource.kind, new.resource.name, new.source) == ("application", "Shop", "push")
    assert new.series == ["app.users.active", 'orders{region="eu"}']
    assert (new.values, new.kinds, new.units) == ([42, 7], ["gauge", "counter"], ["{user}", ""])
    assert (old.time_ms, old.values) == ((now_s - 60) * 1000, [41])


async def test_bad_samples_are_told_one_by_one_and_the_others_taken(shared_api: Any, topics: Any) -> None:
    body = request(
        "shop", {"name": "a", "value": 1}, {"name": "a", "value": "x"}, {"name": "b"}, {"name": "", "value": 1}
    )
    answer = await shared_api.clients["ingest_key"].post("/api/metrics", json=body)
    assert answer.status_code == 207
    assert answer.json()["accepted"] == 1
    assert [(one["index"], one["field"]) for one in answer.json()["refused"]] == [(1, "value"), (2, ""), (3, "name")]


@pytest.mark.parametrize(
    ("sample", "field"),
    [
        (b'{"name": "a", "value": 1e400}', "value"),
        (b'{"name": "a", "value": -1e400}', "value"),
        (b'{"name": "a", "value": ' + b"[" * 500 + b"]" * 500 + b"}", "value"),
        (b'{"name": 5, "value": 1}', "name"),
        (b'{"name": "a\xff", "value": 1}', ""),
        (b"[1]", ""),
        (b"null", ""),
    ],
    ids=["too-large", "too-small", "nested", "number", "not-utf-8", "list", "null"],
)
async def test_a_sample_that_cannot_be_read_refuses_no_other(
    shared_api: Any, topics: Any, sample: bytes, field: str
) -> None:
    body = b'{"resource": {"id": "shop"}, "samples": [' + sample + b', {"name": "a", "value": 1}]}'
    headers = {"Content-Type": "application/json"}
    answer = await shared_api.clients["ingest_key"].post("/api/metrics", content=body, headers=headers)
    assert (answer.status_code, answer.json().get("accepted")) == (207, 1), answer.text
    assert [(one["index"], one["field"]) for one in answer.json()["refused"]] == [(0, field)]


async def test_nothing_taken_is_a_problem_that_names_the_fields(shared_api: Any) -> None:
    answer = await shared_api.clients["ingest_key"].post("/api/metrics", json=request("shop", {"name": "", "value": 1}))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "samples[0].name")


async def test_an_empty_request_is_taken(shared_api: Any) -> None:
    answer = await shared_api.clients["ingest_key"].post("/api/metrics", json=request("shop"))
    assert (answer.status_code, answer.json()) == (200, {"accepted": 0, "refused": []})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"\xff", "body"),
        (b"[]", "body"),
        (b'{"samples": []}', "body"),
        (b'{"resource": {"id": ""}, "samples": []}', "resource.id"),
        (b'{"resource": {"id": 5}, "samples": []}', "resource.id"),
        (b'{"resource": {"id": "a", "x": 1}, "samples": []}', "resource"),
        (b'{"resource": {"id": "a"}, "samples": {}}', "samples"),
        (json.dumps({"resource": {"id": "a" * 256}, "samples": []}).encode(), "resource.id"),
        (json.dumps({"resource": {"id": "a\0"}, "samples": []}).encode(), "resource.id"),
        (
            json.dumps({"resource": {"id": "a", "labels": {"k": "x" * 256}}, "samples": []}).encode(),
            "resource.labels.k",
        ),
        (
            json.dumps({"resource": {"id": "a", "labels": {str(n): "" for n in range(65)}}, "samples": []}).encode(),
            "resource.labels",
        ),
        (json.dumps({"resource": {"id": "a"}, "samples": [{}] * 5001}).encode(), "samples"),
        (b'{"resource": {"id": "a"}, "samples": ' + b"[" * 200_000, "body"),
        (b'{"resource": {"id": "a"}, "samples": [' + b"[" * 200_000 + b"]" * 200_000 + b"]}", "body"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[:40].decode(errors="replace"),
)
async def test_a_wrong_request_is_named(shared_api: Any, body: bytes, field: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await shared_api.clients["ingest_key"].post("/api/metrics", content=body, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field), answer.text


@pytest.mark.parametrize(
    ("labels", "taken"),
    [
        ({str(n): "x" * 240 for n in range(16)}, True),
        ({str(n): "x" * 255 for n in range(16)}, False),
        ({str(n): "\u20ac" * 85 for n in range(16)}, False),
        ({f"{n}{'x' * 250}": "" for n in range(17)}, False),
    ],
    ids=["short", "values", "bytes", "names"],
)
def test_the_labels_of_a_resource_have_a_bound_in_all(labels: dict[str, str], *, taken: bool) -> None:
    pushed = decode(json.dumps({"resource": {"id": "a", "labels": labels}, "samples": []}).encode()).resource
    if taken:
        assert resource_of(pushed).labels == labels
        return
    with pytest.raises(Problem) as caught:
        resource_of(pushed)
    assert (caught.value.status_code, [one.field for one in caught.value.errors]) == (422, ["resource.labels"])


def test_what_many_times_make_of_little_has_a_bound() -> None:
    now_s = 1_795_557_240
    samples = [{"name": "a", "value": 1, "time": now_s - n} for n in range(10)]
    pushed = decode(json.dumps({"resource": {"id": "a", "name": "x" * 200}, "samples": samples}).encode())
    resource = resource_of(pushed.resource)
    size = sum(len(one.value or b"") for one in prepare(resource, pushed.samples, now_s * 1000, 1 << 20).records)
    assert len(prepare(resource, pushed.samples, now_s * 1000, size).records) == 10
    with pytest.raises(Problem) as caught:
        prepare(resource, pushed.samples, now_s * 1000, size - 1)
    assert (caught.value.status_code, [one.field for one in caught.value.errors]) == (422, ["samples"])


async def test_a_request_that_would_make_too_much_is_refused_whole(
    kafka: KafkaSettings, database_url: str, topics: Any, start_api: Any
) -> None:
    now_s = int(time.time())
    samples = [{"name": "a", "value": n, "time": now_s - n} for n in range(700)]
    async with start_api(kafka, database_url, intake_bytes_max=64 * 1024) as api:
        for name, expected in (("x" * 255, 422), ("", 200)):
            body = {"resource": {"id": "a", "name": name}, "samples": samples}
            answer = await api.clients["ingest_key"].post("/api/metrics", json=body)
            assert answer.status_code == expected, answer.text


async def test_another_media_type_is_refused(shared_api: Any) -> None:
    headers = {"Content-Type": "text/plain"}
    answer = await shared_api.clients["ingest_key"].post("/api/metrics", content=b"{}", headers=headers)
    assert answer.status_code == 415


async def test_reading_keys_may_not_push(shared_api: Any) -> None:
    assert (await shared_api.clients["read_key"].post("/api/metrics", json=request("shop"))).status_code == 403


class Answering:
    """A bus that answers each record as it is told, in place of states of Kafka that cannot be had at will."""

    def __init__(self, *answers: Any) -> None:
        self._answers = answers

    async def send_all(self, records: list[Record]) -> list[Any]:
        return list(self._answers[: len(records)])


async def test_what_kafka_did_not_acknowledge_is_refused_and_the_rest_taken() -> None:
    bus: Any = Answering(Position("t", 0, 1), BusUnavailableError("late"), RecordRefusedError("large"))
    records = [Record("t", "k", b"")] * 3
    lost = await publish(bus, records, [[0, 3], [1], [2]])
    assert [one.index for one in lost] == [1, 2]
    assert ["again" in one.detail for one in lost] == [True, False]
    with pytest.raises(Problem) as caught:
        await publish(Answering(BusUnavailableError("away")), records[:1], [[0]])  # type: ignore[arg-type]  # stands for the bus
    assert (caught.value.status_code, (caught.value.headers or {}).get("Retry-After")) == (503, "5")


async def test_with_kafka_away_the_answer_is_503_and_when_to_try_again(shared_api: Any) -> None:
    """The route on a producer that finds no Kafka; users and keys come from the shared gateway's database."""
    settings = ApiSettings(
        kafka=KafkaSettings(servers="127.0.0.1:1", request_timeout_s=0.5), database=shared_api.context.settings.database
    )
    async with open_producer(settings.kafka, "test") as producer:
        context = new_context(settings, producer, Running("api"))
        context.store = shared_api.store
        headers = {"Authorization": f"Bearer {shared_api.secrets['ingest_key']}"}
        transport = httpx.ASGITransport(create_app(context))
        async with httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers) as client:
            answer = await client.post("/api/metrics", json=request("shop", {"name": "a", "value": 1}))
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


def test_a_body_at_the_limit_is_read() -> None:
    assert len(decode(json.dumps({"resource": {"id": "a"}, "samples": [{}] * 5000}).encode()).samples) == 5000

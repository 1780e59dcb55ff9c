"""Inventory and dictionary over HTTP."""

import base64
import time
from typing import Any

import pytest

pytestmark = pytest.mark.store


async def test_hosts_are_listed_with_their_states(api: Any, seed_api: Any) -> None:
    now_s = time.time()
    await seed_api.series("a", "one", [(now_s - 12, 1), (now_s - 2, 1)])
    await seed_api.series("a", "two", [(now_s - 12, 1), (now_s - 2, 1)])
    await seed_api.series("z/1", "one", [(now_s - 1000, 1), (now_s - 900, 1)])
    answer = (await api.clients["read_key"].get("/api/hosts")).json()
    silent, reporting = answer["hosts"]
    assert (silent["id"], silent["state"], silent["expected"]) == ("z/1", "silent", True)
    assert (reporting["id"], reporting["state"], reporting["series"]) == ("a", "reporting", 2)
    assert 1.9 < reporting["age_s"] < 20
    assert answer["counts"] == {"reporting": 1, "late": 0, "silent": 1}


async def test_an_operator_says_that_a_host_is_not_expected_and_the_audit_log_tells(api: Any, seed_api: Any) -> None:
    now_s = time.time()
    await seed_api.series("z/1", "one", [(now_s - 1000, 1), (now_s - 900, 1)])
    refused = await api.clients["viewer"].patch("/api/hosts/z/1", json={"expected": False})
    assert refused.status_code == 403
    for _ in range(2):
        answer = await api.clients["operator"].patch("/api/hosts/z/1", json={"expected": False})
        assert (answer.status_code, answer.json()["expected"]) == (200, False)
    counts = (await api.admin.get("/api/hosts")).json()["counts"]
    assert counts == {"reporting": 0, "late": 0, "silent": 0}
    entries = (await api.admin.get("/api/audit", params={"action": "host.update"})).json()["entries"]
    assert [(one["object_id"], one["before"], one["after"]) for one in entries] == [
        ("z/1", {"expected": True}, {"expected": False})
    ]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"expected": False}, 404, "id"),
        ({}, 422, "expected"),
        ({"expected": "no"}, 422, "expected"),
        ({"expected": True, "name": "x"}, 422, "name"),
    ],
)
async def test_wrong_changes_are_named(shared_api: Any, body: dict[str, object], status: int, field: str) -> None:
    answer = await shared_api.admin.patch("/api/hosts/nobody", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (status, field)


async def test_series_come_in_pages_each_once(api: Any, seed_api: Any) -> None:
    now_s = time.time()
    names = [f"m{n % 3}" for n in range(10)]
    for n, name in enumerate(names):
        await seed_api.series(f"h{n % 2}", name, [(now_s, 1)], labels={"n": str(n)}, unit="By", kind="counter")
    got: list[dict[str, Any]] = []
    cursor = None
    for _ in range(10):
        page = (await api.admin.get("/api/series", params={"limit": 3} | ({"cursor": cursor} if cursor else {}))).json()
        got += page["series"]
        cursor = page["next"]
        if cursor is None:
            break
    assert [one["name"] for one in got] == sorted(names)
    assert sorted(one["labels"]["n"] for one in got) == sorted(str(n) for n in range(10))
    assert (got[0]["unit"], got[0]["kind"], got[0]["text"]) == ("By", "counter", 'm0{n="0"}')


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"name": "disk_io"}, ['disk_io{d="a%b"}']),
        ({"host": "b"}, ["diskxio"]),
        ({"text": "K_IO"}, ['disk_io{d="a%b"}']),
        ({"text": "a%"}, ['disk_io{d="a%b"}']),
        ({"text": "a\\"}, []),
        ({"name": "disk"}, []),
    ],
    ids=["name", "host", "text", "percent", "backslash", "none"],
)
async def test_series_are_narrowed(api: Any, seed_api: Any, params: dict[str, str], expected: list[str]) -> None:
    await seed_api.series("a", "disk_io", [(time.time(), 1)], labels={"d": "a%b"})
    await seed_api.series("b", "diskxio", [(time.time(), 1)])
    found = (await api.admin.get("/api/series", params=params)).json()["series"]
    assert [one["text"] for one in found] == expected


@pytest.mark.parametrize(
    "cursor",
    ["x", "====", base64.urlsafe_b64encode(b'["a",-1]').decode(), base64.urlsafe_b64encode(b'["a\\u0000",1]').decode(),
     base64.urlsafe_b64encode(b"[1,1]").decode(), base64.urlsafe_b64encode(b'["a",99999999999]').decode(), "é"],
)  # fmt: skip
async def test_a_cursor_that_is_not_ours_is_refused(shared_api: Any, cursor: str) -> None:
    answer = await shared_api.admin.get("/api/series", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "cursor")

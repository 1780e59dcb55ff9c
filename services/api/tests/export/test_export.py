"""Exports over HTTP: every row, exactly, however many pages it takes."""

import csv
import io
import json
import time
from typing import Any

import httpx
import pytest

from watchkeeper.api.export import rows
from watchkeeper.api.metrics.resolution import Resolution

pytestmark = pytest.mark.store

CPU = "system.cpu.utilization"


def read(answer: httpx.Response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.text, newline=""), strict=True))


async def test_csv_has_every_sample_of_every_series_in_order(
    api: Any, seed_api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "PAGE_ROWS", 7)
    start_s = int(time.time()) - 1000
    samples = {
        host: [(start_s + 10 * k + 0.125, -k / 7) for k in range(count)] for host, count in (("a", 21), ("b", 5))
    }
    for host in "ba":
        await seed_api.series(host, CPU, samples[host])
    answer = await api.clients["read_key"].get("/api/export/metrics.csv", params={"type": "cpu", "range": "1h"})
    header, *found = read(answer)
    assert header == ["time", "host", "name", "series", "unit", "kind", "value (1)"]
    assert [row[1:6] for row in found] == [[host, f"name of {host}", CPU, "1", "gauge"] for host in "a" * 21 + "b" * 5]
    assert [float(row[6]) for row in found] == [value for host in "ab" for _, value in samples[host]]
    assert found[0][0].endswith(".125000Z")
    assert answer.headers["content-disposition"].startswith('attachment; filename="watchkeeper-cpu-raw-')
    assert answer.headers["content-type"].startswith("text/csv; charset=utf-8")


async def test_json_is_one_object_that_ends_with_complete(
    api: Any, seed_api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "PAGE_ROWS", 4)
    start_s = int(time.time()) - 1000
    labels = {"system.device": '=cmd|"x"'}
    await seed_api.series(
        "a", "disk.io", [(start_s + k, k * 10) for k in range(8)], labels=labels, kind="counter", unit="By"
    )
    await seed_api.series("b", "disk.io", [(start_s, 1)], unit="By")
    answer = await api.admin.get("/api/export/metrics.json", params={"series": "disk.io", "range": "1h"})
    assert answer.text.endswith('"complete":true}\n')
    found = json.loads(answer.text)
    assert (found["resolution"], found["columns"]) == ("raw", ["time", "value"])
    first, second = found["series"]
    assert (first["host"], first["labels"], first["kind"], first["unit"]) == ("a", labels, "counter", "By")
    assert [value for _, value in first["rows"]] == [k * 10 for k in range(8)]
    assert len(second["rows"]) == 1


@pytest.mark.parametrize("resolution", ["minute", "hour"])
async def test_rollups_have_their_columns(api: Any, seed_api: Any, resolution: str) -> None:
    start_s = int(time.time()) // 3600 * 3600 - 7200
    await seed_api.series("a", CPU, [(start_s + 15 * k, float(k)) for k in range(8)], unit="s")
    await seed_api.roll_up(time.time())
    params = {"type": "cpu", "range": "6h", "resolution": resolution}
    header, *found = read(await api.admin.get("/api/export/metrics.csv", params=params))
    assert header[6:] == ["avg (s)", "min (s)", "max (s)", "last (s)", "count"]
    expected = {"minute": [[1.5, 0, 3, 3, 4], [5.5, 4, 7, 7, 4]], "hour": [[3.5, 0, 7, 7, 8]]}[resolution]
    assert [[float(cell) for cell in row[6:]] for row in found] == expected


async def test_names_that_look_like_formulas_are_made_harmless(api: Any, seed_api: Any) -> None:
    now_s = time.time()
    await seed_api.series("=1+1", CPU, [(now_s - 20, -1.5), (now_s - 10, 1e300)])
    _, *found = read(await api.admin.get("/api/export/metrics.csv", params={"type": "cpu"}))
    assert {row[1] for row in found} == {"'=1+1"}
    assert [row[6] for row in found] == ["-1.5", "1e+300"]


@pytest.mark.parametrize("kind", ["csv", "json"])
async def test_an_error_in_the_middle_is_not_taken_for_the_end(
    api: Any, seed_api: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    now_s = time.time()
    await seed_api.series("a", CPU, [(now_s - 20, 1), (now_s - 10, 1)])
    second = await seed_api.series("b", CPU, [(now_s - 20, 1), (now_s - 10, 1)])
    failing = rows.RAW.replace(
        "SELECT ts AS time, value", f"SELECT ts AS time, value / nullif({second} - series_id, 0)::int"
    )
    failing = failing.replace("nullif", "").replace(", 0)::int", ")")
    monkeypatch.setitem(rows.PAGES, Resolution.RAW, failing)
    got = b""
    with pytest.raises(httpx.RemoteProtocolError):  # noqa: PT012 - what came before the error is looked at
        async with api.admin.stream("GET", f"/api/export/metrics.{kind}", params={"type": "cpu"}) as answer:
            assert answer.status_code == 200
            async for chunk in answer.aiter_bytes():
                got += chunk
    assert b"complete" not in got


@pytest.mark.parametrize(
    ("params", "status", "field"),
    [
        ({}, 422, "type"),
        ({"type": "cpu", "series": CPU}, 422, "type"),
        ({"type": "cpuu"}, 422, "type"),
        ({"series": "no.such"}, 404, "series"),
        ({"series": "not a name"}, 422, "series"),
        ({"type": "cpu", "host": "nobody"}, 404, "host"),
        ({"type": "cpu", "range": "x"}, 422, "range"),
        ({"type": "cpu", "resolution": "day"}, 422, "resolution"),
        ({"type": "cpu", "format": "xls"}, 422, "format"),
    ],
)
async def test_wrong_parameters_are_named(shared_api: Any, params: dict[str, str], status: int, field: str) -> None:
    answer = await shared_api.admin.get("/api/export/metrics.csv", params=params)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (status, field), answer.text


async def test_nothing_to_export_is_a_header_and_a_whole_object(shared_api: Any) -> None:
    answer = await shared_api.admin.get("/api/export/metrics.csv", params={"type": "load"})
    assert answer.text == "time,host,name,series,unit,kind,value\r\n"
    answer = await shared_api.admin.get("/api/export/metrics.json", params={"type": "load"})
    assert (answer.json()["series"], answer.json()["complete"]) == ([], True)

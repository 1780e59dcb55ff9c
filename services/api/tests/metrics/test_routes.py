"""The metrics routes over HTTP: parameters, shapes and errors."""

import time
from typing import Any

import pytest

pytestmark = pytest.mark.store


async def test_current_tells_value_unit_age_and_state(api: Any, seed_api: Any) -> None:
    now_s = time.time()
    await seed_api.series("a", "system.cpu.utilization", [(now_s - 12, 0.2), (now_s - 2, 0.4)])
    await seed_api.series("old", "system.cpu.utilization", [(now_s - 910, 0.1), (now_s - 900, 0.1)])
    answer = (await api.clients["read_key"].get("/api/metrics/current")).json()
    new, old = answer["hosts"]
    assert (new["host"], new["name"], new["kind"], new["state"]) == ("a", "name of a", "host", "reporting")
    cpu = new["metrics"]["cpu"]
    assert (cpu["value"], cpu["unit"], cpu["fresh"], cpu["series"]) == (0.4, "1", True, "system.cpu.utilization")
    assert 1.9 < cpu["age_s"] < 12
    assert set(new["metrics"]) == {"cpu"}
    assert (old["state"], old["metrics"]["cpu"]["fresh"]) == ("silent", False)


async def test_current_rates_and_lines_of_the_network(api: Any, seed_api: Any) -> None:
    now_s = time.time()
    for interface, direction, rate in (("e0", "receive", 3), ("e1", "receive", 4), ("e0", "transmit", 10)):
        labels = {"network.interface.name": interface, "network.io.direction": direction}
        samples = [(now_s - 12, 0), (now_s - 2, 10 * rate)]
        await seed_api.series("a", "system.network.io", samples, labels=labels, kind="counter", unit="By")
    answer = (await api.admin.get("/api/metrics/current", params={"host": "a", "type": ["network", "cpu"]})).json()
    network = answer["hosts"][0]["metrics"]["network"]
    assert (network["value"], network["unit"], network["series"]) == (pytest.approx(17), "By/s", "system.network.io")
    assert network["lines"] == [
        {"labels": {"network.io.direction": "receive"}, "value": pytest.approx(7)},
        {"labels": {"network.io.direction": "transmit"}, "value": pytest.approx(10)},
    ]


@pytest.mark.parametrize(
    ("path", "params", "status", "field"),
    [
        ("current", {"type": "cpuu"}, 422, "type"),
        ("current", {"host": "nobody"}, 404, "host"),
        ("current", {"hots": "a"}, 422, "hots"),
        ("history/cpu", {"range": "1y"}, 422, "range"),
        ("history/cpu", {"range": "1h", "from": "1"}, 422, "range"),
        ("history/cpu", {"from": "yesterday"}, 422, "from"),
        ("history/cpu", {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, 422, "from"),
        ("history/cpu", {"step": "0"}, 422, "step"),
        ("history/cpu", {"step": "1s", "range": "1d"}, 422, "step"),
        ("history/cpu", {"step": "60", "points": "5"}, 422, "step"),
        ("history/cpu", {"points": "0"}, 422, "points"),
        ("history/cpu", {"agg": "median"}, 422, "agg"),
        ("history/cpu", {"host": "nobody"}, 404, "host"),
        ("history/nothing.here", {}, 404, "type"),
        ("history/cpu", {"label": "a:b"}, 422, "label"),
        ("summary", {"host": ""}, 422, "host[0]"),
    ],
)
async def test_wrong_parameters_are_named(
    shared_api: Any, path: str, params: dict[str, str], status: int, field: str
) -> None:
    answer = await shared_api.admin.get(f"/api/metrics/{path}", params=params)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["field"] == field


async def test_history_has_600_points_at_most_unless_asked(api: Any, seed_api: Any) -> None:
    now_s = time.time()
    await seed_api.series("a", "system.cpu.utilization", [(now_s - 12, 0.2), (now_s - 2, 0.4)])
    for range_, step_s, resolution in (
        ("1h", 10, "raw"),
        ("24h", 180, "minute"),
        ("7d", 1800, "minute"),
        ("30d", 7200, "hour"),
    ):
        answer = (await api.admin.get("/api/metrics/history/cpu", params={"range": range_})).json()
        assert (answer["step_s"], answer["resolution"]) == (step_s, resolution)
        assert len(answer["times_s"]) <= 601
        assert set(answer["lines"][0]["values"][-2:]) != {None}  # a step may have begun since the last sample
    answer = (await api.admin.get("/api/metrics/history/cpu", params={"range": "30d", "step": "1m"})).json()
    assert (len(answer["times_s"]), answer["resolution"]) == (43_201, "minute")


async def test_who_reads_too_much_at_a_time_is_told_when_to_come_again(
    api: Any, seed_api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = time.time()
    await seed_api.series("a", "system.cpu.utilization", [(now_s - 12, 0.2), (now_s - 2, 0.4)])
    monkeypatch.setattr(api.context.turns, "wait_s", 0.05)
    turns, admin = api.context.turns, api.ids["admin"]
    paths = ("/api/metrics/history/cpu", "/api/metrics/summary", "/api/series")
    async with turns.of(admin), turns.of(admin):
        for path in paths:
            answer = await api.admin.get(path)
            assert (answer.status_code, answer.headers.get("retry-after")) == (503, "1"), path
            assert answer.json()["title"] == "Busy"
            assert (await api.clients["viewer"].get(path)).status_code == 200
    for path in paths:
        assert (await api.admin.get(path)).status_code == 200


async def test_a_large_answer_is_compressed_for_who_takes_it(api: Any, seed_api: Any) -> None:
    now_s = time.time()
    await seed_api.series("a", "system.cpu.utilization", [(now_s - 12, 0.2), (now_s - 2, 0.4)])
    params = {"range": "7d", "step": "1m"}
    packed = await api.admin.get("/api/metrics/history/cpu", params=params)
    plain = await api.admin.get("/api/metrics/history/cpu", params=params, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json()["lines"][0]["values"].count(None) == plain.json()["lines"][0]["values"].count(None)


async def test_summary_knows_nothing_of_an_empty_store(api: Any) -> None:
    answer = (await api.admin.get("/api/metrics/summary")).json()
    for name in ("uptime", "active_users", "response_time", "threats_blocked"):
        card = answer[name]
        assert (card["value"], card["previous"], card["change"], card["age_s"]) == (None, None, None, None)
        assert set(card["trend"]) == {None}
    assert (answer["response_time"]["threshold"], answer["response_time"]["state"]) == (0.5, "unknown")


async def test_summary_reads_its_cards(api: Any, seed_api: Any) -> None:
    now_s = time.time()
    times = [now_s - 60 * k - 5 for k in range(600, -1, -1)]
    for probe, ok in (("a", 1.0), ("b", 0.5)):
        await seed_api.series("h", "watchkeeper.probe.success", [(t, ok) for t in times], labels={"probe": probe})
    for host in "pq":
        await seed_api.series(host, "app.users.active", [(t, 4) for t in times], resource_kind="application")
    await seed_api.series("h", "watchkeeper_active_users", [(t, 100) for t in times])
    await seed_api.series("h", "http.server.request.duration", [(t, 0.75) for t in times])
    await seed_api.series("h", "security.threats.blocked", [(t, k) for k, t in enumerate(times)], kind="counter")
    await seed_api.roll_up(now_s - 120)
    answer = (await api.admin.get("/api/metrics/summary")).json()
    assert answer["uptime"]["value"] == pytest.approx(0.75)
    assert (answer["uptime"]["period"], answer["uptime"]["previous"]) == ("7d", None)
    assert answer["active_users"]["value"] == 8
    assert answer["response_time"]["value"] == pytest.approx(0.75)
    assert answer["response_time"]["state"] == "breached"
    assert answer["threats_blocked"]["value"] == pytest.approx(600, abs=1)
    assert sum(v for v in answer["threats_blocked"]["trend"] if v is not None) == answer["threats_blocked"]["value"]


async def test_without_probes_uptime_is_the_share_of_minutes_heard_of(api: Any, seed_api: Any) -> None:
    now_s = time.time()
    start_s = now_s // 60 * 60 - 6000
    times = [start_s + 60 * k for k in range(100) if k % 4]
    await seed_api.series("h", "system.cpu.utilization", [(t, 1) for t in [start_s, *times]])
    await seed_api.roll_up(now_s)
    answer = (await api.admin.get("/api/metrics/summary")).json()
    assert answer["uptime"]["value"] == pytest.approx(0.75, abs=0.03)


async def test_summary_compares_with_the_period_before(api: Any, seed_api: Any) -> None:
    now_s = time.time()
    times = [now_s - 600 * k - 5 for k in range(14 * 144, -1, -1)]
    users = [(t, 2 if t < now_s - 23 * 3600 else 6) for t in times]
    await seed_api.series("p", "app.users.active", users, interval_s=600, resource_kind="application")
    up = [(t, 0.5 if t < now_s - 7 * 86_400 else 1) for t in times]
    await seed_api.series("h", "watchkeeper.probe.success", up, interval_s=600)
    blocked = [(t, k if t < now_s - 86_400 else 2 * k) for k, t in enumerate(times)]
    await seed_api.series("h", "security.threats.blocked", blocked, kind="counter", interval_s=600)
    await seed_api.roll_up(now_s - 120)
    answer = (await api.admin.get("/api/metrics/summary")).json()
    users_card, uptime, threats = answer["active_users"], answer["uptime"], answer["threats_blocked"]
    assert (users_card["value"], users_card["previous"], users_card["change"]) == (6, 2, 2)
    assert users_card["trend"][-2] == 6
    assert (uptime["value"], uptime["previous"], uptime["change"]) == (
        1,
        pytest.approx(0.5, abs=0.02),
        pytest.approx(1, abs=0.1),
    )
    assert len(uptime["trend"]) == 7
    assert threats["previous"] == pytest.approx(144, abs=7)
    assert len(threats["trend"]) == 24

"""Exports take turns."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from watchkeeper.api.export import writing

pytestmark = pytest.mark.store


async def test_exports_take_turns_of_their_own(api: Any, seed_api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = time.time()
    await seed_api.series("a", "system.cpu.utilization", [(now_s - 12, 0.2), (now_s - 2, 0.4)])
    monkeypatch.setattr(api.context.export_turns, "wait_s", 0.05)
    turns, admin = api.context.export_turns, api.ids["admin"]
    for kind in ("csv", "json"):
        path = f"/api/export/metrics.{kind}?type=cpu"
        async with turns.of(admin), turns.of(admin):
            answer = await api.admin.get(path)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            assert (await api.admin.get("/api/metrics/history/cpu")).status_code == 200
        for _ in range(3):
            assert (await api.admin.get(path)).status_code == 200
        assert not turns._lines


async def test_an_export_keeps_its_turn_until_it_is_sent(
    api: Any, seed_api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = time.time()
    await seed_api.series("a", "system.cpu.utilization", [(now_s - 12, 0.2), (now_s - 2, 0.4)])
    whole, held = writing.csv, []

    async def watched(store: Any, export: Any) -> AsyncIterator[bytes]:
        async for chunk in whole(store, export):
            held.append(len(api.context.export_turns._lines))
            yield chunk

    monkeypatch.setattr(writing, "csv", watched)
    assert (await api.admin.get("/api/export/metrics.csv?type=cpu")).status_code == 200
    assert set(held) == {1}
    assert not api.context.export_turns._lines

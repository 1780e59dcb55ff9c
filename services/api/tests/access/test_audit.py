"""The audit log."""

from datetime import timedelta
from typing import Any

import pytest

from watchkeeper.api.access import audit, cleaning
from watchkeeper.api.access.audit import SYSTEM, Change

pytestmark = pytest.mark.store


async def entries(api: Any, **filters: object) -> list[dict[str, Any]]:
    """The entries that an administrator gets."""
    found: list[dict[str, Any]] = (await api.admin.get("/api/audit", params=filters)).json()["entries"]
    return found


async def test_an_entry_goes_with_its_change_or_not_at_all(api: Any) -> None:
    """Both are in one transaction."""

    async def change_and_fail() -> None:
        async with api.store.transaction() as connection:
            await connection.execute("UPDATE users SET role = 'admin' WHERE name = 'viewer'")
            await audit.record(connection, SYSTEM, Change("user.update", "user", "viewer"))
            raise RuntimeError("the change fails")

    with pytest.raises(RuntimeError, match="the change fails"):
        await change_and_fail()
    assert await entries(api, action="user.update") == []


async def test_filters_narrow_and_pages_follow(api: Any) -> None:
    """Newest first, each entry once."""
    async with api.store.transaction() as connection:
        for number in range(5):
            await audit.record(connection, SYSTEM, Change("thing.do", "thing", str(number), None, {"number": number}))
    page = (await api.admin.get("/api/audit", params={"action": "thing.do", "limit": 3})).json()
    assert [entry["object_id"] for entry in page["entries"]] == ["4", "3", "2"]
    rest = (await api.admin.get("/api/audit", params={"action": "thing.do", "limit": 3, "cursor": page["next"]})).json()
    assert [entry["object_id"] for entry in rest["entries"]] == ["1", "0"]
    assert rest["next"] is None
    assert [entry["after"] for entry in await entries(api, object_kind="thing", object_id="2")] == [{"number": 2}]
    assert len(await entries(api, actor="watchkeeper")) == 5
    assert await entries(api, action="thing.do", until="2020-01-01T00:00:00Z") == []
    assert len(await entries(api, action="thing.do", since="2020-01-01T00:00:00Z")) == 5


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"since": "yesterday"}, "since"),
        ({"until": "0.5"}, "until"),
        ({"limit": 0}, "limit"),
        ({"cursor": "x"}, "cursor"),
        ({"actor": "a\x00"}, "actor"),
        ({"who": "admin"}, "who"),
    ],
    ids=str,
)
async def test_a_filter_that_will_not_do_is_named(shared_api: Any, query: dict[str, object], field: str) -> None:
    """An unknown one too: it would have filtered nothing."""
    answer = await shared_api.admin.get("/api/audit", params=query)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


async def test_times_beyond_the_calendar_are_the_calendars_ends(shared_api: Any) -> None:
    """A database's calendar has other ends than ours."""
    query = {"since": "0001-01-01T00:00:00+14:00", "until": "9999-12-31T23:59:59-12:00"}
    assert (await shared_api.admin.get("/api/audit", params=query)).status_code == 200


async def test_what_is_older_than_its_time_is_removed(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where one statement does not take it all; the rest stays."""
    monkeypatch.setattr(audit, "FORGET_AT_ONCE", 2)
    ages = [401, 402, 403, 404, 405, 399]
    async with api.store.transaction() as connection:
        for age in ages:
            await audit.record(connection, SYSTEM, Change("thing.do", "thing", str(age)))
            shift = "UPDATE audit_log SET at = now() - $1::interval WHERE object_id = $2"
            await connection.execute(shift, timedelta(days=age), str(age))
    await cleaning.clean(api.context)
    assert [entry["object_id"] for entry in await entries(api, action="thing.do")] == ["399"]

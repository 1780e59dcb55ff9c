"""The first administrator."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.api.access.bootstrap import NOTHING, bootstrap, first_users
from watchkeeper.common.bus import KafkaSettings
from watchkeeper.common.store import Store

pytestmark = pytest.mark.store


async def test_many_at_once_make_one(store: Store) -> None:
    """Several starters may call it; one answers with the secrets."""
    made = await asyncio.gather(*(first_users(store) for _ in range(4)))
    (one,) = [answer for answer in made if answer != NOTHING]
    assert one.user == "admin"
    assert all(one)
    async with store.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM users") == 1
        rows = await connection.fetch("SELECT action, row_to_json(audit_log)::text AS whole FROM audit_log ORDER BY 1")
    assert [row["action"] for row in rows] == ["key.add", "key.add", "user.add"]
    for secret in (one.password, one.read_key, one.ingest_key):
        assert not any(str(secret) in row["whole"] for row in rows)


async def test_it_makes_its_own_tables_and_says_nothing_the_second_time(store: Store) -> None:
    """On an empty database, or a full one."""
    assert (await bootstrap(store.settings)).user == "admin"
    assert await bootstrap(store.settings) == NOTHING


async def test_what_is_made_is_kept_before_it_counts(store: Store, tmp_path: Path) -> None:
    """A caller may be killed at any moment after; where it cannot be kept, nothing is made."""
    with pytest.raises(FileNotFoundError):
        await first_users(store, tmp_path / "missing" / "bootstrap.json")
    file = tmp_path / "bootstrap.json"
    made = await first_users(store, file)
    assert made.user == "admin", "the one that could not be kept counts"
    assert json.loads(file.read_text()) == made._asdict()
    assert file.stat().st_mode & 0o077 == 0
    assert await first_users(store, file) == NOTHING
    assert json.loads(file.read_text()) == made._asdict()


async def command(*arguments: str, **environment: str) -> tuple[int | None, str, str]:
    """Run the gateway's command; answers exit code, output, errors."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "watchkeeper.api", *arguments, env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, errors = await process.communicate()
    return process.returncode, output.decode(), errors.decode()


async def test_the_command_prints_one_line_and_what_it_prints_opens_the_door(
    kafka: KafkaSettings, database_url: str, start_api: Any
) -> None:
    """The password signs in and is to be changed; the keys read and push."""
    where = {"WK_KAFKA_SERVERS": kafka.servers, "WK_DATABASE_URL": database_url}
    code, output, errors = await command("bootstrap", **where)
    assert code == 0, errors
    made = json.loads(output)
    assert output.count("\n") == 1
    code, output, _ = await command("bootstrap", **where)
    assert json.loads(output) == {"user": None, "password": None, "read_key": None, "ingest_key": None}
    async with start_api(kafka, database_url, callers=False) as api:
        body = {"user": made["user"], "password": made["password"]}
        session = await api.anonymous.post("/api/session", json=body)
        assert session.json()["must_change_password"] is True
        for name in ("read_key", "ingest_key"):
            async with api.client(made[name]) as client:
                assert (await client.get("/api/users")).status_code == 403


async def test_wrong_settings_end_with_one_line() -> None:
    """Exit code 2, and the variable's name."""
    code, output, errors = await command("bootstrap", WK_KAFKA_SERVERS="127.0.0.1:1", WK_DATABASE_URL="mysql://x")
    assert code == 2
    assert output == ""
    assert errors.count("\n") == 1
    assert "WK_DATABASE_URL" in errors


async def test_an_unknown_command_is_told_the_known_ones() -> None:
    """Exit code 2."""
    code, _, errors = await command("dance")
    assert code == 2
    assert "bootstrap" in errors

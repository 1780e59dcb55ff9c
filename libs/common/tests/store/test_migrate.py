"""Numbered migrations."""

import asyncio
from pathlib import Path

import pytest
from pydantic import SecretStr

from watchkeeper.common.store import DatabaseKind, DatabaseSettings, NewerSchemaError, Store, migrate, open_store
from watchkeeper.common.store.migrate import LOCK_KEY, migrations

TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"


@pytest.mark.parametrize("kind", list(DatabaseKind))
def test_each_kind_has_every_number_once_in_order(kind: DatabaseKind) -> None:
    """Both kinds run the same steps."""
    numbers = [step.number for step in migrations(kind)]
    assert numbers == sorted(set(numbers))
    assert numbers == [step.number for step in migrations(DatabaseKind.PLAIN)]
    assert numbers[0] == 1


@pytest.mark.store
async def test_several_starters_at_once_run_each_step_once(database_url: str) -> None:
    """Five at the same time on a fresh database: together they ran every step, none of them twice."""

    async def start() -> list[int]:
        async with open_store(DatabaseSettings(url=SecretStr(database_url))) as store:
            return [step.number for step in await migrate(store)]

    ran = await asyncio.gather(*(start() for _ in range(5)))
    every = [step.number for step in migrations(DatabaseKind.PLAIN)]
    assert sorted(number for numbers in ran for number in numbers) == every


@pytest.mark.store
async def test_a_second_run_changes_nothing(store: Store) -> None:
    """All steps stand in the table, and none is run again."""
    assert await migrate(store) == []


@pytest.mark.store
async def test_a_newer_schema_is_refused_and_nothing_is_changed(store: Store) -> None:
    """A database that knows a step that we do not is left alone, and its lock is given back."""
    async with store.connection() as connection:
        await connection.execute("INSERT INTO schema_migrations (number, name) VALUES (9999, 'future')")
        before = await connection.fetchval(TABLES)
    with pytest.raises(NewerSchemaError, match="made by a newer Watchkeeper: it has migration 9999"):
        await migrate(store)
    async with store.connection() as connection:
        assert await connection.fetchval(TABLES) == before
        assert await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK_KEY)
        await connection.execute("SELECT pg_advisory_unlock($1)", LOCK_KEY)


@pytest.mark.store
async def test_a_step_that_fails_leaves_no_half(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its transaction is rolled back, those before it stay, and the next run goes on from there."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_good.sql").write_text("CREATE TABLE good (id integer);")
    (folder / "0002_bad.sql").write_text("CREATE TABLE half (id integer); SELECT 1 / 0;")
    monkeypatch.setattr("importlib.resources.files", lambda _: tmp_path)
    async with open_store(DatabaseSettings(url=SecretStr(database_url))) as store:
        with pytest.raises(Exception, match="division by zero"):
            await migrate(store)
        async with store.connection() as connection:
            assert await connection.fetchval("SELECT to_regclass('good') IS NOT NULL AND to_regclass('half') IS NULL")
        (folder / "0002_bad.sql").write_text("CREATE TABLE half (id integer);")
        assert [step.number for step in await migrate(store)] == [2]


def test_a_number_that_stands_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two files with one number would run in the order of their names: nobody meant that."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    for name in ("0001_a.sql", "0001_b.plain.sql"):
        (folder / name).write_text("SELECT 1")
    monkeypatch.setattr("importlib.resources.files", lambda _: tmp_path)
    with pytest.raises(ValueError, match="migration 0001 stands twice: a, b"):
        migrations(DatabaseKind.PLAIN)
    assert [step.name for step in migrations(DatabaseKind.TIMESCALE)] == ["a"]

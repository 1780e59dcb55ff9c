"""The first administrator and the first keys, made once, where there is no user yet."""

import asyncio
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from argon2 import PasswordHasher

from watchkeeper.api.access import audit, keys, users
from watchkeeper.api.access.audit import SYSTEM, Change
from watchkeeper.api.access.permissions import Role, Scope
from watchkeeper.api.access.secrets import draw_key, draw_password
from watchkeeper.common.store import Connection, DatabaseSettings, Store, is_transient, migrate, open_store

ADMIN = "admin"
WAIT_S = 60.0
RETRY_S = 0.5


class Bootstrapped(NamedTuple):
    """What was made: shown once, and nowhere kept. All ``None`` where there were users already."""

    user: str | None
    password: str | None
    read_key: str | None
    ingest_key: str | None


NOTHING = Bootstrapped(None, None, None, None)


async def bootstrap(settings: DatabaseSettings, file: Path | None = None) -> Bootstrapped:
    """Wait for the database (``WAIT_S`` at most), migrate it, and make the first administrator if there is no user.

    What was made is also written to ``file`` (see ``first_users``). Raises ``TimeoutError`` where the database stays
    away, ``NewerSchemaError`` where it is ahead of this version, ``OSError`` where the file cannot be written.
    """
    async with asyncio.timeout(WAIT_S):
        while True:
            try:
                async with open_store(settings, application="watchkeeper-bootstrap") as store:
                    await migrate(store)
                    return await first_users(store, file)
            except Exception as error:
                if not is_transient(error):
                    raise
            await asyncio.sleep(RETRY_S)


async def first_users(store: Store, file: Path | None = None) -> Bootstrapped:
    """Make ``admin`` with a drawn one-time password, and two keys; nothing if there is a user.

    Several may call at once: one makes them. They are in ``file``, for its owner only, before they count: a caller
    that is killed after that finds them there. The file of one that was killed before holds what opens no door.
    """
    password = draw_password()
    password_hash = await asyncio.to_thread(PasswordHasher().hash, password)
    async with store.transaction() as connection:
        if not await users.first_comer(connection):
            return NOTHING
        added = await users.add(connection, users.NewUser(ADMIN, Role.ADMIN, password_hash, must_change_password=True))
        change = Change("user.add", "user", str(added["id"]), None, {"name": ADMIN, "role": Role.ADMIN.value})
        await audit.record(connection, SYSTEM, change)
        read_key = await _key(connection, "first read key", Scope.READ)
        ingest_key = await _key(connection, "first ingest key", Scope.INGEST)
        made = Bootstrapped(ADMIN, password, read_key, ingest_key)
        if file is not None:
            await asyncio.to_thread(_keep, made, file)
    return made


def _keep(made: Bootstrapped, file: Path) -> None:
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(json.dumps(made._asdict()) + "\n")
        opened.flush()
        os.fsync(opened.fileno())
    part.replace(file)


async def _key(connection: Connection, name: str, scope: Scope) -> str:
    key = draw_key()
    new = keys.NewKey(name, [scope], SYSTEM.actor_name)
    added = await keys.add(connection, new, key, datetime.now(UTC))
    after = {"name": name, "scopes": [scope.value], "hint": key.hint}
    await audit.record(connection, SYSTEM, Change("key.add", "key", str(added["id"]), None, after))
    return key.text

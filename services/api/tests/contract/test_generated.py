"""Requests generated from the OpenAPI document, right and wrong ones, against the application on real engines."""

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.api.access.secrets import csrf_token

pytestmark = [pytest.mark.store, pytest.mark.timeout(900)]

CONFIG = Path(__file__).with_name("schemathesis.toml")
EXAMPLES = "10"
TIME_S = 840
SESSIONS = "^/api/session"


async def run(api: Any, key: str, session: str, *arguments: str) -> tuple[int | None, str]:
    """Run schemathesis against ``api`` with a key and a session's token; answers its exit code and what it wrote."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run", f"{api.url}/api/openapi.json",
        "--max-examples", EXAMPLES, *arguments,
        env={**os.environ, "WK_TEST_KEY": key, "WK_TEST_SESSION": session},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        async with asyncio.timeout(TIME_S):
            written, _ = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    return process.returncode, written.decode()


async def live(api: Any) -> None:
    """Wait until the live stream knows whether Kafka is there: from then on its first event comes at once."""
    async with api.clients["read_key"].stream("GET", "/api/live") as stream:
        async for line in stream.aiter_lines():
            if line == "event: state":
                return


async def seed_example(seed: Any) -> None:
    """Put what the document's examples name into the store, so that they find something."""
    now_s = time.time() // 10 * 10
    samples = [(now_s - 10 * age, 0.25 + 0.01 * age) for age in range(30, 0, -1)]
    await seed.series("web-1", "system.cpu.utilization", samples)
    await seed.roll_up(now_s)


async def test_the_api_keeps_its_document(api: Any, seed: Any) -> None:
    """Every operation answers as documented to whatever comes, with an administrator's key."""
    await seed_example(seed)
    await live(api)
    code, written = await run(api, api.secrets["admin_key"], "none", "--exclude-path-regex", SESSIONS)
    assert code == 0, written


@pytest.mark.parametrize(
    "operation", ["POST /api/session", "GET /api/session", "DELETE /api/session", "POST /api/session/password"]
)
async def test_sessions_keep_the_document(api: Any, operation: str) -> None:
    """The same of what is for signed-in users only; each in a session of its own, which it may end."""
    token = await api.begin_session("admin")
    header = f"X-CSRF-Token: {csrf_token(token)}"
    code, written = await run(api, "none", token, "--include-name", operation, "--header", header)
    assert code == 0, written

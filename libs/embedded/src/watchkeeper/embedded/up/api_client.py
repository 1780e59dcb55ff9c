"""What ``up`` asks the api, over loopback."""

import http.client
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchkeeper.embedded.ports import LOOPBACK

ANSWER_S = 3.0
MEASURED = ("cpu", "memory")
"""What every host has: where these come out, the whole way works."""

BODY_BYTES_MAX = 4 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """An answer: its status, 0 where nobody answered; its JSON object; its headers."""

    status: int
    body: dict[str, Any]
    cookie: str = ""


def ask(
    port: int, method: str, path: str, *, headers: dict[str, str] | None = None, body: dict[str, Any] | None = None
) -> Answer:
    """Send one request to ``port`` on loopback; never raises for what the other side does."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=ANSWER_S)
    given = dict(headers or {})
    if body is not None:
        given["Content-Type"] = "application/json"
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None, given)
        response = connection.getresponse()
        text = response.read(BODY_BYTES_MAX)
        cookie = (response.getheader("Set-Cookie") or "").split(";")[0]
        return Answer(response.status, _object(text), cookie)
    except (OSError, http.client.HTTPException):
        return Answer(0, {})
    finally:
        connection.close()


def is_ready(port: int) -> bool:
    """Whether the service whose health server is at ``port`` says that it is ready."""
    return ask(port, "GET", "/readyz").status == 200


def is_well(port: int) -> bool:
    """Whether the api answers, and finds nothing down."""
    return ask(port, "GET", "/api/system/health").status == 200


def current(port: int, read_key: str) -> Answer:
    """The current metrics, as the api gives them."""
    return ask(port, "GET", "/api/metrics/current", headers={"Authorization": f"Bearer {read_key}"})


def metrics_flow(answer: dict[str, Any], since: datetime) -> bool:
    """Whether ``answer``, the current metrics, has a host whose ``MEASURED`` were all measured after ``since``."""
    return any(
        all(_is_newer((host.get("metrics") or {}).get(name), since) for name in MEASURED)
        for host in answer.get("hosts", [])
    )


def _is_newer(metric: dict[str, Any] | None, since: datetime) -> bool:
    if not metric or metric.get("value") is None or not metric.get("time"):
        return False
    return datetime.fromisoformat(metric["time"]) >= since


def is_one_time_password(port: int, user: str, password: str) -> bool:
    """Whether ``user`` still has the password drawn for it: the api lets it in and asks for another one."""
    answer = ask(port, "POST", "/api/session", body={"user": user, "password": password})
    if answer.status != 200:
        return False
    headers = {"Cookie": answer.cookie, "X-CSRF-Token": str(answer.body.get("csrf", ""))}
    ask(port, "DELETE", "/api/session", headers=headers)
    return bool(answer.body.get("must_change_password"))


def _object(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}

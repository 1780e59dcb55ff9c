"""A service's answers about itself, through real HTTP."""

import dataclasses
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from watchkeeper.common.health import HANGING_S, HealthServer, Part, health, readiness, show_on_metrics
from watchkeeper.common.settings import HealthSettings


@dataclasses.dataclass
class Watched:
    """The least that can be watched."""

    name: str = "probe"
    parts: dict[str, Part] = dataclasses.field(default_factory=dict)
    heartbeat_s: float = dataclasses.field(default_factory=time.monotonic)


@pytest.fixture(name="watched")
def _watched() -> Watched:
    return Watched()


@pytest.fixture(name="server")
def _server(watched: Watched) -> Iterator[HealthServer]:
    server = HealthServer(HealthSettings(), watched)
    server.start()
    yield server
    server.stop()


def get(server: HealthServer, path: str) -> tuple[int, str, str]:
    """Status, content type and body."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=5) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read().decode()


def test_a_service_is_ready_when_all_parts_that_spoke_work(server: HealthServer, watched: Watched) -> None:
    assert get(server, "/readyz")[0] == 503, "nothing has spoken yet"
    watched.parts["kafka"] = Part(ok=True)
    watched.parts["database"] = Part(ok=False, detail="refused")
    status, _, body = get(server, "/readyz")
    assert status == 503
    assert json.loads(body) == {
        "service": "probe",
        "status": "not ready",
        "parts": {"database": {"ok": False, "detail": "refused"}, "kafka": {"ok": True, "detail": ""}},
    }
    watched.parts["database"] = Part(ok=True)
    status, kind, body = get(server, "/readyz")
    assert (status, kind, json.loads(body)["status"]) == (200, "application/json", "ready")


def test_a_service_that_is_not_ready_is_still_alive(server: HealthServer, watched: Watched) -> None:
    watched.parts["kafka"] = Part(ok=False)
    status, _, body = get(server, "/healthz")
    assert (status, json.loads(body)) == (200, {"service": "probe", "status": "ok"})


def test_a_loop_that_hangs_is_told(server: HealthServer, watched: Watched) -> None:
    watched.parts["kafka"] = Part(ok=True)
    watched.heartbeat_s = time.monotonic() - HANGING_S - 1
    status, _, body = get(server, "/healthz")
    assert (status, json.loads(body)["status"]) == (503, "hanging")
    assert get(server, "/readyz")[0] == 503


class Seven(Collector):
    """Shows a number."""

    def collect(self) -> Iterator[Metric]:
        """Yield it."""
        yield GaugeMetricFamily("seven_of_the_test", "A number.", 7)


def test_what_is_made_when_metrics_are_asked_for_is_shown_each_time(server: HealthServer) -> None:
    """Made once, at the first request."""
    made: list[Seven] = []

    def make() -> Seven:
        made.append(Seven())
        return made[0]

    show_on_metrics(make)
    assert not made
    for _ in range(2):
        assert "seven_of_the_test 7.0" in get(server, "/metrics")[2]
    assert len(made) == 1
    REGISTRY.unregister(made[0])


def test_the_process_tells_its_own_metrics(server: HealthServer) -> None:
    status, kind, body = get(server, "/metrics")
    assert status == 200
    assert kind.startswith("text/plain")
    assert "process_cpu_seconds_total" in body


def test_other_paths_say_what_there_is(server: HealthServer) -> None:
    status, _, body = get(server, "/")
    assert (status, json.loads(body)["detail"]) == (404, "there are /healthz, /readyz and /metrics")


def test_a_taken_port_is_an_error_at_the_start(server: HealthServer) -> None:
    with pytest.raises(OSError, match="Address already in use"):
        HealthServer(HealthSettings(port=server.port), Watched())


def test_the_limit_of_hanging_is_exact() -> None:
    watched = Watched(heartbeat_s=100)
    assert health(watched, 100 + HANGING_S - 0.001)[0]
    assert not health(watched, 100 + HANGING_S)[0]


def test_parts_are_told_in_the_order_of_their_names() -> None:
    watched = Watched(parts={"b": Part(ok=True), "a": Part(ok=True)}, heartbeat_s=0)
    assert list(readiness(watched, 0)[1]["parts"]) == ["a", "b"]

"""When ``up`` has arrived: real metrics come out of the api, with a key that we can hand out."""

from datetime import datetime

from watchkeeper.embedded.up import api_client
from watchkeeper.embedded.up.data_folder import CannotStartError
from watchkeeper.embedded.up.first_access import FirstAccess

METRICS_S = 0.5

Told = dict[str, str | None]


class Arrival:
    """Asked again and again once every part runs; answers what may be told when the time has come."""

    def __init__(self, access: FirstAccess, url: str, port: int, began: datetime) -> None:
        """``began`` is when this start began: what was measured before it does not count."""
        self._access, self._url, self._port, self._began = access, url, port, began
        self._next_s = 0.0

    def look(self, now_s: float) -> Told | None:
        """What the ready file holds, or ``None`` while there is something to wait for.

        Raises ``CannotStartError`` where the api cannot make the first administrator.
        """
        if now_s < self._next_s or self._access.is_asking():
            return None
        self._next_s = now_s + METRICS_S
        if self._access.error:
            raise CannotStartError(f"the first administrator could not be made: {self._access.error}")
        answer = self._access.answer
        if answer is None:
            self._access.ask()
            return None
        return self._told(answer) if api_client.is_well(self._port) and self._metrics_flow(answer["read_key"]) else None

    def _metrics_flow(self, key: str | None) -> bool:
        if key is None:  # there are users, but no key of ours: the api's own word must do
            return True
        current = api_client.current(self._port, key)
        if current.status == 401:  # the keys are of a database that is gone, or were revoked
            self._access.ask()
        return current.status == 200 and api_client.metrics_flow(current.body, self._began)

    def _told(self, answer: Told) -> Told:
        user, password = answer["user"], answer["password"]
        if user is not None and password is not None and not self._access.fresh:
            still_drawn = api_client.is_one_time_password(self._port, user, password)
            password = password if still_drawn else None  # changed since: its owner's secret
        return {"url": self._url, **answer, "password": password}

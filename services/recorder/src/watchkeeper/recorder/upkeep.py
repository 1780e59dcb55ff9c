"""What goes on beside the loop: rollups, retention, and partitions made ahead."""

import time

from watchkeeper.common.clock import Clock, from_ms
from watchkeeper.common.logging import get_logger
from watchkeeper.common.service import Running
from watchkeeper.common.store import Store, partitions
from watchkeeper.recorder import metrics
from watchkeeper.recorder.domain.arranging import Floors
from watchkeeper.recorder.domain.retention import HOLD_S, Cadence, Hold, base_of, floors_of, leaps
from watchkeeper.recorder.portions import WIDTHS
from watchkeeper.recorder.settings import RecorderSettings
from watchkeeper.recorder.store import resources, retention, rollups
from watchkeeper.recorder.store.errors import is_contention
from watchkeeper.recorder.store.room import TABLES, Room
from watchkeeper.recorder.waiting import HeldUp, passes, pause

RESOURCES_MAX = 200
"""Resources rolled up in one transaction."""
BUCKETS_MAX = 240
"""Buckets of each resolution in one look."""

log = get_logger(__name__)


class Upkeep:
    """Keeps rollups up to date and the store within its retention."""

    def __init__(self, settings: RecorderSettings, store: Store, running: Running) -> None:
        """Keep what upkeep needs."""
        self._settings = settings
        self._store = store
        self._running = running
        self._room = Room(store)
        self._hold = Hold()

    async def roll(self, clock: Clock) -> None:
        """Roll up what is marked, every ``rollup_every_s``, until stopped."""
        cadence, held_up = Cadence(), HeldUp(self._running, "rollups")
        while not self._running.until_stopped.is_set():
            more = False
            try:
                with metrics.ROLLUP_S.time():
                    minute_ms, hour_ms = cadence.before(clock.now_ms())
                    more = await self.roll_due("minute", minute_ms)
                    more = await self.roll_due("hour", hour_ms) or more
                    await self._tell_backlog()
            except Exception as error:  # noqa: BLE001 - sorted in _missed, which raises what does not pass
                self._missed(error, held_up)
            else:
                held_up.over()
            if not more:
                await pause(self._running.until_stopped, self._settings.rollup_every_s)

    async def roll_due(self, resolution: str, before_ms: int) -> bool:
        """Roll up the marked buckets that begin before ``before_ms``, oldest first; answers whether there may be more.

        Each bucket is looked at once, so that one that keeps being written to does not keep us.
        """
        async with self._store.connection() as connection:
            buckets = await rollups.marked(connection, resolution, from_ms(before_ms), BUCKETS_MAX)
        await self._room.make(resolution, (int(bucket.timestamp()) * 1000 for bucket in buckets))
        done = 0
        for bucket in buckets:
            rolled = RESOURCES_MAX
            while rolled == RESOURCES_MAX and not self._running.until_stopped.is_set():
                async with self._store.transaction() as connection:
                    rolled = await rollups.roll(connection, resolution, bucket, RESOURCES_MAX)
                done += rolled
        metrics.ROLLED.labels(resolution).inc(done)
        return done > 0 and len(buckets) == BUCKETS_MAX

    async def retain(self, clock: Clock) -> None:
        """Drop what is past its time and make room ahead, every ``retention_every_s``, until stopped."""
        held_up = HeldUp(self._running, "retention")
        while not self._running.until_stopped.is_set():
            try:
                await self.retain_once(clock.now_ms())
            except Exception as error:  # noqa: BLE001 - sorted in _missed, which raises what does not pass
                self._missed(error, held_up)
            else:
                held_up.over()
            await pause(self._running.until_stopped, self._settings.retention_every_s)

    async def retain_once(self, now_ms: int) -> None:
        """Raise the floors to where they belong at ``now_ms``, drop what lies below, make room ahead.

        They are counted from the newest sample where the clock is ahead of it (``base_of``), and wait where they would
        leap (``Hold``). The floor goes up first, alone: from then on writers put nothing below it, so nothing is
        dropped unseen.
        """
        await self._room.make_ahead(now_ms)
        async with self._store.connection() as connection:
            newest_ms = await resources.newest(connection)
            in_force = await retention.floors(connection)
        base_ms = base_of(now_ms, newest_ms, self._settings.ahead_s)
        if base_ms is None:
            return
        wanted = floors_of(base_ms, self._settings.kept, WIDTHS)
        if self._held(in_force, wanted):
            return
        for resolution, floor_ms in zip(TABLES, wanted, strict=True):
            async with self._store.transaction() as connection:
                free = await retention.raise_floor(connection, resolution, floor_ms)
            if free:
                await self._drop(resolution, floor_ms)
            else:
                log.warning("retention waits for rollups", resolution=resolution, floor=str(from_ms(floor_ms)))
        async with self._store.connection() as connection:
            await rollups.forget_late(connection, from_ms(base_ms) - self._settings.kept["minute"])

    def _held(self, in_force: Floors, wanted: Floors) -> bool:
        """Whether the floors stay for now; says so loudly, since a wrong clock looks like this.

        A new store's floors, which have never moved, wait as well, but there is nothing to be said about that.
        """
        leaping = leaps(in_force, wanted, WIDTHS)
        held = self._hold.holds(time.monotonic(), leaping=bool(leaping))
        loud = held and any(in_force)
        metrics.RETENTION_HELD.set(loud)
        if loud:
            log.error(
                "retention waits: floors would leap; a wrong clock, a shorter retention, or days without samples",
                resolutions=leaping, hold_s=HOLD_S, in_force=[str(from_ms(floor)) for floor in in_force],
                wanted=[str(from_ms(floor)) for floor in wanted],
            )  # fmt: skip
        return held

    async def _drop(self, resolution: str, floor_ms: int) -> None:
        async with self._store.transaction() as connection:
            await connection.execute("SET LOCAL lock_timeout = '5s'")
            names = await partitions.drop_before(connection, self._store.kind, TABLES[resolution], from_ms(floor_ms))
        if names:
            log.info("dropped", resolution=resolution, partitions=names)
            metrics.DROPPED.labels(resolution).inc(len(names))

    async def _tell_backlog(self) -> None:
        async with self._store.connection() as connection:
            metrics.ROLLUP_BACKLOG.set(await rollups.backlog(connection))
        self._running.ready("database", ok=True)

    def _missed(self, error: Exception, held_up: HeldUp) -> None:
        if not passes(error):
            raise error
        if is_contention(error):
            held_up.again(f"{type(error).__name__}: {error}")
            return
        self._running.ready("database", ok=False, detail=f"{type(error).__name__}: {error}")
        self._room.forget()

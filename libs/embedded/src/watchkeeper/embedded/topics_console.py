"""``wk topics``: a look at Kafka's topics."""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from watchkeeper.common.bus import BusError, KafkaSettings, Received, end_offsets, tail, topic_names
from watchkeeper.embedded.running_engines import kafka_servers

VALUE_CHARACTERS = 2_000


def topics(data: Path, topic: str | None, last: int, *, follow: bool) -> int:
    """List all topics, or show ``topic``: its partitions, its newest ``last`` records; ``follow`` goes on."""
    servers = kafka_servers(data)
    if servers is None:
        print("wk topics: Kafka does not run; ./wk up starts it", file=sys.stderr)
        return 1
    settings = KafkaSettings(servers=servers)
    try:
        asyncio.run(_list(settings) if topic is None else _show(settings, topic, last, follow=follow))
    except BusError as error:
        print(f"wk topics: {error}", file=sys.stderr)
        return 1
    return 0


async def _list(settings: KafkaSettings) -> None:
    for name in await topic_names(settings):
        ends = await end_offsets(settings, name)
        print(f"{name:<24} {len(ends):>3} partitions {sum(ends.values()):>12} records written")


async def _show(settings: KafkaSettings, topic: str, last: int, *, follow: bool) -> None:
    ends = await end_offsets(settings, topic)
    for partition, end in sorted(ends.items()):
        print(f"partition {partition}: next offset {end}")
    starts = {partition: max(0, end - last) for partition, end in ends.items()}
    found: list[Received] = []
    async for records in tail(settings, topic, starts=starts):
        if follow:
            _print(records)
            continue
        found += records
        if not records:
            break
    _print(sorted(found, key=lambda record: record.timestamp_ms)[-last:] if last > 0 else [])


def _print(records: Sequence[Received]) -> None:
    for record in records:
        print(shown(record), flush=True)


def shown(record: Received) -> str:
    """One record as a line: where it stands, when it came, its key and its value's beginning."""
    moment = datetime.fromtimestamp(record.timestamp_ms / 1000, UTC).isoformat(timespec="milliseconds")
    key = "-" if record.key is None else record.key.decode(errors="replace")
    value = "null" if record.value is None else record.value.decode(errors="replace")
    cut = value if len(value) <= VALUE_CHARACTERS else f"{value[:VALUE_CHARACTERS]}…"
    return f"{record.partition}/{record.offset} {moment} {key} {cut}"

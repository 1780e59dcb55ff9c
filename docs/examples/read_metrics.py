"""Read the topic `metrics` from its end, and check every message against the published schema.

An example for programs of your own: it needs `aiokafka`, `cramjam` (the messages are compressed with lz4) and
`jsonschema`, and nothing of Watchkeeper but the schema file.

    python read_metrics.py 127.0.0.1:9092 ../schemas/metrics.schema.json            # until Ctrl-C, from now on
    python read_metrics.py 127.0.0.1:9092 ../schemas/metrics.schema.json 1000       # the first 1,000 that are there

It prints one line per message, and ends with exit code 1 if any broke the schema.
"""

import asyncio
import json
import sys
from pathlib import Path

from aiokafka import AIOKafkaConsumer
from jsonschema import Draft202012Validator


def complaint(validator: Draft202012Validator, value: bytes | None) -> str | None:
    """What is wrong with a message, or nothing."""
    try:
        batch = json.loads(value or b"")
    except ValueError as error:
        return f"not JSON: {error}"
    broken = next(validator.iter_errors(batch), None)
    if broken is not None:
        return f"{broken.json_path}: {broken.message}"
    # The one rule that JSON Schema cannot say: the lists are parallel.
    lengths = {len(batch[field]) for field in ("series", "units", "kinds", "values")}
    return None if len(lengths) == 1 else f"lists of different lengths: {sorted(lengths)}"


async def read(servers: str, validator: Draft202012Validator, limit: int | None) -> int:
    """Read `limit` messages, or for ever; answers how many broke the schema."""
    consumer = AIOKafkaConsumer(
        "metrics", bootstrap_servers=servers, auto_offset_reset="latest" if limit is None else "earliest"
    )
    await consumer.start()
    seen = broken = 0
    try:
        async for message in consumer:
            wrong = complaint(validator, message.value)
            seen += 1
            broken += wrong is not None
            batch = {} if wrong else json.loads(message.value)
            told = wrong or f"{batch['resource']['id']} {batch['source']} {len(batch['series'])} samples"
            print(f"{message.partition}:{message.offset} {told}", flush=True)
            if seen == limit:
                break
    finally:
        await consumer.stop()
    print(f"{seen} messages, {broken} broke the schema")
    return broken


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    published = Draft202012Validator(json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")))
    try:
        found = asyncio.run(read(sys.argv[1], published, int(sys.argv[3]) if len(sys.argv) == 4 else None))
    except KeyboardInterrupt:
        found = 0
    sys.exit(1 if found else 0)

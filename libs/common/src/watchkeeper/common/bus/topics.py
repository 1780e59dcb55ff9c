"""Making the topics. aiokafka's admin part is imported when that is done: those that only send do not need it."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from watchkeeper.common.bus.errors import BusUnavailableError
from watchkeeper.common.bus.quiet import quieten
from watchkeeper.common.bus.settings import TOPICS, KafkaSettings, Topic

if TYPE_CHECKING:
    from aiokafka.admin import AIOKafkaAdminClient, NewTopic

NO_ERROR = 0


async def ensure_topics(settings: KafkaSettings, topics: Sequence[Topic] = TOPICS) -> list[str]:
    """Make those of ``topics`` that are missing; answers their names. Several starters may do so at once.

    Raises ``BusUnavailableError`` while Kafka is away or refuses.
    """
    quieten()
    admin = _admin(settings)
    try:
        async with asyncio.timeout(settings.request_timeout_s):
            await admin.start()
            missing = [topic for topic in topics if topic.name not in set(await admin.list_topics())]
            if not missing:
                return []
            answer = await admin.create_topics([_new(topic, settings) for topic in missing])
        return [name for name, code, *_ in answer.topic_errors if _made(name, code)]
    except (KafkaError, OSError, TimeoutError) as error:
        raise BusUnavailableError(f"{type(error).__name__}: {error}") from error
    finally:
        await admin.close()


async def topic_names(settings: KafkaSettings) -> list[str]:
    """The names of all topics, in order; raises ``BusUnavailableError``."""
    quieten()
    admin = _admin(settings)
    try:
        async with asyncio.timeout(settings.request_timeout_s):
            await admin.start()
            return sorted(await admin.list_topics())
    except (KafkaError, OSError, TimeoutError) as error:
        raise BusUnavailableError(f"{type(error).__name__}: {error}") from error
    finally:
        await admin.close()


def _admin(settings: KafkaSettings) -> "AIOKafkaAdminClient":
    from aiokafka.admin import AIOKafkaAdminClient  # noqa: PLC0415 - see the module

    return AIOKafkaAdminClient(**settings.connection())


def _new(topic: Topic, settings: KafkaSettings) -> "NewTopic":
    from aiokafka.admin import NewTopic  # noqa: PLC0415 - see the module

    return NewTopic(
        name=topic.name,
        num_partitions=settings.partitions,
        replication_factor=settings.replication,
        topic_configs=dict(topic.config),
    )


def _made(name: str, code: int) -> bool:
    if code == NO_ERROR:
        return True
    error = for_code(code)
    if error is TopicAlreadyExistsError:
        return False
    raise BusUnavailableError(f"topic {name}: {error.__name__}")

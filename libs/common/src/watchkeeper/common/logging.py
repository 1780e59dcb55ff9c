"""Logs by structlog: JSON lines in production, coloured lines for a person.

The standard library's loggers go the same way.
"""

import logging
import sys
from typing import Any

import structlog
import structlog.tracebacks

from watchkeeper.common.settings import LogSettings

# Local variables hold passwords and whole batches: they stay out of the logs.
_tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=20)


def configure(service: str, settings: LogSettings) -> None:
    """Send all logs of this process to standard error, each with time (ISO 8601, UTC), level, service and its ids."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    renderer: list[Any]
    if settings.format == "json":
        renderer = [structlog.processors.ExceptionRenderer(_tracebacks), structlog.processors.JSONRenderer()]
    else:
        renderer = [
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level.upper())
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module; bind ids to it."""
    return structlog.stdlib.get_logger(name)

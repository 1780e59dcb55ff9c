"""Times as answers write them."""

import functools
from datetime import UTC, datetime


@functools.lru_cache(maxsize=10_000)  # the series of a host share their times
def iso(time_s: float) -> str:
    """ISO 8601 in UTC with Z; milliseconds where there are any."""
    moment = datetime.fromtimestamp(round(time_s, 3), UTC)
    text = moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")
    return text.removesuffix("+00:00") + "Z"

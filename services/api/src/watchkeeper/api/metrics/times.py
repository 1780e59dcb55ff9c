"""Times as answers write them."""

from datetime import UTC, datetime


def iso(time_s: float) -> str:
    """ISO 8601 in UTC with Z; milliseconds where there are any."""
    moment = datetime.fromtimestamp(round(time_s, 3), UTC)
    text = moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")
    return text.removesuffix("+00:00") + "Z"

"""Helpers for sources' tests."""

from collections.abc import Callable, Sequence

import pytest

from watchkeeper.collector.reading import Reading
from watchkeeper.common.series import series_text

Values = Callable[[Sequence[Reading]], dict[str, float]]


@pytest.fixture
def values() -> Values:
    """Readings as series text → value; a series that comes twice fails."""

    def convert(readings: Sequence[Reading]) -> dict[str, float]:
        found: dict[str, float] = {}
        for reading in readings:
            text = series_text(reading.name, reading.labels)
            assert text not in found, text
            found[text] = reading.value
        return found

    return convert

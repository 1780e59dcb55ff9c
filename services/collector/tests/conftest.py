"""What the collector's tests share."""

import pytest

from watchkeeper.collector.names import Names
from watchkeeper.collector.source import Tools
from watchkeeper.collector.tally import Tally
from watchkeeper.collector.threads import Threads


@pytest.fixture
def tally() -> Tally:
    """Counts of the test's own."""
    return Tally()


@pytest.fixture
def tools(tally: Tally) -> Tools:
    """What a source is given, counting into ``tally``."""
    return Tools(Threads(8), tally.leave_out, Names(Threads(8)))

"""What the ledgers of the whole system run on."""

from collections.abc import Iterator

import pytest

from tests.up.running_up import Up
from watchkeeper.embedded.ports import free_port


@pytest.fixture
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A ``wk up`` of the test's own: it is treated badly."""
    made = Up(tmp_path_factory.mktemp("ledger") / "data", free_port())
    try:
        made.start()
        yield made
    finally:
        made.end()

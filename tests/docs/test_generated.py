"""What stands in docs/ is what the code says now."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[2] / "docs"
AGAIN = "run .venv/bin/python docs/generate.py"


@pytest.fixture(name="generate", scope="module")
def _generate() -> ModuleType:
    specification = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_configuration_reference_is_current(generate: ModuleType) -> None:
    assert (DOCS / "configuration.md").read_text(encoding="utf-8") == generate.configuration(), AGAIN


def test_the_openapi_document_is_current(generate: ModuleType) -> None:
    assert (DOCS / "openapi.json").read_text(encoding="utf-8") == generate.openapi(), AGAIN


@pytest.mark.parametrize(
    "line",
    [
        "| `WK_KAFKA_SERVERS` | **required** | text | Bootstrap servers, host:port, separated by commas. |",
        "| `WK_HEALTH_PORT` | `0` | whole number, ≥ 0, ≤ 65535 | Their port; 0 takes a free one and logs it. |",
        "### `[[sources.http_probe]]`",
        "### `[sources.cpu]`",
    ],
)
def test_the_reference_reads_as_expected(generate: ModuleType, line: str) -> None:
    assert line in generate.configuration()


def test_every_setting_says_what_it_means(generate: ModuleType) -> None:
    rows = [line for line in generate.configuration().splitlines() if line.startswith("| `")]
    assert len(rows) > 60
    assert not [row for row in rows if row.endswith("|  |")]

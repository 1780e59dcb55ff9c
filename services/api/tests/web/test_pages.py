"""The pages: files, page addresses, and nothing outside their folder."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from watchkeeper.api.app import create_app
from watchkeeper.api.context import new_context
from watchkeeper.api.offline import offline_app
from watchkeeper.api.settings import ApiSettings
from watchkeeper.common.settings import SettingsError, load


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A built interface, and a secret beside it."""
    built = tmp_path / "ui"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text("<!doctype html><title>Watchkeeper</title>")
    (built / "favicon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (built / "assets" / "index-a1b2c3.js").write_text("export {}")
    (tmp_path / "secret.txt").write_text("secret")
    (built / "assets" / "link.txt").symlink_to(tmp_path / "secret.txt")
    return built


@pytest.fixture
async def client(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a gateway that serves the folder, without engines."""
    offline = offline_app().state.context
    settings = offline.settings.model_copy(update={"ui_dir": folder})
    app = create_app(new_context(settings, offline.producer, offline.running))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://wk.example") as opened:
        yield opened


async def test_the_address_alone_leads_to_the_first_page(client: httpx.AsyncClient) -> None:
    """So that one can type the host's name."""
    answer = await client.get("/")
    assert answer.status_code == 307
    assert answer.headers["location"] == "/performance-monitoring"


@pytest.mark.parametrize("path", ["/performance-monitoring", "/login", "/hosts/web-1", "/apiary", "/index.html"])
async def test_each_page_address_gets_the_document_which_is_asked_for_again(
    client: httpx.AsyncClient, path: str
) -> None:
    """A new version shows at the next load; an unchanged one costs no transfer."""
    answer = await client.get(path)
    assert answer.status_code == 200
    assert "<title>Watchkeeper</title>" in answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-cache"
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    again = await client.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


async def test_assets_are_kept_for_ever(client: httpx.AsyncClient) -> None:
    """Their names change with their content."""
    answer = await client.get("/assets/index-a1b2c3.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    assert (await client.get("/favicon.svg")).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/assets/missing.js",
        "/missing.png",
        "/assets/",
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/assets/link.txt",
        "/a%00b.txt",
        "//etc/passwd.txt",
        "/" + "x" * 300 + ".js",
    ],
)
async def test_what_is_not_there_or_outside_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    """A problem, and nothing of what lies outside the folder."""
    answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/nothing/index.html"])
async def test_an_unknown_address_of_the_api_is_no_page(client: httpx.AsyncClient, path: str) -> None:
    """A program gets a problem, never a document."""
    answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_pages_are_read_only(client: httpx.AsyncClient) -> None:
    """405 with what is allowed."""
    answer = await client.post("/performance-monitoring")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"
    assert (await client.head("/performance-monitoring")).status_code == 200


async def test_without_pages_there_is_the_api_only() -> None:
    """As behind another web server."""
    transport = httpx.ASGITransport(offline_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://wk.example") as client:
        assert (await client.get("/performance-monitoring")).status_code == 404
        assert (await client.get("/api/openapi.json")).status_code == 200


def test_a_folder_that_is_not_there_is_a_wrong_setting(tmp_path: Path) -> None:
    """One line, at start."""
    offline: Any = offline_app().state.context.settings
    with pytest.raises(SettingsError, match="WK_API_UI_DIR"):
        load(ApiSettings, kafka=offline.kafka, database=offline.database, ui_dir=tmp_path / "none")

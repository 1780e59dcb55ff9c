"""Which requests come from another site's page."""

import pytest

from watchkeeper.api.web.origin import is_foreign


@pytest.mark.parametrize(
    ("site", "origin", "host", "foreign"),
    [
        pytest.param("same-origin", None, "wk.example", False, id="our own page"),
        pytest.param("none", None, "wk.example", False, id="typed by the user"),
        pytest.param("cross-site", None, "wk.example", True, id="another site"),
        pytest.param("same-site", None, "wk.example", True, id="a neighbour of the same domain"),
        pytest.param("cross-site", "https://wk.example", "wk.example", True, id="the browser's word counts most"),
        pytest.param(None, "https://wk.example", "wk.example", False, id="an older browser, our page"),
        pytest.param(None, "https://WK.example", "wk.EXAMPLE", False, id="case does not matter"),
        pytest.param(None, "https://wk.example:8443", "wk.example", True, id="another port"),
        pytest.param(None, "https://evil.example", "wk.example", True, id="an older browser, another page"),
        pytest.param(None, "null", "wk.example", True, id="a page without an origin"),
        pytest.param(None, "http://[", "wk.example", True, id="no address at all"),
        pytest.param(None, None, "wk.example", False, id="no browser"),
    ],
)
def test_what_browsers_tell_decides(site: str | None, origin: str | None, host: str, *, foreign: bool) -> None:
    """Fetch Metadata first, the Origin header else."""
    assert is_foreign(site, origin, host) is foreign

"""The pages: the built files of the user interface, and its first document for every address that is a page's.

The interface finds its own way by the address (a single-page application), so an address without a file, such as
``/performance-monitoring``, gets ``index.html``. Files under ``assets/`` carry a hash of their content in their name
and may be kept for ever; everything else is asked for again each time.
"""

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from watchkeeper.api.problems import Problem
from watchkeeper.api.web.frame import is_api
from watchkeeper.api.web.scope import ROUTE

FIRST_PAGE = "/performance-monitoring"
ASSETS = "/assets/"
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
METHODS = ("GET", "HEAD")


class Pages:
    """ASGI middleware that answers what is not the API's; without a folder there is nothing but the API."""

    def __init__(self, app: ASGIApp, folder: Path | None) -> None:
        """``folder`` holds ``index.html`` and ``assets/``."""
        self._app = app
        self._files = None if folder is None else StaticFiles(directory=folder)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a page or a file, or hand the request on."""
        if scope["type"] != "http" or is_api(scope["path"]):
            await self._app(scope, receive, send)
            return
        if self._files is None:
            raise Problem(404, "There are no pages here, only the API under /api.")
        if scope["method"] not in METHODS:
            raise Problem(405, "A page takes GET and HEAD only.", headers={"Allow": ", ".join(METHODS)})
        response = await _answer(self._files, scope)
        await response(scope, receive, send)


async def _answer(files: StaticFiles, scope: Scope) -> Response:
    path: str = scope["path"]
    if path == "/":
        scope[ROUTE] = "/"
        return RedirectResponse(FIRST_PAGE)
    if path.startswith(ASSETS):
        scope[ROUTE] = ASSETS + "{file}"
        return await _file(files, scope, FOR_EVER)
    scope[ROUTE] = "/{page}"
    if is_file(path):
        return await _file(files, scope, ASK_AGAIN)
    return await _file(files, {**scope, "path": "/index.html"}, ASK_AGAIN)


def is_file(path: str) -> bool:
    """Whether an address means a file: its last part has an extension. Pages have none."""
    return "." in path.rpartition("/")[2]


async def _file(files: StaticFiles, scope: Scope, cache_control: str) -> Response:
    """The file of ``scope``'s path; StaticFiles refuses whatever leads out of its folder. Raises the 404 problem."""
    try:
        response = await files.get_response(files.get_path(scope), scope)
    except HTTPException as error:
        raise Problem(404, "There is no such file.") from error
    except ValueError as error:  # a NUL character in the path
        raise Problem(404, "There is no such file.") from error
    response.headers["Cache-Control"] = cache_control
    return response

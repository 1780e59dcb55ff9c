"""The application: routes, guard, pages and frame, put together."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response

from watchkeeper.api import openapi
from watchkeeper.api.background import start, stop
from watchkeeper.api.context import Context
from watchkeeper.api.instruments import ACTIVE_USERS
from watchkeeper.api.pages import Pages
from watchkeeper.api.problems import problem_of
from watchkeeper.api.routes import ROUTERS
from watchkeeper.api.web.frame import Frame
from watchkeeper.api.web.guard import Guard
from watchkeeper.api.web.rules import RouteTable, route_table
from watchkeeper.api.web.scope import REQUEST_ID

GZIP_BYTES_MIN = 1_000
GZIP_LEVEL = 5


class Gateway(FastAPI):
    """FastAPI with our own OpenAPI document."""

    table: RouteTable

    def openapi(self) -> dict[str, Any]:
        """The document, made on first use."""
        if self.openapi_schema is None:
            self.openapi_schema = openapi.document(self.routes, self.table)
        return self.openapi_schema


def create_app(context: Context) -> Gateway:
    """The application on ``context``; its lifespan runs the background tasks.

    From outside to inside a request passes the frame, compression, the pages, the guard, and the routes. Raises
    ``UndeclaredRouteError`` for a route that does not say who may use it.
    """
    app = Gateway(
        title=openapi.TITLE,
        version=openapi.VERSION,
        lifespan=_lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        exception_handlers={HTTPException: _answer, RequestValidationError: _answer},
    )
    app.state.context = context
    for router in (openapi.router, *ROUTERS):
        app.include_router(router)
    app.table = route_table(app, context.settings)
    app.add_middleware(Guard, table=app.table, context=context)
    app.add_middleware(Pages, folder=context.settings.ui_dir)
    app.add_middleware(GZipMiddleware, minimum_size=GZIP_BYTES_MIN, compresslevel=GZIP_LEVEL)
    app.add_middleware(Frame, settings=context.settings)
    ACTIVE_USERS.set_function(lambda: context.active_users.count(context.clock.monotonic_s()))
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    context: Context = app.state.context
    tasks = start(context)
    try:
        yield
    finally:
        try:
            await stop(tasks)
        finally:
            context.passwords.close()


async def _answer(request: Request, error: Exception) -> Response:
    return problem_of(error).response(request.scope.get(REQUEST_ID, ""))

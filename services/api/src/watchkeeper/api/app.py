"""The application: routes, guard and frame, put together."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI

from watchkeeper.api.background import TASKS, supervise
from watchkeeper.api.context import Context
from watchkeeper.api.routes import ROUTERS

TITLE = "Watchkeeper"


def create_app(context: Context) -> FastAPI:
    """The application on ``context``; its lifespan runs the background tasks."""
    app = FastAPI(title=TITLE, version="0.1.0", lifespan=_lifespan)
    app.state.context = context
    for router in ROUTERS:
        app.include_router(router)
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    context: Context = app.state.context
    tasks = [asyncio.create_task(supervise(task, context)) for task in TASKS]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

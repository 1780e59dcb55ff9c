"""The routers of the gateway; ``app.py`` includes them in this order."""

from fastapi import APIRouter

from watchkeeper.api.access import audit_routes, key_routes, session_routes, user_routes
from watchkeeper.api.export import routes as export_routes
from watchkeeper.api.health import routes as health_routes
from watchkeeper.api.hosts import routes as host_routes
from watchkeeper.api.live import routes as live_routes
from watchkeeper.api.metrics import intake
from watchkeeper.api.metrics import routes as metric_routes

ROUTERS: tuple[APIRouter, ...] = (
    session_routes.router,
    user_routes.router,
    key_routes.router,
    audit_routes.router,
    metric_routes.router,
    intake.router,
    host_routes.router,
    live_routes.router,
    health_routes.router,
    export_routes.router,
)
"""All routers; a new package is one line here."""
